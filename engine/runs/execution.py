"""One claimed run, through its steps: what has a result is not done again, and a result is on disk before the next step begins."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hookrules.actions.action import Call, Surroundings
from hookrules.engine.conditions.facts import Facts
from hookrules.engine.config.ruleset import PlannedStep, Rule
from hookrules.engine.config.values import Value
from hookrules.engine.errors import TemplateError
from hookrules.engine.journal import Journal
from hookrules.engine.model import Event, Json, Outcome, Run, RunState, Step, StepState
from hookrules.engine.runs.names import RunNames, environment, step_facts
from hookrules.engine.runs.retry import delay_before_next
from hookrules.engine.templating.printing import kind_of

DEFAULT_TIMEOUT = 3600.0
"""Seconds that a step without a `timeout` may take: long enough for a build, short enough to notice a hang the same day."""


Perform = Callable[[PlannedStep, Call, Surroundings], Outcome]
"""What is done about a step's call once its templates are filled in."""


def perform(plan: PlannedStep, call: Call, surroundings: Surroundings) -> Outcome:
    """Does it."""
    del plan
    return call.perform(surroundings)


@dataclass(frozen=True, slots=True)
class Workshop:
    """What every run of one worker shares."""

    journal: Journal
    folder: Path
    secrets: Mapping[str, str]
    mask: Callable[[Json], Json]
    clock: Callable[[], float]
    random: Callable[[], float]
    log: Callable[[str, str], None]
    stop: threading.Event
    """Set when the worker must end now: what runs is ended and its run handed back."""
    perform: Perform = perform
    """`describing` instead does nothing but say what would be done."""


@dataclass(frozen=True, slots=True)
class Ending:
    state: RunState
    error: str | None = None


class _Paused(Exception):
    """The run goes on later, from the step that it stands at: it waits for a retry, or was handed back."""


