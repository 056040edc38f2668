"""MessageBird: a JSON Web Token in a header, which holds the hashes of the URL and of the body.

Format: messagebird-python-rest-api, `messagebird/webhook`. The token is good from `nbf` to `exp`, a second more or less.
"""

import hashlib
import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery, Json
from hookrules.engine.sources.jwt_keys import SHARED, keys_of_secrets
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import Source, Verifier, header, text_at
from hookrules.engine.sources.verification import decoded, needed_header, with_headers

TOLERANCE = 1.0
_HEADER = "MessageBird-Signature-JWT"
_ISSUER = "MessageBird"
_LIFETIME = 60
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class MessageBirdSignature(Verifier):
    secrets: tuple[str, ...] = field(repr=False)
    tolerance: float = TOLERANCE

    @classmethod
    def of(cls, credentials: Credentials) -> "MessageBirdSignature":
        """Raises ValueError for a key that is too short to be one."""
        keys_of_secrets(credentials.secrets, ["HS256"])
        return cls(credentials.secrets, credentials.within(TOLERANCE))

    def verify(self, delivery: Delivery, now: float) -> int | None:
        token = needed_header(delivery, _HEADER)
        if len(token) > _LONGEST:
            raise Unproven(f"the token in {_HEADER} is longer than {_LONGEST} characters")
        decoded(token.rpartition(".")[2], "base64url", _HEADER)
        for position, secret in enumerate(self.secrets, 1):
            claims = _claims(token, secret)
            if claims is not None:
                self._check(claims, delivery, now)
                return position
        raise Unproven(f"the token in {_HEADER} is not signed with this source's key")

    def _check(self, claims: Mapping[str, Any], delivery: Delivery, now: float) -> None:
        start, end = (_seconds(claims.get(name)) for name in ("nbf", "exp"))
        if not start - self.tolerance <= now <= end + self.tolerance:
            raise Unproven(f"the token in {_HEADER} is not valid now, by this server's clock")
        if not _same(claims.get("url_hash"), _sha256(delivery.url.encode(errors="replace"))):
            raise Unproven(f"the token in {_HEADER} is for another URL than this server's; MessageBird signs the URL as it knows it")
        if "payload_hash" in claims or delivery.body:
            expected = _sha256(delivery.body) if delivery.body else None
            if expected is None or not _same(claims.get("payload_hash"), expected):
                raise Unproven(f"the token in {_HEADER} is for another body")

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        claims = {"iss": _ISSUER, "nbf": int(now), "exp": int(now) + _LIFETIME, "jti": str(uuid.uuid4())}
        claims["url_hash"] = _sha256(delivery.url.encode(errors="replace"))
        if delivery.body:
            claims["payload_hash"] = _sha256(delivery.body)
        return with_headers(delivery, {_HEADER: jwt.encode(claims, self.secrets[0], "HS256")})


def _claims(token: str, secret: str) -> Mapping[str, Any] | None:
    """What the token claims, where it is signed with this secret. Its times are not held against a clock yet."""
    allowed = [name for name, size in SHARED.items() if len(secret.encode()) >= size]
    try:
        return jwt.decode(
            token,
            secret,
            algorithms=allowed,
            issuer=_ISSUER,
            options={
                "require": ["nbf", "exp", "url_hash"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": False,
            },
        )
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None


def _seconds(claim: Any) -> float:
    """NaN, which is neither before nor after anything, for what is no time."""
    return float(claim) if isinstance(claim, int | float) and abs(claim) < 1e15 else float("nan")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _same(claim: Any, expected: str) -> bool:
    return isinstance(claim, str) and hmac.compare_digest(claim.encode(errors="replace"), expected.encode())


@dataclass(frozen=True, slots=True)
class MessageBird(Source):
    """`provider: messagebird`."""

    methods = frozenset({"DELETE", "GET", "POST", "PUT"})
    reads = (("type",),)

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        del delivery
        return text_at(payload, "type") or ""

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        """The token's own id: it was proven with it."""
        del payload
        try:
            claims = jwt.decode(header(delivery, _HEADER) or "", options={"verify_signature": False})
        except (jwt.PyJWTError, ValueError, RecursionError):
            return None
        return text_at(claims, "jti")


PROVIDER = Provider(
    title="MessageBird",
    source=MessageBird,
    verifier=MessageBirdSignature.of,
    proof="the *signing key* from the Dashboard's developer settings",
    setup="Enter the URL where MessageBird asks for a webhook or a callback.",
    signs_time=True,
    signs_url=True,
    types="The payload's `type`, where it has one: `message.created`.",
    delivery="The token's `jti`.",
    remarks="A token is good for the minute that it names, and a second more: this server's clock has to be right, or `tolerance` longer.",
)
