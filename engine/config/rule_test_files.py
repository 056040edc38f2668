"""`*.test.yaml` → tests with their places, and findings. A test names what rules and settings have."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from hookrules.engine.config.codes import Code
from hookrules.engine.config.event_types import type_meant, unknown_type
from hookrules.engine.config.findings import Finding, Level, errors
from hookrules.engine.config.problems import findings_of
from hookrules.engine.config.rule_test import RuleTestFields, RuleTestFile
from hookrules.engine.config.rule_test_payloads import Body, body_of
from hookrules.engine.config.ruleset import PlannedStep, Rule, Ruleset
from hookrules.engine.config.settings import Settings
from hookrules.engine.config.suggestions import closest
from hookrules.engine.config.yaml_nodes import Document, plain
from hookrules.engine.config.yaml_nodes import Path as Place
from hookrules.engine.model import Json, RunState
from hookrules.engine.sources.catalogue import Catalogue

SCHEDULE, RULE = "schedule", "rule"
"""Sources of events that the engine makes itself."""

_STATES = tuple(state.value for state in RunState if state.ended)


@dataclass(frozen=True, slots=True)
class RuleTest:
    """A test that can be run. `path` leads to it in its document; `body` is None where the engine makes the payload itself."""

    fields: RuleTestFields
    document: Document
    path: Place
    source: str
    secrets: Mapping[str, str]
    body: Body | None

    def locate(self, *path: int | str) -> tuple[int, int]:
        """The line and column of what stands there in the test."""
        return self.document.locate((*self.path, *path))

    def locate_key(self, *path: int | str) -> tuple[int, int]:
        return self.document.locate_key((*self.path, *path))


@dataclass(frozen=True, slots=True)
class RuleTests:
    """The tests of one file. With errors among the findings, some are missing."""

    document: Document
    tests: tuple[RuleTest, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Nameable:
    """What a test may name. A field is None where a file that can't be read may have more of it."""

    sources: Collection[str] | None = None
    schedules: Collection[str] | None = None
    secrets: Collection[str] | None = None
    rules: Collection[str] | None = None
    built: Mapping[str, Rule] = field(default_factory=dict)
    """The rules themselves; of those with errors what is left of them."""
    catalogues: Mapping[str, Catalogue] = field(default_factory=dict)
    """What the events of a source look like, where that is known and asked for."""

    @classmethod
    def of(cls, settings: Settings, ruleset: Ruleset, catalogues: Mapping[str, Catalogue] | None = None) -> Self:
        return cls(settings.sources, settings.schedules, settings.secrets, ruleset.rules, ruleset.rules, catalogues or {})


def check_test_file(document: Document, nameable: Nameable) -> RuleTests:
    if document.root is None:
        return RuleTests(document, findings=document.findings)
    written, faults = _written(plain(document.root) or {}, document)
    findings = [*document.findings, *faults, *_unknown_secrets(written.secrets, document, ("secrets",), nameable)]
    tests = []
    for position, fields in enumerate(written.tests):
        reader = _Reader(fields, document, ("tests", position), nameable)
        said = [] if fields is _LEFT_OUT else list(reader.findings())
        findings += said
        if not errors(said) and not faults:
            tests.append(reader.test(written.secrets))
    return RuleTests(document, tuple(tests), tuple(findings))


_LEFT_OUT = RuleTestFields(name="-", rules=())
"""Stands in the place of a test that can't be read."""


def _written(data: Json, document: Document) -> tuple[RuleTestFile, list[Finding]]:
    """What can be read of a file, and what is wrong with the rest."""
    try:
        return RuleTestFile.model_validate(data), []
    except ValidationError as error:
        findings = findings_of(error, RuleTestFile, document)
        faults = [fault["loc"] for fault in error.errors(include_url=False, include_context=False, include_input=False)]
    tests = data.get("tests") if isinstance(data, dict) else None
    bad = {path[1] for path in faults if path[0:1] == ("tests",) and len(path) > 1}
    sound = [_LEFT_OUT if position in bad else test for position, test in enumerate(tests if isinstance(tests, list) else ())]
    secrets = data["secrets"] if isinstance(data, dict) and "secrets" in data and all(path[:1] != ("secrets",) for path in faults) else {}
    return RuleTestFile.model_validate({"secrets": secrets, "tests": sound}), findings


