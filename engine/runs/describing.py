"""Runs whose steps do nothing: each call is described in its step's result, and assumed to have gone as given."""

from collections.abc import Mapping
from dataclasses import replace

from hookrules.actions.action import Call, Surroundings
from hookrules.engine.config.ruleset import PlannedStep
from hookrules.engine.model import Failure, FailureKind, Json, Outcome
from hookrules.engine.runs.workshop import Perform

CALL = "call"
"""Where a step's result has the description of what would have been done."""


def describing(results: Mapping[str, Mapping[str, Json]]) -> Perform:
    """For a Workshop: describes instead of performing.

    `results` are what steps are assumed to come to, by their `id`; a field left out, and a step left out, is as after a success. The
    field `error` makes the step fail with that message, which may be `timeout` or `connection` for what `retry` asks.
    """

    def describe(plan: PlannedStep, call: Call, surroundings: Surroundings) -> Outcome:
        del surroundings
        outcome = _supposed(call, results.get(plan.id or "", {}))
        return replace(outcome, result={**outcome.result, CALL: dict(call.describe())})

    return describe


def _supposed(call: Call, given: Mapping[str, Json]) -> Outcome:
    result = {name: value for name, value in given.items() if name != "error"}
    if "error" in given:
        return Outcome(succeeded=False, result=result, error=str(given["error"]), failure=_named(given["error"]))
    try:
        return call.suppose(result)
    except TypeError as problem:
        return Outcome(succeeded=False, error=str(problem), retryable=False)


def _named(error: Json) -> Failure | None:
    return Failure(FailureKind(error)) if error in (FailureKind.TIMEOUT, FailureKind.CONNECTION) else None
