"""What is kept of events that came, for a rule that waits for several of them together: as little as lets it fire whenever it can."""

from collections.abc import Collection, Mapping, Sequence

from hookrules.engine.config.correlating import Correlation
from hookrules.engine.journal import Came, Chain


def with_event(found: Sequence[Chain], came: Came, correlation: Correlation) -> tuple[Chain, ...]:
    """What is kept when one more has come."""
    extended = _sequence if correlation.ordered else _all
    return extended(found, came, correlation.within)


def without(found: Sequence[Chain], used: Collection[str], correlation: Correlation) -> tuple[Chain, ...]:
    """What is kept when events have made the rule fire under another key. Of a sequence no chain is left that has one of them."""
    kept = [tuple(came for came in chain if came.event not in used) for chain in found]
    if correlation.ordered:
        kept = [chain for chain, before in zip(kept, found, strict=True) if len(chain) == len(before)]
    return tuple(chain for chain in kept if chain)


def complete(found: Sequence[Chain], correlation: Correlation) -> Chain | None:
    """The events that make the rule fire, in the order in which they came."""
    return next((chain for chain in found if len(chain) == len(correlation.parts)), None)


def parts_found(found: Sequence[Chain], correlation: Correlation) -> Collection[int]:
    """The numbers of the parts of which most have come together."""
    longest = max(found, key=len, default=())
    return range(len(longest)) if correlation.ordered else seated(longest)


def seated(chain: Chain) -> Mapping[int, Came]:
    """Each event at a part that it may be, as many of the newest as can be: one moves on where it makes room for an older one so."""
    seats: dict[int, Came] = {}
    for came in reversed(chain):
        _seat(came, seats, set())
    return seats


def _all(found: Sequence[Chain], came: Came, within: float) -> tuple[Chain, ...]:
    """One chain, of the newest events that are parts beside each other."""
    chain = found[0] if found else ()  # several where the rule was a sequence until now, of the same events
    recent = (*(before for before in chain if came.at - before.at <= within), came)
    staying = {each.event for each in seated(recent).values()}
    return (tuple(each for each in recent if each.event in staying),)


def _sequence(found: Sequence[Chain], came: Came, within: float) -> tuple[Chain, ...]:
    """For each length the chain that begins last. An event goes on with what was there before it, never with itself."""
    recent: dict[int, Chain] = {len(chain): chain for chain in found if came.at - chain[0].at <= within}
    before = {0: (), **recent}
    longer = {part + 1: (*before[part], came) for part in came.parts if part in before}
    return tuple((recent | longer).values())


def _seat(came: Came, seats: dict[int, Came], tried: set[int]) -> bool:
    """Whether there is room, after others have moved to another part that they may be (an augmenting path, after Kuhn)."""
    for part in came.parts:
        if part not in tried:
            tried.add(part)
            if part not in seats or _seat(seats[part], seats, tried):
                seats[part] = came
                return True
    return False