class Execution:
    """`proceed` takes the run as far as it goes. Raises LeaseLost and JournalError; the run is then someone else's, or comes back."""

    def __init__(self, run: Run, rule: Rule, event: Event, workshop: Workshop) -> None:
        self._run = run
        self._rule = rule
        self._event = event
        self._workshop = workshop
        self._journal = workshop.journal
        self._names = RunNames(event, rule, run, workshop.secrets)
        self._known = {step.key: step for step in self._journal.steps(run.id)}

    def proceed(self) -> Ending | None:
        """How the run ends, for the caller to write; None where it goes on later."""
        try:
            return self._through()
        except _Paused:
            return None

    def _through(self) -> Ending:
        try:
            self._names.vars.update({name: value.render(self._names.for_templates()) for name, value in self._rule.vars.items()})
        except TemplateError as error:
            return Ending(RunState.DEAD, self._workshop.mask(f"vars: {error}"))
        failed = self._section("steps", self._rule.steps)
        handled = False
        if failed is not None:
            self._names.failed = {"step": failed.name or failed.key, "error": failed.error}
            handled = bool(self._rule.on_failure) and self._section("on_failure", self._rule.on_failure) is None
        failed = self._section("finally", self._rule.final) or failed
        if failed is None:
            return Ending(RunState.SUCCEEDED)
        return Ending(RunState.FAILED if handled else RunState.DEAD, f"{failed.name or failed.key}: {failed.error}")

    def _section(self, section: str, planned: Sequence[PlannedStep]) -> Step | None:
        """The step that failed for good and ended the section; None where all went well."""
        for position, plan in enumerate(planned):
            key = f"{section}[{position}]"
            known = self._known.get(key)
            step = known if known is not None and known.state.ended else self._step(key, plan)
            if plan.id:
                self._names.steps[plan.id] = step_facts(step, type(plan.action).results)
            if step.state is StepState.FAILED and not plan.continue_on_error:
                return step
        return None

    def _step(self, key: str, plan: PlannedStep) -> Step:
        begun = self._begun(key, plan)
        if plan.condition is not None:
            verdict = plan.condition.verdict(Facts(self._event, self._workshop.clock(), self._names.for_conditions()))
            if verdict is not True:
                return self._end(begun, StepState.SKIPPED, result={"reason": "its `if` is " + ("unknown" if verdict is None else "false")})
        if plan.for_each is not None:
            return self._each(begun, plan, plan.for_each)
        return self._attempt(begun, plan, {})

    def _each(self, begun: Step, plan: PlannedStep, each: Value) -> Step:
        """One step an item, each with its own checkpoint; the whole fails where an item does."""
        try:
            items = each.render(self._names.for_templates())
        except TemplateError as error:
            return self._end(begun, StepState.FAILED, error=str(error))
        if not isinstance(items, list):
            return self._end(begun, StepState.FAILED, error=f"for_each gives {kind_of(items)}, not a list")
        done = [self._item(begun.key, plan, index, item) for index, item in enumerate(items)]
        bad = next((step for step in done if step.state is StepState.FAILED), None)
        results = [step_facts(step, type(plan.action).results) for step in done]
        state = StepState.FAILED if bad else StepState.SUCCEEDED
        return self._end(begun, state, result={"results": results}, error=f"{bad.key}: {bad.error}" if bad else None)

    def _item(self, key: str, plan: PlannedStep, index: int, item: Json) -> Step:
        known = self._known.get(f"{key}[{index}]")
        if known is not None and known.state.ended:
            return known
        begun = self._begun(f"{key}[{index}]", plan)
        named = replace(begun, name=f"{plan.id}[{index}]" if plan.id else "")
        return self._attempt(named, plan, {"item": item, "index": index})

    def _begun(self, key: str, plan: PlannedStep) -> Step:
        known = self._known.get(key)
        now = self._workshop.clock()
        if known is None:
            return Step(self._run.id, key, plan.kind, StepState.RUNNING, attempts=1, started_at=now, name=plan.id or "")
        return replace(known, state=StepState.RUNNING, attempts=known.attempts + 1)

    def _attempt(self, step: Step, plan: PlannedStep, more: Mapping[str, Json]) -> Step:
        self._journal.write_step(self._run, step)
        outcome = self._outcome(step, plan, more)
        if outcome.succeeded:
            return self._end(step, StepState.SUCCEEDED, outcome.result)
        if self._workshop.stop.is_set():
            self._journal.hand_back(self._run)
            raise _Paused
        delay = delay_before_next(plan.retry or self._rule.retry, step.attempts, outcome, self._workshop.random)
        if delay is None:
            return self._end(step, StepState.FAILED, outcome.result, outcome.error)
        self._journal.park(self._run, self._masked(replace(step, state=StepState.RETRYING), outcome), self._workshop.clock() + delay)
        raise _Paused

    def _outcome(self, step: Step, plan: PlannedStep, more: Mapping[str, Json]) -> Outcome:
        remaining = self._remaining(plan)
        if remaining <= 0:
            return Outcome(succeeded=False, error=f"the rule's timeout of {self._rule.timeout:g} s is over", retryable=False)
        try:
            call = plan.action.render(self._names.for_templates(**more))
        except TemplateError as error:
            return Outcome(succeeded=False, error=str(error), retryable=False)
        return self._workshop.perform(plan, call, self._surroundings(step, remaining))

    def _remaining(self, plan: PlannedStep) -> float:
        """Seconds for this step: its own timeout, or what is left of the rule's."""
        mine = plan.timeout or DEFAULT_TIMEOUT
        if self._rule.timeout is None or self._run.started_at is None:
            return mine
        return min(mine, self._run.started_at + self._rule.timeout - self._workshop.clock())

    def _surroundings(self, step: Step, timeout: float) -> Surroundings:
        return Surroundings(
            folder=self._workshop.folder,
            idempotency_key=f"{self._run.id}-{step.key}",
            attempt=step.attempts,
            timeout=timeout,
            facts=environment(self._event, self._rule, self._run),
            cancelled=self._workshop.stop,
            log=lambda level, message: self._workshop.log(level, self._workshop.mask(message)),
        )

    def _end(self, step: Step, state: StepState, result: Mapping[str, Json] | None = None, error: str | None = None) -> Step:
        ended = self._masked(replace(step, state=state), Outcome(succeeded=error is None, result=result or {}, error=error))
        self._journal.write_step(self._run, ended)
        return ended

    def _masked(self, step: Step, outcome: Outcome) -> Step:
        mask = self._workshop.mask
        return replace(step, ended_at=self._workshop.clock(), result=mask(dict(outcome.result)), error=mask(outcome.error))
