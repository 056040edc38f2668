"""What a source is: who proves a delivery, and how to read from it what every event needs."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from hookrules.engine.errors import HookrulesError
from hookrules.engine.model import Delivery, Event, Json, Reply, Way
from hookrules.engine.sources.policy import USUAL, Policy


class CannotSign(HookrulesError):
    """A delivery that can't be signed here: the key that does it is the provider's own."""


class Verifier:
    """Proves deliveries, and can sign them as the provider does."""

    __slots__ = ()

    def verify(self, delivery: Delivery, now: float) -> int | None:
        """Which of several secrets proves it, counted from 1; None where there is but one way. Raises Unproven.

        Believes nothing but raw bytes: what a scheme keeps in the body is read from it with the same bounds as any payload.
        """
        raise NotImplementedError

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        """The delivery with all that makes `verify` accept it: headers, or what the scheme puts into body and URL. Raises CannotSign."""
        raise NotImplementedError

    def key(self) -> bytes | None:
        """What the provider hashes tokens of its handshakes with: the secret that signs; None where there is none."""
        return None

    def may_wait(self) -> bool:
        """Whether `verify` may take long, for the network or a slow hash: the ingress then does it beside its loop."""
        return False

    def ways(self) -> int:
        """How many secrets or keys there are that may prove a delivery: the highest number that `verify` gives."""
        return 1

    def secret_places(self) -> frozenset[str]:
        """Where a delivery shows a secret itself, not only the proof of one: `header.x-token`, `query.token`. Nothing may keep these."""
        return frozenset()


@dataclass(frozen=True, slots=True)
class Source:
    """One entry of `sources:`. A provider is a subclass that says where its facts stand."""

    name: str
    verifier: Verifier
    policy: Policy = field(default=USUAL, kw_only=True)

    methods: ClassVar[frozenset[str]] = frozenset({"POST"})
    """What its deliveries and handshakes come with."""
    acknowledgement: ClassVar[Reply | None] = None
    """What this provider has to read once its delivery is on disk, where the usual 202 with JSON would not do."""
    reads: ClassVar[Sequence[Way] | None] = None
    """What `asks` says. None, too, where a delivery carries many events: each has a payload, of which parts would be missing."""

    def asks(self) -> Sequence[Way] | None:
        """The parts of a payload that the other methods read, so that no more is decoded where no rule asks for it either; None: any."""
        return self.reads

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        """Dotted, without the source's name; empty where there is none."""
        raise NotImplementedError

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        """What stays the same when the sender sends this delivery again; None where nothing does."""
        raise NotImplementedError

    def items(self, delivery: Delivery, payload: Json) -> Sequence[Json] | None:
        """The payloads of a delivery that carries many events; None where it is one event itself."""
        del delivery, payload
        return None

    def item_id(self, delivery: Delivery, payload: Json, item: Json, number: int) -> str | None:
        """The delivery id of one of `items`, the `number`th from 0: `<delivery>#<number>` where the item has none of its own."""
        del item
        whole = self.delivery_id(delivery, payload)
        return None if whole is None else f"{whole}#{number}"

    def git(self, event_type: str, payload: Json) -> Mapping[str, Json]:
        """The git facts of a forge's event; empty for anything else. `files` is `pushed_files.unread`, of however little of the payload."""
        del event_type, payload
        return {}

    def greet(self, delivery: Delivery, now: float) -> Reply | None:
        """The answer to a handshake that comes without a proof (OPTIONS, a challenge in the query); None for everything else."""
        del delivery, now
        return None

    def handshake(self, delivery: Delivery, payload: Json) -> Reply | None:
        """The answer to a proven handshake, which makes no event; None for everything else."""
        del delivery, payload
        return None

    def acknowledge(self, events: Sequence[Event]) -> Reply | None:
        """The answer once these events of one delivery are on disk; None where the usual one does."""
        del events
        return self.acknowledgement

    def label(self, event_type: str, delivery_id: str | None = None) -> Mapping[str, str]:
        """The headers, beside the signature, that the provider sets on an event of this type."""
        del event_type, delivery_id
        return {}


def header(delivery: Delivery, name: str) -> str | None:
    """A header's only value; None where it is missing or came more than once, which no provider does."""
    values = delivery.headers.get(name.lower(), ())
    return values[0] if len(values) == 1 else None


def digest_of_body(delivery: Delivery) -> str:
    """A delivery id for who gives none, where each body holds a time or an id of its own and the same body is the same event."""
    return hashlib.sha256(delivery.body).hexdigest()


def at(value: Json, *names: str) -> Json:
    """What an object holds under these keys, one inside of the other; None where it holds nothing there."""
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def text_at(value: Json, *names: str) -> str | None:
    """As `at`, where that is text or a number; None otherwise, and for empty text."""
    found = at(value, *names)
    if isinstance(found, str):
        return found or None
    return str(found) if type(found) in (int, float) else None


def with_action(name: str | None, action: str | None) -> str:
    """`pull_request.opened`; the name alone where nothing says what was done, and nothing where there is no name."""
    return f"{name}.{action}" if name and action else name or ""
