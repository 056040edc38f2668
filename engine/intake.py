"""A request → committed events, or a refusal: proven, read, matched, written, in this order and no other."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from hookrules.engine import bodies, pushed_files
from hookrules.engine.config.ruleset import Rule
from hookrules.engine.errors import UnknownSource, Unreadable
from hookrules.engine.journal import USUAL, Answer, Repeats
from hookrules.engine.journal import Intake as IntakeJournal
from hookrules.engine.matching.index import Index
from hookrules.engine.matching.patterns import may_name
from hookrules.engine.matching.standing import match_of
from hookrules.engine.model import Delivery, Event, Fields, Json, Receipt, Reply
from hookrules.engine.sources.source import Source

MOST_ITEMS = 10_000
"""Events of one delivery: they are written in one commit, which all others wait for."""
_MASKED = "•••"
_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization", "x-gitlab-token"})
"""Headers that may hold a secret itself, not only the proof of one: the journal never sees their values."""


class Taken(msgspec.Struct, frozen=True):
    """What became of a delivery: its events, and the receipts that tell when all of them are on disk."""

    events: tuple[Event, ...]
    receipts: Answer[tuple[Receipt, ...]]
    """One an event. It may be a JournalError."""
    answering: Rule | None = None
    """The first rule that fires and answers the sender from its run."""


class Asked(msgspec.Struct, frozen=True):
    """What is read of a source's deliveries before anybody wants more."""

    excerpt: bodies.Excerpt | None = None
    """Of the body; None: all of it."""
    files: bool = True
    """Whether that is enough for `git.files`."""


_ALL = Asked()


class Intake:
    """The way in, for deliveries of any source of one configuration."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        index: Index,
        journal: IntakeJournal,
        clock: Callable[[], float],
        new_id: Callable[[float], str],
        max_body: int = bodies.MAX_SIZE,
    ) -> None:
        """`max_body` bounds what a packed body unpacks to, as the ingress bounds what it is packed to."""
        self._sources = sources
        self._index = index
        self._journal = journal
        self._clock = clock
        self._new_id = new_id
        self._max_body = max_body
        self._asked = {name: asked_of(source, index.rules) for name, source in sources.items()}

    def source(self, name: str) -> Source:
        """Raises UnknownSource."""
        try:
            return self._sources[name]
        except KeyError:
            raise UnknownSource(f"there is no source {name!r}") from None

    def try_journal(self) -> Answer[None]:
        """It may be a JournalError."""
        return self._journal.try_writing()

    def take(self, delivery: Delivery) -> Taken | Reply:
        """The answer to a handshake, or what became of the delivery. Raises Refusal where it is not taken."""
        source, now = self.source(delivery.source), self._clock()
        if source.policy.allowed is not None:
            source.policy.allowed.check(delivery)
        greeting = source.greet(delivery, now)
        if greeting is not None:
            return greeting
        proven_by = source.verifier.verify(delivery, now)
        asked = self._asked[source.name]
        payload = bodies.payload_of(delivery, self._max_body, asked.excerpt)
        answer = source.handshake(delivery, payload)
        if answer is not None:
            return answer
        events = events_of(source, delivery, payload, lambda: self._new_id(now), proven_by, asked)
        return self.accept(events, repeats_of(source, delivery))

    def accept(self, events: Sequence[Event], repeats: Repeats = USUAL) -> Taken:
        """Hand in events that need no proof any more."""
        fired = [(event, self._index.match(event, event.received_at)) for event in events]
        answering = next((rule for _, rules in fired for rule in rules if rule.respond is not None), None)
        arrivals = [(event, [match_of(rule, event) for rule in rules]) for event, rules in map(_to_stand, fired)]
        return Taken(tuple(events), self._journal.accept(arrivals, repeats), answering)


def _to_stand(fired: tuple[Event, list[Rule]]) -> tuple[Event, list[Rule]]:
    """Whole where a rule's group or key may ask for any of it, so that it is decoded once for all of them."""
    event, rules = fired
    return (bodies.whole(event) if any(rule.concurrency or rule.throttle for rule in rules) else event), rules


