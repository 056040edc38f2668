"""One test down the whole line: proven, read, matched, journalled and run, with its calls described and its clock its own."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from hookrules.engine.config.rule_test_files import RULE, SCHEDULE, RuleTest, merged
from hookrules.engine.config.ruleset import Ruleset
from hookrules.engine.errors import JournalError, Refusal
from hookrules.engine.ids import id_maker
from hookrules.engine.intake import Intake, Taken
from hookrules.engine.journal import Journal, RunFilter, Turn
from hookrules.engine.matching.explanation import RuleExplanation, explain
from hookrules.engine.matching.index import Index
from hookrules.engine.model import Delivery, Event, Json, Reply, Run, RunState
from hookrules.engine.runs.describing import CALL, describing
from hookrules.engine.runs.emitting import emitter
from hookrules.engine.runs.endings import ending_event
from hookrules.engine.runs.execution import Ending, Execution
from hookrules.engine.runs.masking import Stream
from hookrules.engine.runs.outputs import Outputs
from hookrules.engine.runs.schedules import tick_event
from hookrules.engine.runs.workshop import Workshop
from hookrules.engine.sources.source import Source

_LEASE = 3600.0
_MOST_CLAIMS = 10_000
_new_event_id = id_maker("evt", lambda _bits: 0)


def stand_in(secret: str) -> str:
    """What a secret is in a test that does not say: good for a whole URL and for a text, and no one's (`.invalid`, RFC 2606)."""
    return f"https://{quote(secret, safe='')}.secret.invalid"


