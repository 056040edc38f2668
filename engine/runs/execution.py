"""One claimed run, through its steps: what has a result is not done again, and a result is on disk before the next step begins."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from hookrules.actions.action import Call
from hookrules.engine.conditions.fact_fields import BARE_ROOTS
from hookrules.engine.conditions.facts import Facts
from hookrules.engine.config.ruleset import PlannedStep, Rule
from hookrules.engine.config.values import Value
from hookrules.engine.errors import TemplateError
from hookrules.engine.journal import Ended
from hookrules.engine.model import Event, Json, Reply, Run, RunState, Step, StepState
from hookrules.engine.runs.attempts import Attempts, Paused
from hookrules.engine.runs.expecting import with_names
from hookrules.engine.runs.halting import Halt
from hookrules.engine.runs.names import RunNames, step_facts
from hookrules.engine.runs.workshop import Workshop
from hookrules.engine.templating.printing import kind_of


@dataclass(frozen=True, slots=True)
class Ending:
    state: RunState
    error: str | None = None
    response: Reply | None = None
    """What the sender is answered, where the rule answers it."""
    before: Sequence[Ended] = field(default=(), compare=False)
    """How its last steps ended, to be written with it."""


def ending_without_steps(run: Run) -> Ending | None:
    """Of a run that is not to be done: it was skipped, or another has taken its place."""
    return None if run.verdict is None or run.verdict is RunState.DEAD else Ending(run.verdict, run.error)


@dataclass(frozen=True, slots=True)
class _Fault:
    """Why a run can't be done as its rule says."""

    place: str | None
    """The step, or what comes before the first one."""
    error: str


