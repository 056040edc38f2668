"""A JSON Web Token (RFC 7519) as bearer. It proves the sender, for as long as it says, and nothing of the body."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.jwt_keys import TokenKey
from hookrules.engine.sources.source import CannotSign, Verifier
from hookrules.engine.sources.tokens import AUTHORIZATION, REMEDY, without_scheme
from hookrules.engine.sources.verification import DECODE, needed_header, with_headers

LEEWAY = 30.0
_LONGEST = 16 * 1024
"""Characters of a token, whose head is read before anything is proven."""
_LIFETIME = 300
"""Seconds that a token of our own is good for."""
_LAST_SECOND = 2**53
"""What is later is never: a whole number may be too large for a float."""
_OPTIONS: Any = {"require": ["exp"], "verify_exp": False, "verify_nbf": False, "verify_iat": False}
"""Its times are ours to check: PyJWT asks a clock of its own."""


@dataclass(frozen=True, slots=True)
class JwtBearer(Verifier):
    """Any of `keys` proves. A token that names an audience is refused unless it is one of ours."""

    keys: tuple[TokenKey, ...]
    header: str = "Authorization"
    audience: tuple[str, ...] = ()
    issuer: str | None = None
    leeway: float = LEEWAY
    """Seconds that the sender's clock may be away from ours."""
    signing_key: str | None = field(default=None, repr=False)
    """The private key in PEM, where `keys` are public ones."""

    def verify(self, delivery: Delivery, now: float) -> int | None:
        token = needed_header(delivery, self.header, REMEDY)
        token = without_scheme(token) if self.header.lower() == AUTHORIZATION else token
        algorithm, name = self._head(token)
        for position, key in enumerate(self.keys, 1):
            if algorithm in key.algorithms and (name is None or key.name in (None, name)):
                claims = self._claims(token, key, algorithm)
                if claims is not None:
                    self._check_times(claims, now)
                    return position
        raise Unproven(f"the token in {self.header} is not signed with a key of this source's")

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        key = self.keys[0]
        private = key.key if isinstance(key.key, bytes) else self.signing_key
        if private is None:
            raise CannotSign("only the sender has the key that signs; name one of your own with --key")
        claims = {"iat": int(now), "exp": int(now) + _LIFETIME, "iss": self.issuer, "aud": self.audience[0] if self.audience else None}
        stated = {name: value for name, value in claims.items() if value is not None}
        try:
            token = jwt.encode(stated, private, algorithm=key.algorithms[0], headers={"kid": key.name} if key.name else None)
        except (jwt.PyJWTError, ValueError, TypeError):
            raise CannotSign(f"the key of --key signs nothing with {key.algorithms[0]}; it has to be a private key in PEM") from None
        return with_headers(delivery, {self.header: f"Bearer {token}" if self.header.lower() == AUTHORIZATION else token})

    def ways(self) -> int:
        return len(self.keys)

    def secret_places(self) -> frozenset[str]:
        return frozenset({f"header.{self.header.lower()}"})

    def _head(self, token: str) -> tuple[str, str | None]:
        """What a token says of how it is signed. Nothing is believed of it: it only chooses among our keys."""
        try:
            head = jwt.get_unverified_header(token) if len(token) <= _LONGEST else {}
            DECODE["base64url"](token.rpartition(".")[2])  # in its one spelling: PyJWT takes others
        except (jwt.PyJWTError, ValueError, RecursionError):
            head = {}
        algorithm, name = head.get("alg"), head.get("kid")
        if not isinstance(algorithm, str) or not isinstance(name, str | None):
            raise Unproven(f"the header {self.header} holds no JSON Web Token")
        return algorithm, name

    def _claims(self, token: str, key: TokenKey, algorithm: str) -> Mapping[str, Any] | None:
        """None where another key has signed it. Raises Unproven for a signed token that is not for us."""
        try:
            return jwt.decode(token, key.key, algorithms=[algorithm], options=_OPTIONS, audience=self.audience or None, issuer=self.issuer)
        except jwt.InvalidSignatureError:
            return None
        except jwt.InvalidAudienceError:
            raise Unproven(f"the token in {self.header} is for another audience than this source's 'audience'") from None
        except jwt.InvalidIssuerError:
            raise Unproven(f"the token in {self.header} has another issuer than this source's 'issuer'") from None
        except jwt.MissingRequiredClaimError as error:
            raise Unproven(f"the token in {self.header} has no {error.claim}") from None
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise Unproven(f"the token in {self.header} can't be read") from None

    def _check_times(self, claims: Mapping[str, Any], now: float) -> None:
        ends, begins = self._time(claims, "exp", math.inf), max(self._time(claims, name, 0.0) for name in ("nbf", "iat"))
        if now >= ends + self.leeway:
            raise Unproven(f"the time of the token in {self.header} is over")
        if now < begins - self.leeway:
            raise Unproven(f"the time of the token in {self.header} has not begun")

    def _time(self, claims: Mapping[str, Any], name: str, usual: float) -> float:
        value = claims.get(name, usual)
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # NaN is not equal to itself
            raise Unproven(f"{name} of the token in {self.header} is not a number of seconds")
        return float(value) if abs(value) < _LAST_SECOND else math.inf if value > 0 else -math.inf
