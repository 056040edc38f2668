"""`verify:` of a source: how a delivery is proven, where no provider says so. One model a kind; the first key of the mapping says which."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, PlainValidator, ValidationInfo, WithJsonSchema, model_validator

from hookrules.engine.config.address_lists import Addresses
from hookrules.engine.config.keys import Keys, NotEmpty, OneOrMore, problem
from hookrules.engine.config.published import PublishedField
from hookrules.engine.config.signature_settings import PublicKeys, Secrets, VerifyEd25519, VerifyHmac
from hookrules.engine.config.suggestions import closest
from hookrules.engine.config.yaml_nodes import Path
from hookrules.engine.secret import SecretField
from hookrules.engine.units import Duration

Algorithm = Literal["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


class TokenFields(Keys):
    """A text that both sides know, which comes with every delivery. It says nothing of the body: over plain HTTP it is anyone's."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [place]} for place in ("header", "query", "username")]})

    header: str | None = Field(
        None, min_length=1, description="The header that carries it; in `Authorization`, `Bearer` or `Token` may stand before it."
    )
    query: str | None = Field(None, min_length=1, description="The query field that carries it, where a sender can do no better.")
    username: str | None = Field(None, min_length=1, description="The user whose password it is, in HTTP's basic authentication.")
    value: Secrets = Field(description="The token; a list means that any of them proves.")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if len([place for place in (self.header, self.query, self.username) if place is not None]) != 1:
            raise problem(
                "token", "a token comes in one place: 'header', 'query' or 'username', like {header: Authorization, value: {env: NAME}}"
            )
        return self


class VerifyToken(Keys):
    """A token."""

    token: TokenFields = Field(description="A text that both sides know, which comes with every delivery.")


class BasicFields(Keys):
    """HTTP's basic authentication: one user and password, or the users of an htpasswd file."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["username", "password"]}, {"required": ["htpasswd"]}]})

    username: str | None = Field(None, min_length=1, description="The user's name.")
    password: Secrets | None = Field(None, description="The user's password; a list means that any of them proves.")
    htpasswd: SecretField | None = Field(
        None, description="A file of users, as `htpasswd -B` writes it, like `{file: users}`. Hashes are bcrypt, `{SHA}` or `$apr1$`."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        named = {key for key in ("username", "password", "htpasswd") if getattr(self, key) is not None}
        if named not in ({"username", "password"}, {"htpasswd"}):
            raise problem("basic", "'basic' has either 'username' and 'password', or 'htpasswd', like {htpasswd: {file: users}}")
        return self


class VerifyBasic(Keys):
    """HTTP's basic authentication."""

    basic: BasicFields = Field(description="HTTP's basic authentication: one user, or those of an htpasswd file.")


class JwtFields(Keys):
    """A JSON Web Token as bearer. Only the algorithms named here are taken, and each only with a key of its own kind."""

    algorithms: Annotated[tuple[Algorithm, ...], OneOrMore, NotEmpty] = Field(description="What a token may be signed with.")
    secret: Secrets | None = Field(None, description="The secret of `HS…`, where it does not stand beside `verify`.")
    key: PublicKeys | None = Field(
        None, description="The public key or certificate in PEM, for the other algorithms; a list means that any of them proves."
    )
    jwks: PublishedField | None = Field(None, description="The public keys as a JSON Web Key Set, like `{file: keys.json}`.")
    header: str = Field("Authorization", min_length=1, description="The header that carries it; in `Authorization`, after `Bearer`.")
    audience: Annotated[tuple[str, ...], OneOrMore, NotEmpty] | None = Field(
        None,
        description="Who we are to the sender (`aud`). A token for others is refused, and where this is left out, one that names anyone.",
    )
    issuer: str | None = Field(None, min_length=1, description="Who has to have issued it (`iss`).")
    leeway: Duration = Field(30.0, description="How far the sender's clock may be from ours, for `exp`, `nbf` and `iat`.")

    @property
    def shares_secret(self) -> bool:
        return any(algorithm.startswith("HS") for algorithm in self.algorithms)

    @model_validator(mode="after")
    def _one_kind_of_key(self) -> Self:
        if self.shares_secret and not all(algorithm.startswith("HS") for algorithm in self.algorithms):
            raise problem(
                "jwt", "algorithms of a shared secret (HS…) and of a public key don't go together: a token could choose between them"
            )
        given, named = [name for name in ("key", "jwks") if getattr(self, name) is not None], ", ".join(self.algorithms)
        if self.shares_secret and given:
            raise problem("jwt", f"'{given[0]}' is for algorithms of a public key; for {named} write 'secret'")
        if not self.shares_secret and len(given) != 1:
            raise problem("jwt", f"for {named} write the sender's public key: either 'key' or 'jwks', like {{key: {{file: key.pem}}}}")
        if not self.shares_secret and self.secret is not None:
            raise problem("jwt", f"'secret' has no use for {named}: a public key proves them")
        return self


class VerifyJwt(Keys):
    """A JSON Web Token."""

    jwt: JwtFields = Field(description="A JSON Web Token as bearer.")


