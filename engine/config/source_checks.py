"""What must hold between the keys of a source, and what is said of one that takes deliveries from anyone."""

from collections.abc import Collection, Iterator

from hookrules.engine.config.catch_up import CatchUpFields
from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding, Level
from hookrules.engine.config.proof_checks import check_proof, signs_url
from hookrules.engine.config.source_settings import RESERVED_SOURCES, SourceSettings
from hookrules.engine.config.suggestions import LATER_PROVIDERS, closest
from hookrules.engine.config.yaml_nodes import Document, Path
from hookrules.engine.sources import provider, providers
from hookrules.engine.sources.github_app import app_token
from hookrules.engine.sources.provider import Credentials, Provider


def check_source(
    name: str, source: SourceSettings, document: Document, external_url: str | None = None, clients: Collection[str] = ()
) -> Iterator[Finding]:
    """`external_url` is the server's, where the configuration says it; `clients` are its names under that key."""
    check = _Check(name, source, document)
    if name in RESERVED_SOURCES:
        yield check.error(Code.RESERVED_NAME, f"'{name}' is the source of hookrules' own events; choose another name", None)
    if source.provider is not None and source.provider not in providers():
        yield check.unknown_provider(source.provider)
        return
    chosen = provider(source.provider) if source.provider is not None else None
    if source.catch_up is not None:
        yield from check.catch_up(source.catch_up, clients, known=chosen is not None and chosen.tells_failed)
    if chosen is not None and source.provider is not None:
        yield from check.own_keys(source.provider, chosen)
    if chosen is not None and chosen.verifier is not None:
        yield from check.secret_of(chosen)
    else:
        yield from check.verify()
    if chosen is None and source.verify is not None:
        yield from check.repetitions()
    if (chosen.signs_url if chosen else signs_url(source)) and not (source.url or external_url):
        yield check.guessed_url()


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

    def own_keys(self, name: str, chosen: Provider) -> Iterator[Finding]:
        own = ["type", "delivery_id"]
        if chosen.verifier is not None:
            own += ["verify"] if chosen.signs_time else ["verify", "tolerance"]
        for key in own:
            if key in self._source.model_fields_set:
                yield self.error(Code.PROOF_CONFLICT, f"provider '{name}' brings its own '{key}'; delete this line", key)

    def secret_of(self, chosen: Provider) -> Iterator[Finding]:
        if not self._source.secrets:
            message = f"provider '{self._source.provider}' proves its deliveries with a secret; add 'secret: {{env: NAME}}'"
            yield self.error(Code.NO_PROOF, message, None)
        elif chosen.verifier and not any(secret.placeholder for secret in self._source.secrets):
            try:
                chosen.verifier(Credentials(tuple(secret.reveal() for secret in self._source.secrets)))
            except ValueError as fault:
                yield self.error(Code.SECRET_MALFORMED, f"{fault}; it is {chosen.proof}", "secret")

    def verify(self) -> Iterator[Finding]:
        if self._source.verify is None:
            message = (
                f"source '{self._name}' does not say how its deliveries are proven; add {self._remedy()} ('none' takes them from anyone)"
            )
            yield self.error(Code.NO_PROOF, message, None)
        elif self._source.verify == "none":
            yield from self._unproven()
        else:
            for said in check_proof(self._source.verify, self._source):
                yield self._finding(Level.ERROR, said.code, said.message, said.path)

    def _remedy(self) -> str:
        return "'verify'" if self._source.provider else "'provider' or 'verify'"

    def _unproven(self) -> Iterator[Finding]:
        where = " at the addresses of 'allow_from'" if self._source.allow_from else ""
        yield self.warning(Code.UNPROVEN_SOURCE, f"source '{self._name}' takes deliveries from anyone{where}", "verify")
        for key in ("secret", "tolerance"):
            if key in self._source.model_fields_set:
                yield self.error(Code.PROOF_CONFLICT, f"'{key}' has no use beside 'verify: none'", key)

    def repetitions(self) -> Iterator[Finding]:
        if self._source.delivery_id is not None:
            return
        if self._source.redeliver is not None:
            message = "'redeliver' tells a delivery that comes again by its id, and no 'delivery_id' says where that stands"
            yield self.error(Code.PROOF_CONFLICT, message, "redeliver")
        elif self._source.dedupe is None:
            message = f"source '{self._name}' has no 'delivery_id': a delivery that comes again runs its rules again"
            yield self.warning(Code.NO_DELIVERY_ID, message, None)

    def catch_up(self, settings: CatchUpFields, clients: Collection[str], *, known: bool) -> Iterator[Finding]:
        if not known:
            can = " or ".join(sorted(name for name in providers() if provider(name).tells_failed))
            yield self.error(Code.WRONG_VALUE, f"only of provider {can} can be asked what failed; delete this line", "catch_up")
        if settings.client is not None and settings.client not in clients:
            place, message = ("catch_up", "client"), f"there is no '{settings.client}' in 'clients' of hookrules.yaml"
            yield self._finding(Level.ERROR, Code.UNKNOWN_SERVICE, message, place, closest(settings.client, clients))
        if settings.app is not None and settings.private_key is not None and not settings.private_key.placeholder:
            try:
                app_token(settings.app, settings.private_key.reveal(), 0.0)
            except ValueError as fault:
                yield self._finding(Level.ERROR, Code.SECRET_MALFORMED, str(fault), ("catch_up", "private_key"))

    def guessed_url(self) -> Finding:
        message = (
            f"deliveries of source '{self._name}' sign the URL, and nothing says which that is: a sender's header Host is believed; "
            "add 'external_url' to 'server', or 'url' here"
        )
        return self.warning(Code.GUESSED_URL, message, None)

    def error(self, code: Code, message: str, key: str | None, suggestion: str | None = None) -> Finding:
        return self._finding(Level.ERROR, code, message, (key,) if key else (), suggestion)

    def warning(self, code: Code, message: str, key: str | None) -> Finding:
        return self._finding(Level.WARNING, code, message, (key,) if key else ())

    def _finding(self, level: Level, code: Code, message: str, path: Path, suggestion: str | None = None) -> Finding:
        line, column = self._document.locate_key(("sources", self._name, *path))
        return Finding(self._document.file, line, column, level, code, message, suggestion)
