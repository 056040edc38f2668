"""`verify:` → what proves a delivery. Libraries that a kind needs are imported where a source first names it."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from hookrules.engine.config.address_lists import allowed_of
from hookrules.engine.config.signature_settings import SignatureFields, VerifyEd25519, VerifyHmac
from hookrules.engine.config.verify_settings import (
    CertificateHeader,
    JwtFields,
    Proof,
    VerifyAddress,
    VerifyAll,
    VerifyAny,
    VerifyBasic,
    VerifyClientCertificate,
    VerifyJwt,
    VerifyToken,
)
from hookrules.engine.secret import Secret
from hookrules.engine.sources.address_proof import AddressProof
from hookrules.engine.sources.client_certificate import OwnCertificate, ProxyCertificate
from hookrules.engine.sources.combined import AllOf, AnyOf
from hookrules.engine.sources.described_signature import TOLERANCE, DescribedSignature
from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.signature_header import Listed, SignatureHeader
from hookrules.engine.sources.signed_text import SignedText
from hookrules.engine.sources.signing_keys import HmacKeys, SigningKeys
from hookrules.engine.sources.source import Verifier
from hookrules.engine.sources.tokens import Place, Token
from hookrules.engine.sources.verification import NoProof


def verifier_of(verify: Proof | Literal["none"] | None, beside: Credentials) -> Verifier:
    """`beside` is what stands beside `verify`. Raises ValueError, in a sentence for its writer, for keys that can't be used."""
    if verify is None:  # checked at load; said again, since what follows lets anyone in
        raise ValueError("a source without a verifier")
    return NoProof() if verify == "none" else _MAKE[type(verify)](verify, beside)


def _hmac(verify: VerifyHmac, beside: Credentials) -> Verifier:
    secrets = tuple(secret.encode() for secret in _revealed(verify.secret) or beside.secrets)
    return _signature(verify, HmacKeys(secrets, verify.hmac), beside)


def _ed25519(verify: VerifyEd25519, beside: Credentials) -> Verifier:
    from hookrules.engine.sources.public_keys import PublicKeys

    return _signature(verify, PublicKeys.of([key.text for key in verify.ed25519], "ed25519", beside.signing_key), beside)


def _signature(verify: SignatureFields, keys: SigningKeys, beside: Credentials) -> Verifier:
    listed = verify.header_format
    return DescribedSignature(
        keys,
        SignatureHeader(
            verify.header, verify.encoding, verify.prefix, Listed(listed.separator, listed.signature, listed.timestamp) if listed else None
        ),
        SignedText.read(verify.signed),
        verify.timestamp_header,
        verify.timestamp_format,
        verify.id_header,
        beside.within(TOLERANCE),
    )


def _token(verify: VerifyToken, beside: Credentials) -> Verifier:
    del beside
    token = verify.token
    if token.header is not None:
        place = Place.in_header(token.header)
    else:
        place = Place.in_query(token.query) if token.query is not None else Place.as_password_of(token.username or "")
    return Token(_revealed(token.value), place)


def _basic(verify: VerifyBasic, beside: Credentials) -> Verifier:
    del beside
    basic = verify.basic
    if basic.htpasswd is None:
        return Token(_revealed(basic.password), Place.as_password_of(basic.username or ""))
    from hookrules.engine.sources.basic_login import BasicLogin
    from hookrules.engine.sources.password_hashes import PasswordFile

    return BasicLogin(PasswordFile.read(basic.htpasswd.reveal()))


def _jwt(verify: VerifyJwt, beside: Credentials) -> Verifier:
    from hookrules.engine.sources.jwt_bearer import JwtBearer

    jwt = verify.jwt
    keys = _token_keys(jwt, beside)
    return JwtBearer(keys, jwt.header, jwt.audience or (), jwt.issuer, jwt.leeway, beside.signing_key)


def _token_keys(jwt: JwtFields, beside: Credentials) -> Any:
    from hookrules.engine.sources import jwt_keys

    if jwt.shares_secret:
        return jwt_keys.keys_of_secrets(_revealed(jwt.secret) or beside.secrets, jwt.algorithms)
    if jwt.jwks is not None:
        return jwt_keys.keys_of_set(jwt.jwks.text, jwt.algorithms)
    return jwt_keys.keys_of_pem([key.text for key in jwt.key or ()], jwt.algorithms)


def _certificate(verify: VerifyClientCertificate, beside: Credentials) -> Verifier:
    del beside
    said = verify.client_certificate
    return ProxyCertificate(said.header, said.value) if isinstance(said, CertificateHeader) else OwnCertificate()


def _address(verify: VerifyAddress, beside: Credentials) -> Verifier:
    return AddressProof(allowed_of(verify.allow_from, beside.lists))


def _all(verify: VerifyAll, beside: Credentials) -> Verifier:
    return AllOf(tuple(verifier_of(inner, beside) for inner in verify.all))


def _any(verify: VerifyAny, beside: Credentials) -> Verifier:
    return AnyOf(tuple(verifier_of(inner, beside) for inner in verify.any))


def _revealed(secrets: tuple[Secret, ...] | None) -> tuple[str, ...]:
    return tuple(secret.reveal() for secret in secrets or ())


_MAKE: Mapping[type[Proof], Callable[[Any, Credentials], Verifier]] = {
    VerifyHmac: _hmac,
    VerifyEd25519: _ed25519,
    VerifyToken: _token,
    VerifyBasic: _basic,
    VerifyJwt: _jwt,
    VerifyClientCertificate: _certificate,
    VerifyAddress: _address,
    VerifyAll: _all,
    VerifyAny: _any,
}
