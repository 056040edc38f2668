"""The end of a run is an event itself: `rule.NAME.STATE`, for the rules that are `on` it."""

from collections.abc import Callable

import msgspec

from hookrules.engine import logs
from hookrules.engine.journal import Arrival
from hookrules.engine.matching.index import Index
from hookrules.engine.matching.standing import match_of
from hookrules.engine.model import Event, Run
from hookrules.engine.runs.emitting import MAX_HOPS
from hookrules.engine.runs.execution import Ending

SOURCE = "rule"


def follower(index: Index, clock: Callable[[], float], new_id: Callable[[float], str]) -> Callable[[Run, Ending, Event], Arrival | None]:
    """What a worker asks at the end of each run: the event to write with it, or None where no rule is on it."""

    def follow(run: Run, ending: Ending, event: Event) -> Arrival | None:
        if not index.listens(SOURCE, _type(run, ending)):
            return None
        now = clock()
        following = ending_event(run, ending, event, new_id(now), now)
        matches = [match_of(rule, following) for rule in index.match(following, now)]
        if not matches:
            return None
        if following.hops > MAX_HOPS:
            logs.error("rules set each other off without end; stopped here", run=run.id, hops=event.hops, rules=[m.rule for m in matches])
            return None
        return following, matches

    return follow


def _type(run: Run, ending: Ending) -> str:
    return f"{run.rule}.{ending.state}"


def ending_event(run: Run, ending: Ending, event: Event, event_id: str, now: float) -> Event:
    payload = {
        "rule": run.rule,
        "run": run.id,
        "state": str(ending.state),
        "error": ending.error,
        "event": {"id": event.id, "source": event.source, "type": event.type},
        "payload": event.payload,
    }
    return Event(
        id=event_id,
        source=SOURCE,
        type=_type(run, ending),
        payload=payload,
        body=msgspec.json.encode(payload),
        received_at=now,
        delivery_id=run.id,
        hops=event.hops + 1,
        git=event.git,
    )
