"""The pages about events: the recent ones, and one with its runs and why each rule fired for it or did not."""

from collections.abc import Sequence
from functools import partial

from hookrules.engine.journal import RunFilter
from hookrules.engine.matching.explanation import RuleExplanation, explain
from hookrules.engine.model import Event, Json, Run
from hookrules.engine.web.parameters import MOST, event_filter, no_filter
from hookrules.engine.web.representation import event_as_json, explanation_as_json, whole_event_as_json
from hookrules.engine.web.views.view import Desk, NothingHere, View

_RULES_SHOWN = 100
"""A page that explains more rules is read by no one; its JSON twin has them all."""


def recent(desk: Desk, query: str) -> View:
    which = event_filter(query)
    rows = [(event, _runs_of(desk, event)) for event in desk.reading.events(which)]
    names = {"which": which, "rows": rows, "counts": desk.reading.counts(), "most": MOST}
    return View(names, partial(_rows_as_json, rows))


def one(desk: Desk, query: str, id: str) -> View:  # noqa: A002  the name of the path's part
    no_filter(query)
    event = _event(desk, id)
    runs = _runs_of(desk, event)
    explained = _explained(desk, event)
    names = {"event": event, "runs": runs, "rules": explained[:_RULES_SHOWN], "rules_left_out": len(explained[_RULES_SHOWN:])}
    return View(names, partial(whole_event_as_json, event, runs))


def explanation(desk: Desk, query: str, id: str) -> View:  # noqa: A002  the name of the path's part
    no_filter(query)
    explained = _explained(desk, _event(desk, id))
    return View({}, partial(explanation_as_json, explained))


def _event(desk: Desk, event_id: str) -> Event:
    event = desk.reading.event(event_id)
    if event is None:
        raise NothingHere(f"the journal holds no event {event_id!r}")
    return event


def _runs_of(desk: Desk, event: Event) -> list[Run]:
    """In the order in which the rules matched; the journal lists the newest first."""
    return desk.reading.runs(RunFilter(event_id=event.id, limit=MOST))[::-1]


def _explained(desk: Desk, event: Event) -> list[RuleExplanation]:
    """By the rules of now and the clock of then, so that `age()` gives what it gave when the event came.

    Nothing of an event whose payload is gone.
    """
    return [] if not event.payload_kept else explain(desk.rules(), event, event.received_at)


def _rows_as_json(rows: Sequence[tuple[Event, Sequence[Run]]]) -> Json:
    return {"events": [event_as_json(event, runs) for event, runs in rows]}