def read(source: Source, delivery: Delivery, new_id: Callable[[], str]) -> list[Event]:
    """A delivery that counts as proven → its events: none where it is a handshake. Raises Unreadable or UnsupportedBody."""
    payload = bodies.payload_of(delivery)
    return [] if source.handshake(delivery, payload) else events_of(source, delivery, payload, new_id)


def events_of(
    source: Source, delivery: Delivery, payload: Json, new_id: Callable[[], str], proven_by: int | None = None, asked: Asked = _ALL
) -> list[Event]:
    """The delivery's one event, or one for each of its items; an item's raw body is the item itself, as JSON.

    Of a body that is the payload no more was read than what is asked for. Raises Unreadable for one of too many items.
    """
    items = _items(source, delivery, payload)
    if items is None:
        is_payload = bodies.is_payload(delivery)
        one = _Item(payload, delivery.body, source.delivery_id(delivery, payload), is_payload, asked if is_payload else _ALL)
        return [_event(source, delivery, one, new_id(), proven_by)]
    if len(items) > MOST_ITEMS:
        raise Unreadable(f"the delivery carries {len(items)} events; one may carry {MOST_ITEMS}")
    parted = (_Item(item, msgspec.json.encode(item), item_id, body_is_payload=True) for item, item_id in items)
    return [_event(source, delivery, item, new_id(), proven_by) for item in parted]


def asked_of(source: Source, rules: Iterable[Rule]) -> Asked:
    """What the source and the conditions of its rules ask for."""
    by_source = None if source.policy.split else source.asks()
    if by_source is None:
        return _ALL
    conditions = [rule.when for rule in rules if rule.when and may_name(rule.on, source.name)]
    files = any(fact.root == "git" and fact.rest.startswith("files") for condition in conditions for fact in condition.references())
    by_rules = [use.path.way for condition in conditions for use in condition.paths()]
    excerpt = bodies.excerpt([*by_source, *by_rules, *(pushed_files.ASKED if files else ())])
    return _ALL if excerpt is None else Asked(excerpt, files)


def repeats_of(source: Source, delivery: Delivery) -> Repeats:
    policy = source.policy
    return Repeats(delivery.body if policy.drops_repeated_bodies else None, ignored=policy.ignores_redeliveries)


def _items(source: Source, delivery: Delivery, payload: Json) -> list[tuple[Json, str | None]] | None:
    """Each item with its delivery id; None where the delivery is one event itself. `split` comes before the provider's."""
    split = source.policy.split
    items = split(payload) if split else source.items(delivery, payload)
    if items is None:
        return None
    if split is None:
        return [(item, source.item_id(delivery, payload, item, number)) for number, item in enumerate(items)]
    whole = source.delivery_id(delivery, payload)
    return [(item, whole and f"{whole}#{number}") for number, item in enumerate(items)]


class _Item(msgspec.Struct, frozen=True):
    """What of a delivery is one event's own."""

    payload: Json
    body: bytes
    delivery_id: str | None
    body_is_payload: bool
    asked: Asked = _ALL


def _event(source: Source, delivery: Delivery, item: _Item, event_id: str, proven_by: int | None) -> Event:
    event_type, shown = source.event_type(delivery, item.payload), source.verifier.secret_places()
    git = source.git(event_type, item.payload)
    return Event(
        id=event_id,
        source=delivery.source,
        type=event_type,
        payload=item.payload,
        body=item.body,
        received_at=delivery.received_at,
        delivery_id=item.delivery_id,
        headers=_masked(delivery.headers, _CREDENTIALS | _named("header", shown) if shown else _CREDENTIALS),
        query=_masked(delivery.query, _named("query", shown)),
        address=delivery.address,
        git=pushed_files.with_files(git, item.payload) if item.asked.files else git,
        proven_by=proven_by,
        body_is_payload=item.body_is_payload,
        in_part=item.asked.excerpt is not None,
    )


def _named(root: str, places: frozenset[str]) -> frozenset[str]:
    """`header.x-token` → `x-token`."""
    return frozenset(place.removeprefix(f"{root}.") for place in places if place.startswith(f"{root}."))


def _masked(fields: Fields, names: frozenset[str]) -> Fields:
    if names.isdisjoint(fields):
        return fields
    return {name: (_MASKED,) if name in names else values for name, values in fields.items()}