class CertificateHeader(Keys):
    """What a proxy in front says of the sender's certificate. It counts only from `server.trusted_proxies`."""

    header: str = Field(min_length=1, description="The header that the proxy writes, and takes away from what senders send.")
    value: Annotated[tuple[str, ...], OneOrMore, NotEmpty] = Field(
        ("SUCCESS",), description="What it holds for a good certificate; a list means any of these."
    )


def _certificate(value: Any, info: ValidationInfo) -> CertificateHeader | Literal["listener"]:
    if value == "listener":
        return "listener"
    if isinstance(value, dict):
        return CertificateHeader.model_validate(value, context=info.context)
    message = "'client_certificate' is 'listener' (server.tls asks for it) or what a proxy says, like {header: X-SSL-Client-Verify}"
    raise problem("verify", message, "listener" if isinstance(value, str) else None)


_CERTIFICATE_SCHEMA = WithJsonSchema({"anyOf": [{"const": "listener"}, {"$ref": "#/$defs/CertificateHeader"}]})


class VerifyClientCertificate(Keys):
    """Mutual TLS."""

    client_certificate: Annotated[CertificateHeader | Literal["listener"], PlainValidator(_certificate), _CERTIFICATE_SCHEMA] = Field(
        description="Mutual TLS: `listener` where `server.tls` asks for certificates itself, else what a trusted proxy says in a header."
    )


class VerifyAddress(Keys):
    """Where a delivery comes from, and nothing else."""

    allow_from: Addresses = Field(description="Addresses and networks that prove a delivery by themselves.")


def _proof(value: Any, info: ValidationInfo) -> "Proof":
    if value == "none":
        raise problem("verify", "'none' proves nothing beside others; leave it out")
    return _of_kind(value, info)


ProofField = Annotated["Proof", PlainValidator(_proof), WithJsonSchema({"$ref": "#/$defs/Proof"})]


class VerifyAll(Keys):
    """Several proofs, all of which a delivery needs."""

    all: Annotated[tuple[ProofField, ...], NotEmpty] = Field(description="Proofs that a delivery needs together.")


class VerifyAny(Keys):
    """Several proofs, of which one is enough."""

    any: Annotated[tuple[ProofField, ...], NotEmpty] = Field(description="Proofs of which a delivery needs one.")


Proof = VerifyHmac | VerifyToken | VerifyBasic | VerifyJwt | VerifyEd25519 | VerifyClientCertificate | VerifyAddress | VerifyAll | VerifyAny
KINDS: Mapping[str, type[Proof]] = {
    "hmac": VerifyHmac,
    "ed25519": VerifyEd25519,
    "token": VerifyToken,
    "basic": VerifyBasic,
    "jwt": VerifyJwt,
    "client_certificate": VerifyClientCertificate,
    "allow_from": VerifyAddress,
    "all": VerifyAll,
    "any": VerifyAny,
}
"""The key that a mapping under `verify` has to have → the model of the whole mapping."""
VerifyAll.model_rebuild()
VerifyAny.model_rebuild()


def verify(value: Any, info: ValidationInfo) -> Proof | Literal["none"]:
    return "none" if value == "none" else _of_kind(value, info)


VerifyField = Annotated[
    Proof | Literal["none"], PlainValidator(verify), WithJsonSchema({"anyOf": [{"const": "none"}, {"$ref": "#/$defs/Proof"}]})
]


def _of_kind(value: Any, info: ValidationInfo) -> Proof:
    if not isinstance(value, dict):
        raise problem(
            "verify", "'verify' is 'none' or a mapping, like {hmac: sha256, header: X-Signature}; docs/configuration.md lists its kinds"
        )
    named = [kind for kind in KINDS if kind in value]
    if len(named) != 1:
        raise _many(named) if named else _none(value)
    (kind,) = named
    model = KINDS[kind]
    if len(model.model_fields) == 1 and len(value) > 1:
        other = next(key for key in value if key != kind)
        raise problem("verify", f"'{other}' does not stand beside '{kind}' but inside of it, or nowhere: {{{kind}: {{…}}}}")
    return model.model_validate(value, context=info.context)


def _many(kinds: list[str]) -> Exception:
    both = " and ".join(f"'{kind}'" for kind in kinds)
    return problem(
        "unknown_proof", f"{both} are two proofs; write {{all: [{{…}}, {{…}}]}} where a delivery needs both, {{any: …}} for one of them"
    )


def _none(value: Mapping[str, Any]) -> Exception:
    known = ", ".join(KINDS)
    near = next((found for key in value if (found := closest(str(key), KINDS))), None)
    return problem("unknown_proof", f"'verify' does not say what proves a delivery: it has one of {known}", near)


def leaves(proof: Proof, path: Path = ()) -> Iterator[tuple[Path, Proof]]:
    """The proofs inside of `all` and `any`, each with the path to it; the proof itself where it is neither."""
    if isinstance(proof, VerifyAll | VerifyAny):
        key = "all" if isinstance(proof, VerifyAll) else "any"
        for position, inner in enumerate(proof.all if isinstance(proof, VerifyAll) else proof.any):
            yield from leaves(inner, (*path, key, position))
    else:
        yield path, proof
