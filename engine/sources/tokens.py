"""A text that both sides know and that comes with every delivery. It proves the sender and says nothing of the body."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote

from msgspec.structs import replace

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.source import Verifier
from hookrules.engine.sources.verification import needed_header, position_of_proof, with_headers

AUTHORIZATION = "authorization"
_SCHEMES = ("bearer ", "token ")
"""What may stand before a token in `Authorization`."""
REMEDY = "the sender has to send its token"
"""The remedy where there is none: a token is no signature."""


def digest(text: str) -> bytes:
    """What is compared in place of a secret: of one length, whatever the secret's is."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True)
class Token(Verifier):
    """Any of `secrets` proves; the first one signs. Raises ValueError for an empty one."""

    secrets: tuple[str, ...] = field(repr=False)
    place: "Place"
    _digests: tuple[bytes, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.secrets or not all(self.secrets):
            raise ValueError("an empty secret proves nothing")
        object.__setattr__(self, "_digests", tuple(map(digest, self.secrets)))

    def verify(self, delivery: Delivery, now: float) -> int | None:
        del now
        position = position_of_proof([digest(self.place.read(delivery))], self._digests)
        if position is None:
            raise Unproven(f"the {self.place.called} is not this source's")
        return position

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        del now
        return self.place.write(delivery, self.secrets[0])

    def ways(self) -> int:
        return len(self.secrets)

    def secret_places(self) -> frozenset[str]:
        return frozenset({self.place.fact})


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a delivery a token stands."""

    called: str
    """`token in X-Token`."""
    fact: str
    """`header.x-token`, `query.token`: as conditions name it."""
    read: Callable[[Delivery], str]
    """Raises Unproven where it is not there, or there more than once."""
    write: Callable[[Delivery, str], Delivery]

    @classmethod
    def in_header(cls, name: str) -> Self:
        def read(delivery: Delivery) -> str:
            value = needed_header(delivery, name, REMEDY)
            return without_scheme(value) if name.lower() == AUTHORIZATION else value

        def write(delivery: Delivery, secret: str) -> Delivery:
            plain = name.lower() != AUTHORIZATION or without_scheme(secret) != secret
            return with_headers(delivery, {name: secret if plain else f"Bearer {secret}"})

        return cls(f"token in {name}", f"header.{name.lower()}", read, write)

    @classmethod
    def in_query(cls, name: str) -> Self:
        def read(delivery: Delivery) -> str:
            values = delivery.query.get(name, ())
            if len(values) != 1:
                raise Unproven(f"{'no' if not values else 'more than one'} query field {name}; {REMEDY}")
            return values[0]

        def write(delivery: Delivery, secret: str) -> Delivery:
            url = f"{delivery.url}{'&' if '?' in delivery.url else '?'}{quote(name)}={quote(secret, safe='')}"
            return replace(delivery, query={**delivery.query, name: (secret,)}, url=url)

        return cls(f"token in the query field {name}", f"query.{name}", read, write)

    @classmethod
    def as_password_of(cls, username: str) -> Self:
        """The password of HTTP's basic authentication, under this user's name."""
        called = "login in Authorization"

        def read(delivery: Delivery) -> str:
            user, password = basic_login(delivery)
            if user != username:
                raise Unproven(f"the {called} is not this source's")  # as for a wrong password: it tells nobody which names there are
            return password

        return cls(called, f"header.{AUTHORIZATION}", read, lambda delivery, secret: with_login(delivery, username, secret))


def without_scheme(value: str) -> str:
    """What stands after `Bearer ` or `Token `; all of it where neither does."""
    scheme = next((scheme for scheme in _SCHEMES if value[: len(scheme)].lower() == scheme), "")
    return value[len(scheme) :].strip() if scheme else value


def basic_login(delivery: Delivery) -> tuple[str, str]:
    """User name and password of HTTP's basic authentication (RFC 7617). Raises Unproven where there is none, or no readable one."""
    scheme, _, credentials = needed_header(delivery, "Authorization", "the sender has to send its user name and password").partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError("another scheme")
        user, colon, password = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
        if not colon:
            raise ValueError("no password")
    except ValueError:
        raise Unproven("the header Authorization holds no user name and password (Basic)") from None
    return user, password


def with_login(delivery: Delivery, username: str, password: str) -> Delivery:
    credentials = base64.b64encode(f"{username}:{password}".encode()).decode()
    return with_headers(delivery, {"Authorization": f"Basic {credentials}"})