def _unknown_secrets(named: Collection[str], document: Document, path: Place, nameable: Nameable) -> Iterator[Finding]:
    for name in named:
        if nameable.secrets is not None and name not in nameable.secrets:
            line, column = document.locate_key((*path, name))
            message = f"there is no secret '{name}' in 'secrets' of hookrules.yaml"
            yield Finding(document.file, line, column, Level.ERROR, Code.UNKNOWN_IN_TEST, message, closest(name, nameable.secrets))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Holds one test against the rules and settings."""

    fields: RuleTestFields
    document: Document
    path: Place
    nameable: Nameable

    def findings(self) -> Iterator[Finding]:
        yield from self._source_findings()
        yield from self._type_findings()
        of_rules = list(self._rule_findings())
        yield from of_rules or self._result_findings()
        yield from _unknown_secrets(self.fields.secrets, self.document, (*self.path, "secrets"), self.nameable)
        try:
            self._body()
        except ValueError as problem:
            yield self._error(Code.TEST_PAYLOAD, str(problem), ("payload",))

    def test(self, secrets: Mapping[str, str]) -> RuleTest:
        both = {**secrets, **self.fields.secrets}
        return RuleTest(self.fields, self.document, self.path, self._source(), both, self._body())

    def _source(self) -> str:
        return self.fields.source or next(iter(self.nameable.sources or ()), "")

    def _error(self, code: Code, message: str, path: Place, suggestion: str | None = None, *, at_key: bool = False) -> Finding:
        place = (*self.path, *path)
        line, column = self.document.locate_key(place) if at_key else self.document.locate(place)
        return Finding(self.document.file, line, column, Level.ERROR, code, message, suggestion)

    def _unless_known(self, what: str, name: str, known: Collection[str] | None, path: Place, *, at_key: bool = False) -> Iterator[Finding]:
        if known is not None and name not in known:
            yield self._error(Code.UNKNOWN_IN_TEST, f"there is no {what} '{name}'", path, closest(name, known), at_key=at_key)

    def _source_findings(self) -> Iterator[Finding]:
        source, sources = self.fields.source, self.nameable.sources
        if source is None and sources is not None and len(sources) != 1:
            known = ", ".join((*sources, SCHEDULE, RULE))
            yield self._error(Code.MISSING_KEY, f"'source' is missing in a test; it is one of {known}", ())
        elif source == SCHEDULE:
            yield from self._unless_known("schedule", self.fields.event, self.nameable.schedules, ("event",))
        elif source is not None and source != RULE:
            yield from self._unless_known("source", source, sources and (*sources, SCHEDULE, RULE), ("source",))
        elif source == RULE:
            yield from self._ending_findings(*self.fields.event.rpartition(".")[::2])

    def _ending_findings(self, rule: str, state: str) -> Iterator[Finding]:
        if state not in _STATES:
            message = f"the event of source 'rule' is RULE.STATE, like deploy-main.failed; states are {', '.join(_STATES)}"
            yield self._error(Code.WRONG_VALUE, message, ("event",))
        else:
            yield from self._unless_known("rule", rule, self.nameable.rules, ("event",))

    def _type_findings(self) -> Iterator[Finding]:
        """No rule fires for a misspelt type, which a test of what stays silent would take for a success."""
        source, type_ = self._source(), self.fields.event
        catalogue = self.nameable.catalogues.get(source) if self.fields.source or len(self.nameable.sources or ()) == 1 else None
        meant = type_meant(type_, catalogue) if catalogue and type_ else None
        if meant:
            line, column = self.document.locate((*self.path, "event"))
            yield Finding(self.document.file, line, column, Level.WARNING, Code.UNKNOWN_EVENT, unknown_type(source, type_), meant)

    def _rule_findings(self) -> Iterator[Finding]:
        if not self.fields.expects:
            message = "a test says what it expects: the rules that it 'fires', or that stay 'silent'; 'rules: []' where none fires at all"
            yield self._error(Code.MISSING_KEY, message, ())
        for section in ("fires", "silent", "rules"):
            for position, name in enumerate(getattr(self.fields, section) or ()):
                yield from self._unless_known("rule", name, self.nameable.rules, (section, position))
        yield from self._conflict_findings()
        for section in ("ends", "steps"):
            for name in getattr(self.fields, section):
                yield from self._expected_findings(section, name)

    def _conflict_findings(self) -> Iterator[Finding]:
        for section in ("fires", "silent"):
            if self.fields.rules is not None and getattr(self.fields, section):
                message = f"'rules' names all that fire, so that '{section}' has nothing to add; leave one of them out"
                yield self._error(Code.WRONG_VALUE, message, (section,), at_key=True)
        for position, name in enumerate(self.fields.silent):
            if self.fields.rules is None and name in self.fields.expected:
                yield self._error(Code.WRONG_VALUE, f"'{name}' can't both fire and be silent", ("silent", position))

    def _expected_findings(self, section: str, name: str) -> Iterator[Finding]:
        unknown = list(self._unless_known("rule", name, self.nameable.rules, (section, name), at_key=True))
        yield from unknown
        if not unknown and name not in self.fields.expected:
            message = f"'{name}' is not among the 'rules' that are expected to fire"
            yield self._error(Code.UNKNOWN_IN_TEST, message, (section, name), at_key=True)

    def _result_findings(self) -> Iterator[Finding]:
        steps = {step.id: step for name in self.fields.expected for step in self._steps_of(name) if step.id}
        if any(name not in self.nameable.built for name in self.fields.expected):
            return
        for id_, result in self.fields.results.items():
            if id_ not in steps:
                message = f"no rule that is expected to fire has a step with the id '{id_}'"
                yield self._error(Code.UNKNOWN_IN_TEST, message, ("results", id_), closest(id_, steps), at_key=True)
                continue
            known = (*type(steps[id_].action).results, "error")
            for key in result:
                if steps[id_].kind and key not in known:
                    message = f"a {steps[id_].kind} step leaves no '{key}'; it leaves {', '.join(known)}"
                    yield self._error(Code.UNKNOWN_IN_TEST, message, ("results", id_, key), closest(key, known), at_key=True)

    def _steps_of(self, name: str) -> Iterator[PlannedStep]:
        rule = self.nameable.built.get(name)
        for steps in rule.sections().values() if rule else ():
            yield from steps

    def _body(self) -> Body | None:
        """Raises ValueError, in a sentence for a person, where it can't be used."""
        folder = Path(self.document.file).parent
        return body_of(self.fields, folder, made_by_engine=self._source() in (SCHEDULE, RULE))
