"""The page about deliveries that were not taken, and why."""

from collections.abc import Iterable
from functools import partial

from hookrules.engine.model import Json, Refused
from hookrules.engine.web.parameters import MOST, refusal_filter
from hookrules.engine.web.representation import refusal_as_json
from hookrules.engine.web.views.view import Desk, View


def recent(desk: Desk, query: str) -> View:
    which = refusal_filter(query)
    refusals = desk.reading.refusals(which)
    return View({"which": which, "refusals": refusals, "most": MOST}, partial(_as_json, refusals))


def _as_json(refusals: Iterable[Refused]) -> Json:
    return {"refusals": [refusal_as_json(refused) for refused in refusals]}