@dataclass(frozen=True, slots=True)
class RunTold:
    """How a run ended, and what its steps would have done: a kind → what a call of it says of itself, one after the other."""

    rule: str
    state: RunState
    error: str | None
    calls: tuple[Mapping[str, Mapping[str, Json]], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a test's event."""

    event: Event | None
    """The first, where the delivery carries many; None where it is not taken."""
    refusal: str | None = None
    rules: tuple[RuleExplanation, ...] = ()
    """Every rule of the event's source, as `explain` tells them: of many events, by the first that it fires for."""
    runs: tuple[RunTold, ...] = ()
    """In the order in which the rules were written."""

    def explanation(self, rule: str) -> RuleExplanation | None:
        return next((told for told in self.rules if told.name == rule), None)

    @property
    def fired(self) -> tuple[str, ...]:
        return tuple(run.rule for run in self.runs)


@dataclass(frozen=True, slots=True)
class Line:
    """What all tests of one configuration share. Every test gets a journal of its own."""

    sources: Mapping[str, Source]
    """They take what no one signed: tests are about rules."""
    ruleset: Ruleset
    index: Index
    secrets: Mapping[str, str]
    """A value for each secret that rules may name; a test's own come before it."""
    folder: Path
    open_journal: Callable[[], Journal]

    def run(self, test: RuleTest) -> Told:
        journal = self.open_journal()
        try:
            return _Passage(self, test, journal, _Clock(test.fields.at)).told()
        finally:
            journal.close()


@dataclass(slots=True)
class _Clock:
    """Stands still, save where a run waits."""

    now: float

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True, slots=True)
class _Passage:
    line: Line
    test: RuleTest
    journal: Journal
    clock: _Clock

    def told(self) -> Told:
        try:
            events = self._put_in()
        except Refusal as refusal:
            return Told(None, f"{refusal.status}: {refusal}")
        except JournalError as error:
            return Told(None, str(error))
        if not events:
            return Told(None, "it is a handshake, or carries no event")
        self._work()
        return Told(events[0], None, self._explanations(events), tuple(map(self._run_told, self._runs(events))))

    def _explanations(self, events: Sequence[Event]) -> tuple[RuleExplanation, ...]:
        told: dict[str, RuleExplanation] = {}
        for event in events:
            for rule in explain(self.line.ruleset, event, event.received_at):
                if rule.name not in told or (rule.fired and not told[rule.name].fired):
                    told[rule.name] = rule
        return tuple(told.values())

    def _runs(self, events: Sequence[Event]) -> list[Run]:
        order = {rule.name: position for position, rule in enumerate(self.line.ruleset)}
        runs = [run for event in events for run in self.journal.runs(RunFilter(event_id=event.id, limit=len(order) or 1))]
        return sorted(runs, key=lambda run: order[run.rule])

    def _put_in(self) -> Sequence[Event]:
        """Nothing where it is a handshake. Raises Refusal and JournalError."""
        intake = Intake(self.line.sources, self.line.index, self.journal, self.clock, _new_event_id)
        if self.test.source in (SCHEDULE, RULE):
            taken: Taken | Reply = intake.accept([self._made_by_the_engine()])
        else:
            taken = intake.take(self._delivery(self.line.sources[self.test.source]))
        if isinstance(taken, Reply):
            return ()
        taken.receipts.result()
        return taken.events

    def _delivery(self, source: Source) -> Delivery:
        """As the provider would send it, and over that what the test says."""
        fields, body = self.test.fields, self.test.body
        data = b"" if body is None else body.data
        headers: dict[str, tuple[str, ...]] = {
            name.lower(): (value,) for name, value in source.label(fields.event, "test").items() if value
        }
        if body is not None and body.is_json:
            headers["content-type"] = ("application/json",)
        headers.update((name.lower(), values) for name, values in fields.headers.items())
        return Delivery(source.name, data, headers, self.clock(), fields.query, address=fields.ip)

    def _made_by_the_engine(self) -> Event:
        fields, now = self.test.fields, self.clock()
        event = tick_event(fields.event, now, _new_event_id(now), now) if self.test.source == SCHEDULE else self._ending()
        if self.test.body is None:
            return event if fields.merge is None else _with_payload(event, merged(event.payload, fields.merge))
        return _with_payload(event, json.loads(self.test.body.data))

    def _ending(self) -> Event:
        now = self.clock()
        rule, _, state = self.test.fields.event.rpartition(".")
        event = Event("evt_before", "", "", {}, b"", now)
        run = Run("run_before", event.id, rule, "", RunState(state), now, now)
        return ending_event(run, Ending(run.state), event, _new_event_id(now), now)

    def _work(self) -> None:
        """What a worker does until nothing is left to do; a wait is over at once, and the clock says so."""
        rules = {rule.digest: rule for rule in self.line.ruleset}
        labels = tuple({rule.runs_on for rule in self.line.ruleset if rule.runs_on})
        workshop = self._workshop()
        for _ in range(_MOST_CLAIMS):
            claimed = self.journal.claim("test", self.clock(), _LEASE, Turn(1, labels=labels))
            if not claimed:
                wait = self.journal.seconds_to_next(self.clock())
                if wait is None:
                    return
                self.clock.now += wait
            for run in claimed:
                event = self.journal.event(run.event_id)  # as the journal gives it back, like a worker's
                ending = Ending(run.verdict, run.error) if run.verdict else None
                if event and not ending:
                    ending = Execution(run, rules[run.digest], event, workshop).proceed()
                if ending is not None:
                    self.journal.end_run(run, ending.state, self.clock(), ending.error)

    def _workshop(self) -> Workshop:
        return Workshop(
            journal=self.journal,
            folder=self.line.folder,
            secrets={**self.line.secrets, **self.test.secrets},
            mask=_as_it_is,
            clock=self.clock,
            random=lambda: 0.5,
            log=lambda _level, _message: None,
            emit=emitter(self.line.index, self.clock, _new_event_id),
            outputs=Outputs(self.journal, partial(Stream, ())),
            perform=describing(self.test.fields.results),
        )

    def _run_told(self, run: Run) -> RunTold:
        steps = self.journal.steps(run.id)
        calls = tuple({step.kind: step.result[CALL]} for step in steps if CALL in step.result)
        return RunTold(run.rule, run.state, run.error, calls)


def _as_it_is(value: Any) -> Any:
    """In place of a mask: a test's secrets are none, and what is expected names them."""
    return value


def _with_payload(event: Event, payload: Json) -> Event:
    return replace(event, payload=payload, body=msgspec.json.encode(payload))
