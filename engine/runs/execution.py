"""One claimed run, through its steps: what has a result is not done again, and a result is on disk before the next step begins."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from hookrules.actions.action import Call, Services, Surroundings
from hookrules.engine.conditions.facts import Facts
from hookrules.engine.config.ruleset import PlannedStep, Rule
from hookrules.engine.config.values import Value
from hookrules.engine.errors import TemplateError
from hookrules.engine.journal import Arrival, Journal
from hookrules.engine.model import Emission, Event, Json, Outcome, Run, RunState, Step, StepState
from hookrules.engine.runs.emitting import MAX_HOPS
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
    emit: Callable[[Emission, Event, str], Arrival]
    """An emission, the run's event and a delivery id → the event to write."""
    services: Services = field(default_factory=dict)
    perform: Perform = perform
    """`describing` instead does nothing but say what would be done."""


@dataclass(frozen=True, slots=True)
class Ending:
    state: RunState
    error: str | None = None


class _Paused(Exception):
    """The run goes on later, from the step that it stands at: at `due_at` with `step` as written, or at once where it is handed back."""

    def __init__(self, step: Step | None = None, due_at: float = 0.0) -> None:
        self.step = step
        self.due_at = due_at


def _given(call: Call) -> Call:
    return call


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
        self._done: list[tuple[Step, PlannedStep]] = []
        """Steps that came to an end and were not skipped, in their order."""

    def proceed(self) -> Ending | None:
        """How the run ends, for the caller to write; None where it goes on later."""
        try:
            return self._through()
        except _Paused as pause:
            if pause.step is None:
                self._journal.hand_back(self._run)
            else:
                self._journal.park(self._run, pause.step, pause.due_at)
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
        ending = self._ending(failed, handled=handled)
        self._conclude(ending.state)
        return ending

    def _ending(self, failed: Step | None, *, handled: bool) -> Ending:
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
            if step.state is not StepState.SKIPPED:
                self._done.append((step, plan))
            if step.state is StepState.FAILED and not plan.continue_on_error:
                return step
        return None

    def _conclude(self, state: RunState) -> None:
        """What steps still do once the run's end is known. Where that fails, the step says so, and the end stays as it is."""
        for step, plan in self._done:
            key = f"end of {step.key}"
            known = self._known.get(key)
            if known is not None and known.state.ended:
                continue
            try:
                call = plan.action.conclusion(self._names.for_templates(), state)
            except TemplateError as error:
                self._end(self._begun(key, plan), StepState.FAILED, error=str(error))
                continue
            if call is not None:
                self._attempt(replace(self._begun(key, plan), name=""), plan, partial(_given, call))

    def _step(self, key: str, plan: PlannedStep) -> Step:
        begun = self._begun(key, plan)
        if plan.condition is not None:
            verdict = plan.condition.verdict(Facts(self._event, self._workshop.clock(), self._names.for_conditions()))
            if verdict is not True:
                return self._end(begun, StepState.SKIPPED, result={"reason": "its `if` is " + ("unknown" if verdict is None else "false")})
        if plan.for_each is not None:
            return self._each(begun, plan, plan.for_each)
        return self._attempt(begun, plan, lambda: plan.action.render(self._names.for_templates()))

    def _each(self, begun: Step, plan: PlannedStep, each: Value) -> Step:
        """One step an item, each with its own checkpoint; the whole fails where an item does."""
        try:
            items = each.render(self._names.for_templates())
        except TemplateError as error:
            return self._end(begun, StepState.FAILED, error=str(error))
        if not isinstance(items, list):
            return self._end(begun, StepState.FAILED, error=f"for_each gives {kind_of(items)}, not a list")
        done = self._items(begun.key, plan, items)
        bad = next((step for step in done if step.state is StepState.FAILED), None)
        results = [step_facts(step, type(plan.action).results) for step in done]
        state = StepState.FAILED if bad else StepState.SUCCEEDED
        return self._end(begun, state, result={"results": results}, error=f"{bad.key}: {bad.error}" if bad else None)

    def _items(self, key: str, plan: PlannedStep, items: Sequence[Json]) -> list[Step]:
        if plan.parallel == 1 or len(items) < 2:
            return [self._item(key, plan, index, item) for index, item in enumerate(items)]
        with ThreadPoolExecutor(min(plan.parallel, len(items)), thread_name_prefix="item") as pool:
            begun = [pool.submit(self._item, key, plan, index, item) for index, item in enumerate(items)]
        faults = [each.exception() for each in begun]
        self._pause_for_all([fault for fault in faults if isinstance(fault, _Paused)])
        return [each.result() for each in begun]

    def _pause_for_all(self, pauses: Sequence[_Paused]) -> None:
        """The run waits for the first of its items that is due again; where one was interrupted, it is handed back."""
        if any(pause.step is None for pause in pauses):
            raise _Paused
        first = min(pauses, key=lambda pause: pause.due_at, default=None)
        for pause in pauses:
            if pause is not first and pause.step is not None:
                self._journal.write_step(self._run, pause.step)
        if first is not None:
            raise first

    def _item(self, key: str, plan: PlannedStep, index: int, item: Json) -> Step:
        known = self._known.get(f"{key}[{index}]")
        if known is not None and known.state.ended:
            return known
        begun = self._begun(f"{key}[{index}]", plan)
        named = replace(begun, name=f"{plan.id}[{index}]" if plan.id else "")
        return self._attempt(named, plan, lambda: plan.action.render(self._names.for_templates(item=item, index=index)))

    def _begun(self, key: str, plan: PlannedStep) -> Step:
        known = self._known.get(key)
        now = self._workshop.clock()
        if known is None:
            return Step(self._run.id, key, plan.kind, StepState.RUNNING, attempts=1, started_at=now, name=plan.id or "")
        again = 0 if known.state is StepState.WAITING else 1
        return replace(known, state=StepState.RUNNING, attempts=known.attempts + again)

    def _attempt(self, step: Step, plan: PlannedStep, render: Callable[[], Call]) -> Step:
        self._journal.write_step(self._run, step)
        outcome = self._outcome(step, plan, render)
        if outcome.due_at is not None:
            raise _Paused(self._masked(replace(step, state=StepState.WAITING), outcome), outcome.due_at)
        if outcome.succeeded:
            return self._end(step, StepState.SUCCEEDED, outcome.result, emissions=outcome.emissions)
        if self._workshop.stop.is_set():
            raise _Paused
        delay = delay_before_next(plan.retry or self._rule.retry, step.attempts, outcome, self._workshop.random)
        if delay is None:
            return self._end(step, StepState.FAILED, outcome.result, outcome.error)
        raise _Paused(self._masked(replace(step, state=StepState.RETRYING), outcome), self._workshop.clock() + delay)

    def _outcome(self, step: Step, plan: PlannedStep, render: Callable[[], Call]) -> Outcome:
        remaining = self._remaining(plan)
        if remaining <= 0:
            return Outcome(succeeded=False, error=f"the rule's timeout of {self._rule.timeout:g} s is over", retryable=False)
        try:
            call = render()
        except TemplateError as error:
            return Outcome(succeeded=False, error=str(error), retryable=False)
        outcome = self._workshop.perform(plan, call, self._surroundings(step, remaining))
        if outcome.emissions and self._event.hops >= MAX_HOPS:
            endless = f"rules set each other off without end: this would be event {self._event.hops + 1} in a row, and {MAX_HOPS} may be"
            return Outcome(succeeded=False, error=endless, retryable=False)
        return outcome

    def _remaining(self, plan: PlannedStep) -> float:
        """Seconds for this step: its own timeout, or what is left of the rule's."""
        mine = plan.timeout or DEFAULT_TIMEOUT
        if self._rule.timeout is None or self._run.started_at is None:
            return mine
        return min(mine, self._run.started_at + self._rule.timeout - self._workshop.clock())

    def _surroundings(self, step: Step, timeout: float) -> Surroundings:
        mask, known = self._workshop.mask, self._known.get(step.key)
        return Surroundings(
            folder=self._workshop.folder,
            idempotency_key=self._key(step),
            now=self._workshop.clock(),
            attempt=step.attempts,
            timeout=timeout,
            services=self._workshop.services,
            body=self._event.body,
            earlier=known.result if known is not None and known.state is StepState.WAITING else {},
            facts=environment(self._event, self._rule, self._run),
            cancelled=self._workshop.stop,
            log=lambda level, message: self._workshop.log(level, mask(message)),
        )

    def _key(self, step: Step) -> str:
        return f"{self._run.id}-{step.key}"

    def _end(
        self,
        step: Step,
        state: StepState,
        result: Mapping[str, Json] | None = None,
        error: str | None = None,
        emissions: Sequence[Emission] = (),
    ) -> Step:
        ended = self._masked(replace(step, state=state), Outcome(succeeded=error is None, result=result or {}, error=error))
        made = [self._workshop.emit(each, self._event, f"{self._key(step)}-{n}") for n, each in enumerate(emissions)]
        self._journal.write_step(self._run, ended, made)
        return ended

    def _masked(self, step: Step, outcome: Outcome) -> Step:
        mask = self._workshop.mask
        return replace(step, ended_at=self._workshop.clock(), result=mask(dict(outcome.result)), error=mask(outcome.error))
