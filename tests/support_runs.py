"""One run, from a rule's YAML to its ending, over a journal in memory."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from hookrules.actions import Services
from hookrules.engine.config.ruleset import Rule, build_rule
from hookrules.engine.config.yaml_nodes import plain
from hookrules.engine.config.yaml_reader import read_text
from hookrules.engine.ids import id_maker
from hookrules.engine.journal import Journal, RuleText, Turn
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.matching.index import Index
from hookrules.engine.matching.standing import match_of
from hookrules.engine.model import Event, Run
from hookrules.engine.runs.emitting import emitter
from hookrules.engine.runs.execution import Ending, Execution
from hookrules.engine.runs.halting import Halt
from hookrules.engine.runs.masking import Stream, masker
from hookrules.engine.runs.outputs import Outputs
from hookrules.engine.runs.workshop import Perform, Workshop, perform

LEASE = 30.0


class Clock:
    """A clock that moves only when told to."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def rule_of(text: str) -> Rule:
    """A rule from YAML, with a name and an event where it gives none."""
    return build_rule({"name": "tested", "on": "lab", **plain(read_text(text, "rule.yaml").root)})


def event_of(payload: Any, event_id: str = "evt_1", **fields: Any) -> Event:
    return Event(event_id, "lab", "", payload, b"", **{"received_at": 1_700_000_000.0, **fields})


class Bench:
    """A journal, a clock and a folder in which rules are executed one claim after the other."""

    def __init__(self, folder: Path, secrets: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.clock = Clock()
        self.journal: Journal = SqliteJournal(None)
        self.logged: list[tuple[str, str]] = []
        self.halt = Halt()
        self.secrets = dict(secrets or {})
        self.services: Services = {}
        self.perform: Perform = perform
        self.console_url: str | None = None
        self.outputs = Outputs(self.journal, partial(Stream, self.secrets.values()))
        self.index = Index([])
        self._new_event_id = id_maker("evt")

    def workshop(self, log: Callable[[str, str], None] | None = None) -> Workshop:
        return Workshop(
            journal=self.journal,
            folder=self.folder,
            secrets=self.secrets,
            mask=masker(self.secrets.values()),
            clock=self.clock,
            random=lambda: 0.5,
            log=log or (lambda level, message: self.logged.append((level, message))),
            emit=emitter(self.index, self.clock, self._new_event_id),
            outputs=self.outputs,
            services=self.services,
            perform=self.perform,
            console_url=self.console_url,
        )

    def start(self, rule: Rule, payload: Any) -> Event:
        """Accept an event that starts this rule."""
        event = event_of(payload, self._new_event_id(self.clock()))
        self.journal.keep_rules([RuleText(rule.digest, rule.name, rule.text)])
        self.journal.accept([(event, [match_of(rule, event)])]).result()
        return event

    def claim(self) -> Run | None:
        return next(iter(self.journal.claim("bench", self.clock(), LEASE, Turn(1))), None)

    def proceed(self, rule: Rule, event: Event, log: Callable[[str, str], None] | None = None) -> Ending | None:
        """Claim the run and take it as far as it goes, its ending written."""
        run = self.claim()
        assert run is not None, "no run is due"
        ending = Execution(run, rule, event, self.workshop(log), self.halt).proceed()
        if ending is not None:
            self.journal.end_run(run, ending.state, self.clock(), ending.error, before=ending.before)
        return ending

    def run(self, text: str, payload: Any = None) -> Ending | None:
        rule = rule_of(text)
        return self.proceed(rule, self.start(rule, payload))

    def messages(self) -> list[str]:
        return [message for _, message in self.logged]