class Execution:
    """`proceed` takes the run as far as it goes. Raises LeaseLost and JournalError; the run is then someone else's, or comes back."""

    def __init__(self, run: Run, rule: Rule, event: Event, workshop: Workshop, halt: Halt | None = None) -> None:
        self._run = run
        self._rule = rule
        self._workshop = workshop
        self._halt = halt or Halt()
        events = self._events()
        self._event = event = events[-1] if events else event
        self._attempts = Attempts(run, rule, event, workshop, self._halt)
        self._names = RunNames(event, rule, run, workshop.secrets, events, workshop.console_url)
        self._done: list[tuple[Step, PlannedStep]] = []
        """Steps that came to an end and were not skipped, in their order."""

    def _events(self) -> list[Event]:
        journal = self._workshop.journal
        return [event for event in map(journal.event, journal.events_of_run(self._run.id)) if event is not None]

    def proceed(self) -> Ending | None:
        """How the run ends, for the caller to write; None where it goes on later."""
        self._attempts.end_leftovers()
        try:
            ending = self._through()
            return replace(ending, before=self._attempts.unwritten())
        except Paused as pause:
            self._attempts.write_unwritten()
            if pause.step is None:
                self._workshop.journal.hand_back(self._run)
            else:
                self._workshop.journal.park(self._run, pause.step, pause.due_at, pause.expects)
            return None

    def broken_off(self, error: str) -> Ending:
        """The end of a run that something unforeseen has stopped."""
        return Ending(RunState.DEAD, error, before=self._attempts.unwritten())

    def _through(self) -> Ending:
        if self._run.cancelled_at is not None:
            self._halt.cancel(self._run.error)
        failed = self._before_steps() or self._section("steps", self._rule.steps)
        self._attempts = self._attempts.unlimited()
        handled = False
        if failed is not None and not self._halt.cancelled:
            self._names.failed = {"step": failed.place, "error": failed.error}
            handled = bool(self._rule.on_failure) and self._section("on_failure", self._rule.on_failure) is None
        cancelled = self._halt.cancelled
        self._halt.note()
        failed = self._section("finally", self._rule.final, cancellable=False) or failed
        ending = self._answered(self._ending(failed, handled=handled, cancelled=cancelled))
        self._conclude(ending.state)
        return ending

    def _before_steps(self) -> _Fault | None:
        """What keeps even the first step from being done; `on_failure` and `finally` are done all the same."""
        if self._run.verdict is RunState.DEAD:
            return _Fault(None, self._run.error or "its group or its throttle's key can't be worked out")
        known: dict[str, Json] = {}
        try:
            for name, value in self._rule.vars.items():
                known[name] = value.render(self._names.for_templates())
        except TemplateError as error:
            return _Fault("vars", self._workshop.mask(str(error)))
        finally:
            self._names.vars.update(known)
        return None

    def _ending(self, failed: _Fault | None, *, handled: bool, cancelled: bool) -> Ending:
        if cancelled:
            return Ending(RunState.CANCELLED, self._halt.reason)
        if failed is None:
            return Ending(RunState.SUCCEEDED)
        told = failed.error if failed.place is None else f"{failed.place}: {failed.error}"
        return Ending(RunState.FAILED if handled else RunState.DEAD, told)

    def _answered(self, ending: Ending) -> Ending:
        respond = self._rule.respond
        if respond is None or respond.stream or ending.state not in (RunState.SUCCEEDED, RunState.FAILED):
            return ending
        try:
            return replace(ending, response=respond.answer.render(self._names.for_templates()))
        except TemplateError as error:
            self._workshop.log("error", self._workshop.mask(f"{self._rule.name}: respond: {error}"))
            words = {"error": f"the answer of run {self._run.id} can't be worked out; the server's log says why"}
            return replace(ending, response=Reply(500, json.dumps(words).encode(), "application/json"))

    def _section(self, section: str, planned: Sequence[PlannedStep], *, cancellable: bool = True) -> _Fault | None:
        """Of the step that failed for good and ended the section; None where all went well, or the run's end was asked for."""
        for position, plan in enumerate(planned):
            key = f"{section}[{position}]"
            step = self._attempts.ended(key)
            if step is None and cancellable and self._halt.cancelled:
                self._attempts.abandon(key)
                return None
            step = step or self._step(key, plan)
            if plan.id:
                self._names.steps[plan.id] = {**_OF_MANY, **_facts(step, plan)} if plan.for_each else _facts(step, plan)
            if step.state is not StepState.SKIPPED:
                self._done.append((step, plan))
            if step.state in (StepState.FAILED, StepState.CANCELLED) and not plan.continue_on_error:
                return _Fault(step.name or step.key, step.error or "")
        return None

    def _conclude(self, state: RunState) -> None:
        """What steps still do once the run's end is known. Where that fails, the step says so, and the end stays as it is."""
        for step, plan in self._done:
            key = f"end of {step.key}"
            if self._attempts.ended(key):
                continue
            begun = self._attempts.begin(key, plan)
            try:
                call = plan.action.conclusion(self._names.for_templates(), state)
            except TemplateError as error:
                self._attempts.end(begun, StepState.FAILED, error=str(error))
                continue
            if call is not None:
                self._attempts.make(begun, plan, _Rendered(call))

    def _step(self, key: str, plan: PlannedStep) -> Step:
        begun = self._attempts.begin(key, plan, plan.id or "")
        if plan.for_each is None:
            return self._skipped(begun, plan) or self._made(begun, plan)
        return (None if _asks_of_items(plan) else self._skipped(begun, plan)) or self._each(begun, plan, plan.for_each)

    def _skipped(self, begun: Step, plan: PlannedStep, **item: Json) -> Step | None:
        """The step, ended, where its `if` does not hold."""
        if plan.condition is None:
            return None
        verdict = plan.condition.verdict(Facts(self._event, self._workshop.clock(), self._names.for_conditions(**item)))
        if verdict is True:
            return None
        return self._attempts.end(begun, StepState.SKIPPED, result={"reason": f"its `if` is {'unknown' if verdict is None else 'false'}"})

    def _made(self, begun: Step, plan: PlannedStep, **item: Json) -> Step:
        try:
            return self._attempts.make(begun, plan, lambda: plan.action.render(self._names.for_templates(**item)))
        except Paused as pause:
            if pause.expects is not None:
                try:
                    pause.expects = with_names(pause.expects, self._names.for_conditions(**item), self._workshop.mask, self._event)
                except TemplateError as error:
                    return self._attempts.end(begun, StepState.FAILED, error=str(error))
            raise

    def _each(self, begun: Step, plan: PlannedStep, each: Value) -> Step:
        """One step an item, each with its own checkpoint; the whole fails where an item does."""
        try:
            items = each.render(self._names.for_templates())
        except TemplateError as error:
            return self._attempts.end(begun, StepState.FAILED, error=str(error))
        if not isinstance(items, list):
            return self._attempts.end(begun, StepState.FAILED, error=f"for_each gives {kind_of(items)}, not a list")
        done = self._items(begun.key, plan, items)
        bad = next((step for step in done if step.state in (StepState.FAILED, StepState.CANCELLED)), None)
        results = [_facts(step, plan) for step in done]
        state = bad.state if bad else StepState.SUCCEEDED
        return self._attempts.end(begun, state, result={"results": results}, error=f"{bad.key}: {bad.error}" if bad else None)

    def _items(self, key: str, plan: PlannedStep, items: Sequence[Json]) -> list[Step]:
        if plan.parallel == 1 or len(items) < 2:
            return [self._item(key, plan, index, item) for index, item in enumerate(items)]
        with ThreadPoolExecutor(min(plan.parallel, len(items)), thread_name_prefix="item") as pool:
            begun = [pool.submit(self._item_of_many, key, plan, index, item) for index, item in enumerate(items)]
        faults = [each.exception() for each in begun]
        self._pause_for_all([fault for fault in faults if isinstance(fault, Paused)])
        return [each.result() for each in begun]

    def _pause_for_all(self, pauses: Sequence[Paused]) -> None:
        """The run waits for the first of its items that is due again; where one was interrupted, it is handed back."""
        if any(pause.step is None for pause in pauses):
            raise Paused
        first = min(pauses, key=lambda pause: pause.due_at, default=None)
        for pause in pauses:
            if pause is not first and pause.step is not None:
                self._workshop.journal.write_step(self._run, pause.step)
        if first is not None:
            raise first

    def _item_of_many(self, key: str, plan: PlannedStep, index: int, item: Json) -> Step:
        """Its result is written at once: what comes next may be the end of another item, hours later."""
        step = self._item(key, plan, index, item)
        self._attempts.write_unwritten()
        return step

    def _item(self, key: str, plan: PlannedStep, index: int, item: Json) -> Step:
        known = self._attempts.ended(f"{key}[{index}]")
        if known is not None:
            return known
        begun = replace(self._attempts.begin(f"{key}[{index}]", plan), name=f"{plan.id}[{index}]" if plan.id else "")
        skipped = self._skipped(begun, plan, item=item, index=index) if _asks_of_items(plan) else None
        return skipped or self._made(begun, plan, item=item, index=index)


_OF_MANY: Mapping[str, Json] = MappingProxyType({"results": []})
"""What a step with `for_each` has, however it ended."""


def _facts(step: Step, plan: PlannedStep) -> dict[str, Json]:
    return step_facts(step, type(plan.action).results)


def _asks_of_items(plan: PlannedStep) -> bool:
    """Whether its `if` is to be asked for each item of its `for_each`."""
    return plan.condition is not None and any(use.root in BARE_ROOTS for use in plan.condition.references())


@dataclass(frozen=True, slots=True)
class _Rendered:
    """A call that needs no rendering any more."""

    call: Call

    def __call__(self) -> Call:
        return self.call
