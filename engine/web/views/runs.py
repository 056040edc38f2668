"""The pages about runs: the recent ones, and one with its steps."""

from collections.abc import Iterable
from functools import partial

from hookrules.engine.model import Json, Run, RunState
from hookrules.engine.web.parameters import MOST, no_filter, run_filter
from hookrules.engine.web.representation import run_as_json, whole_run_as_json
from hookrules.engine.web.views.view import Desk, NothingHere, View


def recent(desk: Desk, query: str) -> View:
    which = run_filter(query)
    runs = desk.reading.runs(which)
    return View({"which": which, "runs": runs, "states": tuple(RunState), "most": MOST}, partial(_runs_as_json, runs))


def one(desk: Desk, query: str, id: str) -> View:  # noqa: A002  the name of the path's part
    no_filter(query)
    run = desk.reading.run(id)
    if run is None:
        raise NothingHere(f"the journal holds no run {id!r}")
    steps = desk.reading.steps(run.id)
    names = {"run": run, "steps": steps, "event": desk.reading.event(run.event_id)}
    return View(names, partial(whole_run_as_json, run, steps))


def _runs_as_json(runs: Iterable[Run]) -> Json:
    return {"runs": [run_as_json(run) for run in runs]}
