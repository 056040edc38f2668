"""One test down the whole line: proven, read, matched, journalled and run, with its calls described and its clock its own."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import msgspec

from hookrules.engine import bodies
from hookrules.engine.config.rule_test_files import RULE, SCHEDULE, RuleTest
from hookrules.engine.config.rule_test_payloads import Body, merged
from hookrules.engine.config.ruleset import Ruleset
from hookrules.engine.errors import JournalError, Refusal
from hookrules.engine.intake import Intake, Taken
from hookrules.engine.journal import Journal, RunFilter
from hookrules.engine.matching.explanation import RuleExplanation, explain
from hookrules.engine.matching.index import Index
from hookrules.engine.model import Delivery, Event, Json, Reply, Run, RunState
from hookrules.engine.runs.endings import ending_event
from hookrules.engine.runs.execution import Ending
from hookrules.engine.runs.schedules import tick_event
from hookrules.engine.sources.source import Source
from hookrules.engine.testing.rehearsal import Clock, RunTold, new_event_id, rehearse, told_of, workshop_over


def stand_in(secret: str) -> str:
    """What a secret is in a test that does not say: good for a whole URL and for a text, and no one's (`.invalid`, RFC 2606)."""
    return f"https://{quote(secret, safe='')}.secret.invalid"


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
            return _Passage(self, test, journal, Clock(test.fields.at)).told()
        finally:
            journal.close()


@dataclass(frozen=True, slots=True)
class _Passage:
    line: Line
    test: RuleTest
    journal: Journal
    clock: Clock

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
        runs = tuple(told_of(self.journal, run) for run in self._runs(events))
        return Told(events[0], None, self._explanations(events), runs)

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
        intake = Intake(self.line.sources, self.line.index, self.journal, self.clock, new_event_id)
        if self.test.source in (SCHEDULE, RULE):
            taken: Taken | Reply = intake.accept([self._made_by_the_engine()])
        else:
            taken = intake.take(self._delivery(self.line.sources[self.test.source]))
        if isinstance(taken, Reply):
            return ()
        taken.receipts.result()
        return [bodies.whole(event) for event in taken.events]

    def _delivery(self, source: Source) -> Delivery:
        """As the provider would send it, and over that what the test says."""
        fields, body = self.test.fields, self.test.body or Body(b"", is_json=False)
        label = {name.lower(): (value,) for name, value in source.label(fields.event, "test").items() if value}
        headers = {**label, **body.headers(fields.headers)}
        return Delivery(source.name, body.data, headers, self.clock(), fields.query, address=fields.ip)

    def _made_by_the_engine(self) -> Event:
        fields, now = self.test.fields, self.clock()
        event = tick_event(fields.event, now, new_event_id(now), now) if self.test.source == SCHEDULE else self._ending()
        if self.test.body is None:
            return event if fields.merge is None else _with_payload(event, merged(event.payload, fields.merge))
        return _with_payload(event, json.loads(self.test.body.data))

    def _ending(self) -> Event:
        now = self.clock()
        rule, _, state = self.test.fields.event.rpartition(".")
        event = Event("evt_before", "", "", {}, b"", now)
        run = Run("run_before", event.id, rule, "", RunState(state), now, now)
        return ending_event(run, Ending(run.state), event, new_event_id(now), now)

    def _work(self) -> None:
        secrets = {**self.line.secrets, **self.test.secrets}
        results = self.test.fields.results
        rehearse(
            workshop_over(self.journal, self.clock, self.line.index, self.line.folder, secrets, results), self.clock, self.line.ruleset
        )


def _with_payload(event: Event, payload: Json) -> Event:
    return msgspec.structs.replace(event, payload=payload, body=msgspec.json.encode(payload))
