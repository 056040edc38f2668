"""`verify: {hmac: …}` and `verify: {ed25519: …}`: a signature, described."""

from typing import Annotated

from pydantic import AfterValidator, Field

from hookrules.engine.config.keys import Keys, NotEmpty, OneOrMore, problem
from hookrules.engine.config.published import PublishedField
from hookrules.engine.secret import SecretField
from hookrules.engine.sources.signed_text import SignedText
from hookrules.engine.sources.timestamps import TimeFormat
from hookrules.engine.sources.verification import Encoding, Hash

Secrets = Annotated[tuple[SecretField, ...], OneOrMore, NotEmpty]
"""One secret, or several while one replaces the other: any of them proves, the first one signs."""
PublicKeys = Annotated[tuple[PublishedField, ...], OneOrMore, NotEmpty]
"""One public key, or several while one replaces the other."""


def _signed(template: str) -> str:
    try:
        SignedText.read(template)
    except ValueError as fault:
        raise problem("signed", str(fault)) from None
    return template


class HeaderFormat(Keys):
    """How a header is written that is a list, such as `t=1533204620,v1=2220…`."""

    separator: str = Field(",", min_length=1, description="What stands between two parts of the list.")
    signature: str = Field(
        min_length=1, description="The name of a signature: `v1` of `v1=2220…`. There may be several; any of them proves."
    )
    timestamp: str | None = Field(None, min_length=1, description="The name of `{timestamp}`: `t` of `t=1533204620`.")


class SignatureFields(Keys):
    """Where a signature stands, and what is signed."""

    header: str = Field(min_length=1, description="The header that carries the signature.")
    encoding: Encoding = Field("hex", description="How the signature is written.")
    prefix: str = Field("", description="What stands before the signature, like `sha256=`.")
    header_format: HeaderFormat | None = Field(None, description="How the header is written, where it is a list such as `t=…,v1=…`.")
    signed: Annotated[str, AfterValidator(_signed)] = Field(
        "{body}", description="What is signed, made of `{body}`, `{timestamp}`, `{id}`, `{url}` and `{method}`: `{timestamp}.{body}`."
    )
    timestamp_header: str | None = Field(None, min_length=1, description="The header that carries `{timestamp}`.")
    timestamp_format: TimeFormat = Field(
        "seconds", description="How the time is written: seconds or milliseconds since 1970, RFC 3339, or a date of HTTP."
    )
    id_header: str | None = Field(None, min_length=1, description="The header that carries `{id}`.")

    @property
    def signs_time(self) -> bool:
        return bool(self.timestamp_header or (self.header_format and self.header_format.timestamp))

    def names(self, part: str) -> bool:
        """Whether this is part of what is signed."""
        return SignedText.read(self.signed).names(part)


class VerifyHmac(SignatureFields):
    """A keyed hash, in a header. Its secret may stand here or beside `verify`."""

    hmac: Hash = Field(description="The hash.")
    secret: Secrets | None = Field(None, description="What proves a delivery, where it does not stand beside `verify`.")


class VerifyEd25519(SignatureFields):
    """A signature of Ed25519, in a header. The key is a public one."""

    ed25519: PublicKeys = Field(description="The sender's public key, in hex, base64 or PEM; a list means that any of them proves.")


Signature = VerifyHmac | VerifyEd25519
