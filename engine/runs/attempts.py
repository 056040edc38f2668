"""One attempt at a step: its call is rendered, done under the run's bounds, and what came of it is on disk before anything else begins."""

import copy
import math
import traceback
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from hookrules.actions import package_of
from hookrules.actions.action import Call, Surroundings
from hookrules.engine.config.ruleset import PlannedStep, Rule
from hookrules.engine.errors import HookrulesError, JournalError, TemplateError
from hookrules.engine.journal import Ended
from hookrules.engine.model import Emission, Event, Expectation, Json, Outcome, ProcessMark, Run, Step, StepState
from hookrules.engine.runs.emitting import MAX_HOPS
from hookrules.engine.runs.halting import Halt
from hookrules.engine.runs.leftovers import end_leftovers
from hookrules.engine.runs.names import environment
from hookrules.engine.runs.retry import delay_before_next
from hookrules.engine.runs.workshop import Workshop

DEFAULT_TIMEOUT = 3600.0
"""Seconds that a step without a `timeout` may take: long enough for a build, short enough to notice a hang the same day."""

Render = Callable[[], Call]


class Paused(Exception):
    """The run goes on later, from the step that it stands at: at `due_at` with `step` as written, or at once where it is handed back."""

    def __init__(self, step: Step | None = None, due_at: float = 0.0, expects: Expectation | None = None) -> None:
        self.step = step
        self.due_at = due_at
        self.expects = expects


