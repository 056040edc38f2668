"""Calls behind the circuit breakers that all workers share: done, or put off while the other side is down."""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime

from hookrules.actions.action import Call, Surroundings, target_of
from hookrules.engine import logs
from hookrules.engine.config.ruleset import PlannedStep
from hookrules.engine.errors import JournalError
from hookrules.engine.journal import Breaker, Breaking
from hookrules.engine.model import Expectation, Json, Outcome
from hookrules.engine.runs.breaker import Admitted, Parked, admission, after


class Breakers:
    """`perform` is what a Workshop does about a step's call."""

    def __init__(self, journal: Breaking, clock: Callable[[], float], mask: Callable[[Json], Json]) -> None:
        """`mask` as in a Workshop: a target may be a secret, too."""
        self._journal = journal
        self._clock = clock
        self._mask = mask

    def perform(self, plan: PlannedStep, call: Call, surroundings: Surroundings) -> Outcome:
        del plan
        target = target_of(call, surroundings.services)
        if target is None:
            return call.perform(surroundings)
        target = str(self._mask(target))
        admitted = self._admission(target)
        if isinstance(admitted, Parked):
            return _put_off(target, admitted, surroundings)
        outcome = call.perform(surroundings)
        with contextlib.suppress(JournalError):  # what was done stays done; trouble shows itself where the step's result is written
            self._learn(target, outcome, trial=admitted.trial)
        return outcome

    def _admission(self, target: str) -> Parked | Admitted:
        while True:
            before, now = self._journal.breaker(target), self._clock()
            decided = admission(before, now)
            if isinstance(decided, Parked) or decided.breaker is None:
                return decided
            if self._journal.move_breaker(target, before, decided.breaker, now):
                return decided

    def _learn(self, target: str, outcome: Outcome, *, trial: bool) -> None:
        moved = False
        while not moved:
            before, now = self._journal.breaker(target), self._clock()
            learnt = after(before, target, outcome, now, trial=trial)
            moved = learnt == before or self._journal.move_breaker(target, before, learnt, now)
        if learnt != before:
            _tell(target, before, learnt)


def _put_off(target: str, parked: Parked, surroundings: Surroundings) -> Outcome:
    until = datetime.fromtimestamp(parked.until, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    reason = f"{target} failed {parked.failures} times in a row; it is not called until {until}"
    return Outcome(
        succeeded=False,
        result={**surroundings.earlier, "reason": reason, "until": until},
        due_at=parked.until,
        expects=Expectation(target=target),
    )


def _tell(target: str, before: Breaker | None, learnt: Breaker | None) -> None:
    if learnt is not None and learnt.until is not None:
        logs.warning("a breaker is open", target=target, failures=learnt.failures, seconds=round(learnt.until - learnt.changed_at))
    elif before is not None and before.until is not None:
        logs.info("a breaker is closed again", target=target)
