"""What must hold between the keys of a source, and what is said of one that takes deliveries from anyone."""

from collections.abc import Iterator

from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding, Level
from hookrules.engine.config.source_settings import RESERVED_SOURCES, SourceSettings, VerifyHmac
from hookrules.engine.config.suggestions import LATER_PROVIDERS, closest
from hookrules.engine.config.yaml_nodes import Document
from hookrules.engine.sources import provider, providers
from hookrules.engine.sources.provider import Credentials, Provider


def check_source(name: str, source: SourceSettings, document: Document) -> Iterator[Finding]:
    check = _Check(name, source, document)
    if name in RESERVED_SOURCES:
        yield check.error(Code.RESERVED_NAME, f"'{name}' is the source of hookrules' own events; choose another name", None)
    if source.provider is not None and source.provider not in providers():
        yield check.unknown_provider(source.provider)
    elif source.provider is not None and provider(source.provider).verifier is not None:
        yield from check.provider(source.provider, provider(source.provider))
    elif isinstance(source.verify, VerifyHmac):
        yield from check.hmac(source.verify)
        yield from check.delivery_id()
    elif source.verify == "none":
        yield from check.unproven()
        yield from check.delivery_id()
    else:
        message = f"source '{name}' does not say how its deliveries are proven; add 'provider' or 'verify' ('none' takes them from anyone)"
        yield check.error(Code.NO_PROOF, message, None)


class _Check:
    def __init__(self, name: str, source: SourceSettings, document: Document) -> None:
        self._name = name
        self._source = source
        self._document = document

    def unknown_provider(self, name: str) -> Finding:
        if name in LATER_PROVIDERS:
            message = f"provider '{name}' is not part of this version; where it signs by HMAC in a header, 'verify' can describe that: "
            return self.error(Code.UNKNOWN_PROVIDER, message + "{hmac: sha256, header: X-Signature}", "provider")
        message = f"there is no provider '{name}'; docs/providers.md lists those that there are, and 'verify' describes any other"
        return self.error(Code.UNKNOWN_PROVIDER, message, "provider", closest(name, providers()))

    def provider(self, name: str, chosen: Provider) -> Iterator[Finding]:
        own = ("verify", "type", "delivery_id") if chosen.signs_time else ("verify", "type", "delivery_id", "tolerance")
        for key in own:
            if key in self._source.model_fields_set:
                yield self.error(Code.PROOF_CONFLICT, f"provider '{name}' brings its own '{key}'; delete this line", key)
        if not self._source.secrets:
            message = f"provider '{name}' proves its deliveries with a secret; add 'secret: {{env: NAME}}'"
            yield self.error(Code.NO_PROOF, message, None)
        elif not any(secret.placeholder for secret in self._source.secrets):
            yield from self._secrets_of(chosen)

    def _secrets_of(self, chosen: Provider) -> Iterator[Finding]:
        try:
            if chosen.verifier:
                chosen.verifier(Credentials(tuple(secret.reveal() for secret in self._source.secrets)))
        except ValueError as fault:
            yield self.error(Code.SECRET_MALFORMED, f"{fault}; it is {chosen.proof}", "secret")

    def hmac(self, verify: VerifyHmac) -> Iterator[Finding]:
        if not self._source.secrets:
            yield self.error(Code.NO_PROOF, "a signature needs a secret; add 'secret: {env: NAME}'", "verify")
        if self._source.secret and verify.secret:
            yield self.error(Code.PROOF_CONFLICT, "the secret stands here and in 'verify'; delete one", "secret")
        if verify.timestamp_header and "{timestamp}" not in verify.signed:
            message = 'the timestamp is not part of what is signed, so anyone can renew it; write signed: "{timestamp}.{body}"'
            yield self.error(Code.PROOF_CONFLICT, message, "verify", inner="timestamp_header")
        if "{timestamp}" in verify.signed and not verify.timestamp_header:
            message = "'signed' names {timestamp}, and no 'timestamp_header' says where it stands"
            yield self.error(Code.PROOF_CONFLICT, message, "verify", inner="signed")
        if "tolerance" in self._source.model_fields_set and not verify.timestamp_header:
            yield self.error(Code.PROOF_CONFLICT, "'tolerance' is about timestamps, and 'verify' has no 'timestamp_header'", "tolerance")

    def unproven(self) -> Iterator[Finding]:
        yield self.warning(Code.UNPROVEN_SOURCE, f"source '{self._name}' takes deliveries from anyone", "verify")
        for key in ("secret", "tolerance"):
            if key in self._source.model_fields_set:
                yield self.error(Code.PROOF_CONFLICT, f"'{key}' has no use beside 'verify: none'", key)

    def delivery_id(self) -> Iterator[Finding]:
        if self._source.delivery_id is None:
            message = f"source '{self._name}' has no 'delivery_id': a delivery that comes again runs its rules again"
            yield self.warning(Code.NO_DELIVERY_ID, message, None)

    def error(self, code: Code, message: str, key: str | None, suggestion: str | None = None, inner: str | None = None) -> Finding:
        path = ("sources", self._name, *filter(None, (key, inner)))
        line, column = self._document.locate_key(path)
        return Finding(self._document.file, line, column, Level.ERROR, code, message, suggestion)

    def warning(self, code: Code, message: str, key: str | None) -> Finding:
        line, column = self._document.locate_key(("sources", self._name, *filter(None, (key,))))
        return Finding(self._document.file, line, column, Level.WARNING, code, message)