class Attempts:
    """The steps of one claimed run, one attempt after the other."""

    def __init__(self, run: Run, rule: Rule, event: Event, workshop: Workshop, halt: Halt) -> None:
        self._run = run
        self._rule = rule
        self._event = event
        self._workshop = workshop
        self._halt = halt
        self._journal = workshop.journal
        self._known = {step.key: step for step in self._journal.steps(run.id)} if run.fence > 1 else {}  # there are none at its first claim
        self._unwritten: deque[Ended] = deque()

    def unwritten(self) -> list[Ended]:
        """How steps have ended, as far as it is still to be written: with whatever is written next of the run, so that a step takes one
        commit and not two. Nothing is done in between. Whoever asks has to write it.
        """
        ended = []
        while self._unwritten:  # items of a step end in threads of their own
            ended.append(self._unwritten.popleft())
        return ended

    def write_unwritten(self) -> None:
        """For whoever lets go of the run."""
        ended = self.unwritten()
        if ended:
            *before, (step, made) = ended
            self._journal.write_step(self._run, step, made, before)

    def unlimited(self) -> "Attempts":
        """The same, for what is done about a run's end, also where that is that its time is over."""
        if self._rule.timeout is None:
            return self
        other = copy.copy(self)
        other._rule = replace(self._rule, timeout=None)  # noqa: SLF001 - one of our own
        return other

    def end_leftovers(self) -> None:
        """End what a worker that died left running of it."""
        end_leftovers(self._run, self._known.values(), self._key, self._journal)

    def known(self, key: str) -> Step | None:
        """The step as the journal had it when the run was claimed."""
        return self._known.get(key)

    def ended(self, key: str) -> Step | None:
        """The step, where it has a result already."""
        known = self._known.get(key)
        return known if known is not None and known.state.ended else None

    def begin(self, key: str, plan: PlannedStep, name: str = "") -> Step:
        """The step as it stands at the start of its next attempt. What only waited goes on with the one that it had begun."""
        known, now = self._known.get(key), self._workshop.clock()
        if known is None:
            return Step(self._run.id, key, plan.kind, StepState.RUNNING, attempts=1, started_at=now, name=name)
        again = 0 if known.state is StepState.WAITING else 1
        return replace(known, state=StepState.RUNNING, attempts=known.attempts + again)

    def make(self, step: Step, plan: PlannedStep, render: Render) -> Step:
        """The step with its result. Raises Paused where it goes on later."""
        known = self._known.get(step.key)
        if self._rule.at_most_once and known is not None and known.state is StepState.RUNNING:
            problem = "it was interrupted, and the rule says at_most_once: it may have been done, and is not done again"
            return self.end(known, StepState.FAILED, known.result, problem)
        self._journal.write_step(self._run, step, before=self.unwritten())
        try:
            outcome = self._outcome(step, plan, render)
        finally:
            self._workshop.outputs.close(self._run, step.key, whole=self._rule.streams)
        if outcome.due_at is not None:
            raise self._pause(step, StepState.WAITING, outcome, outcome.due_at)
        if outcome.succeeded:
            return self.end(step, StepState.SUCCEEDED, outcome.result, emissions=outcome.emissions)
        if self._halt.stopped:
            raise Paused
        if self._halt.cancelled:
            return self.end(step, StepState.CANCELLED, outcome.result, outcome.error)
        delay = delay_before_next(plan.retry or self._rule.retry, step.attempts, outcome, self._workshop.random)
        if delay is None:
            return self.end(step, StepState.FAILED, outcome.result, outcome.error)
        raise self._pause(step, StepState.RETRYING, outcome, self._workshop.clock() + delay)

    def end(
        self,
        step: Step,
        state: StepState,
        result: Mapping[str, Json] | None = None,
        error: str | None = None,
        emissions: Sequence[Emission] = (),
    ) -> Step:
        """How the step ended, and what it made happen."""
        ended = self._masked(step, state, result or {}, error)
        masked = [replace(each, payload=self._workshop.mask(each.payload)) for each in emissions]
        made = [self._workshop.emit(each, self._event, f"{self._key(step)}-{n}") for n, each in enumerate(masked)]
        self._unwritten.append((ended, made))
        return ended

    def abandon(self, key: str) -> None:
        """A step which waited, or was to be tried again, is not gone on with."""
        known = self._known.get(key)
        if known is not None:
            self.end(known, StepState.CANCELLED, known.result, known.error)

    def _pause(self, step: Step, state: StepState, outcome: Outcome, due_at: float) -> Paused:
        """Not for longer than the rule has time: when that is over, the run ends and says so."""
        return Paused(self._masked(step, state, outcome.result, outcome.error), min(due_at, self._deadline()), outcome.expects)

    def _outcome(self, step: Step, plan: PlannedStep, render: Render) -> Outcome:
        remaining = self._remaining(plan)
        if remaining <= 0:
            return Outcome(succeeded=False, error=f"the rule's timeout of {self._rule.timeout:g} s is over", retryable=False)
        outcome = self._performed(step, plan, render, remaining)
        if outcome.emissions and self._event.hops >= MAX_HOPS:
            endless = f"rules set each other off without end: this would be event {self._event.hops + 1} in a row, and {MAX_HOPS} may be"
            return Outcome(succeeded=False, error=endless, retryable=False)
        return outcome

    def _performed(self, step: Step, plan: PlannedStep, render: Render, seconds: float) -> Outcome:
        try:
            return self._workshop.perform(plan, render(), self._surroundings(step, seconds))
        except TemplateError as error:
            return Outcome(succeeded=False, error=str(error), retryable=False)
        except HookrulesError:
            raise
        except Exception as error:
            package = package_of(plan.kind)
            if package is None:
                raise
            self._workshop.log("error", self._workshop.mask(traceback.format_exc()))
            broken = f"action '{plan.kind}' of package {package} breaks with {type(error).__name__}: {error}; the log says where"
            return Outcome(succeeded=False, error=broken, retryable=False)

    def _remaining(self, plan: PlannedStep) -> float:
        """Seconds for this step: its own timeout, or what is left of the rule's."""
        return min(plan.timeout or DEFAULT_TIMEOUT, self._deadline() - self._workshop.clock())

    def _deadline(self) -> float:
        """When the rule's time is over; infinity where it has no bound. A clock that was set back gives no more time than the rule has."""
        if self._rule.timeout is None or self._run.started_at is None:
            return math.inf
        return min(self._run.started_at, self._workshop.clock()) + self._rule.timeout

    def _surroundings(self, step: Step, timeout: float) -> Surroundings:
        mask, left = self._workshop.mask, self._left_when_put_off(step.key)
        return Surroundings(
            folder=self._workshop.folder,
            idempotency_key=self._key(step),
            now=self._workshop.clock(),
            attempt=step.attempts,
            timeout=timeout,
            services=self._workshop.services,
            body=self._event.body,
            earlier=left,
            met=self._journal.met(self._run.id, step.key) if left else None,
            facts=environment(self._event, self._rule, self._run),
            cancelled=self._halt.signal,
            log=lambda level, message: self._workshop.log(level, mask(message)),
            output=self._workshop.outputs.writer(self._run, step.key, whole=self._rule.streams),
            started=partial(self._remember, step),
            mask=mask,
        )

    def _left_when_put_off(self, key: str) -> Mapping[str, Json]:
        """Also where a worker died when the step had just gone on: what has come meanwhile has come."""
        known = self._known.get(key)
        return known.result if known is not None and known.state in (StepState.WAITING, StepState.RUNNING) else {}

    def _remember(self, step: Step, process: ProcessMark) -> None:
        """A claim that is over, or a journal in trouble, shows itself where the step's result is written."""
        with suppress(JournalError):
            self._journal.write_process(self._run, step.key, process)

    def _key(self, step: Step) -> str:
        """The same over all attempts; another one when a person has the run done again."""
        again = f".{self._run.retries}" if self._run.retries else ""
        return f"{self._run.id}{again}-{step.key}"

    def _masked(self, step: Step, state: StepState, result: Mapping[str, Json], error: str | None) -> Step:
        mask = self._workshop.mask
        return replace(step, state=state, ended_at=self._workshop.clock(), result=mask(dict(result)), error=_writable(mask(error)))


def _writable(error: str | None) -> str | None:
    """As a journal can hold it: Python has half characters in the names of files that are not UTF-8, and an error may name one."""
    return None if error is None else error.encode(errors="backslashreplace").decode()
