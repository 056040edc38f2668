"""Runs whose steps do nothing: each call is described in its step's result, and assumed to have gone as given."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from hookrules.actions.action import Call, Surroundings
from hookrules.engine.config.ruleset import PlannedStep
from hookrules.engine.model import Failure, FailureKind, Json, Outcome
from hookrules.engine.runs.workshop import Perform
from hookrules.engine.templating.shell import VARIABLE

CALL = "call"
"""Where a step's result has the description of what would have been done."""
_LONGEST = 2_000
"""Characters of a description in a line of the log."""
_SPACE = re.compile(r"\s")


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


def aloud(perform: Perform, mask: Callable[[Json], Json]) -> Perform:
    """The same, which also says to the server's log what would be done. `mask` is the Workshop's."""

    def say(plan: PlannedStep, call: Call, surroundings: Surroundings) -> Outcome:
        # Masked before it is JSON, which spells a secret in its own way.
        told = _line(mask(dict(call.describe())))
        short = told if len(told) <= _LONGEST else f"{told[:_LONGEST]}…"
        surroundings.log("info", f"{surroundings.facts.get('HOOKRULES_RULE', '')} would do {plan.kind}: {short}")
        return perform(plan, call, surroundings)

    return say


def _line(told: Json) -> str:
    """`method=POST url=https://chat.example json={"text":"deployed"}`, without what is empty."""
    fields = _without_repetition(told) if isinstance(told, dict) else {}
    return " ".join(f"{name}={_word(value)}" for name, value in fields.items() if value not in (None, "", [], {}))


def _without_repetition(told: Mapping[str, Json]) -> Mapping[str, Json]:
    """A shell's text shows the values in their places, so that its argv and the variables that carry them say no more."""
    if "command" not in told:
        return told
    env = told.get("env")
    own = {name: value for name, value in env.items() if not name.startswith(VARIABLE)} if isinstance(env, dict) else {}
    return {"command": told["command"], **{name: value for name, value in told.items() if name not in ("argv", "command")}, "env": own}


def _word(value: Json) -> str:
    if isinstance(value, str) and not _SPACE.search(value):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


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
