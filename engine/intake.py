"""A request → a committed event, or a refusal: proven, read, matched, written, in this order and no other."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future

from hookrules.engine import bodies
from hookrules.engine.errors import UnknownSource
from hookrules.engine.journal import Intake as IntakeJournal
from hookrules.engine.matching.index import Index
from hookrules.engine.model import Delivery, Event, Match, Receipt
from hookrules.engine.sources.source import Source

_MASKED = "•••"
_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization", "x-gitlab-token"})
"""Headers that may hold a secret itself, not only the proof of one: the journal never sees their values."""


class Intake:
    """The way in, for deliveries of any source of one configuration."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        index: Index,
        journal: IntakeJournal,
        clock: Callable[[], float],
        new_id: Callable[[float], str],
    ) -> None:
        self._sources = sources
        self._index = index
        self._journal = journal
        self._clock = clock
        self._new_id = new_id

    def knows(self, source: str) -> bool:
        return source in self._sources

    def take(self, delivery: Delivery) -> tuple[Event, Future[Receipt]]:
        """Raises Refusal where the delivery is not taken. The future is done when all is on disk; it may hold a JournalError."""
        event = self.prove(delivery)
        return event, self._journal.accept(event, self.match(event))

    def prove(self, delivery: Delivery) -> Event:
        source = self._sources.get(delivery.source)
        if source is None:
            raise UnknownSource(f"there is no source {delivery.source!r}")
        now = self._clock()
        source.verifier.verify(delivery, now)
        return read(source, delivery, self._new_id(now))

    def match(self, event: Event) -> list[Match]:
        return [Match(rule.name, rule.digest) for rule in self._index.match(event, event.received_at)]


def read(source: Source, delivery: Delivery, event_id: str) -> Event:
    """A proven delivery → its event. Raises Unreadable or UnsupportedBody."""
    content_types = delivery.headers.get("content-type", ("",))
    payload = bodies.decode(delivery.body, content_types[0])
    event_type = source.event_type(delivery, payload)
    return Event(
        id=event_id,
        source=delivery.source,
        type=event_type,
        payload=payload,
        body=delivery.body,
        received_at=delivery.received_at,
        delivery_id=source.delivery_id(delivery, payload),
        headers=_without_credentials(delivery.headers),
        query=delivery.query,
        address=delivery.address,
        git=source.git(event_type, payload),
    )


def _without_credentials(headers: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    if _CREDENTIALS.isdisjoint(headers):
        return headers
    return {name: (_MASKED,) if name in _CREDENTIALS else values for name, values in headers.items()}
