"""`*.test.yaml` → tests with their places, and findings. Rules and settings are sound by then: a test names what they have."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding, Level
from hookrules.engine.config.problems import findings_of
from hookrules.engine.config.rule_test import RuleTestFields, RuleTestFile
from hookrules.engine.config.ruleset import PlannedStep, Ruleset
from hookrules.engine.config.settings import Settings
from hookrules.engine.config.suggestions import closest
from hookrules.engine.config.yaml_nodes import Document, plain
from hookrules.engine.config.yaml_nodes import Path as Place
from hookrules.engine.model import Json, RunState

SCHEDULE, RULE = "schedule", "rule"
"""Sources of events that the engine makes itself."""

_STATES = tuple(state.value for state in RunState if state.ended)


@dataclass(frozen=True, slots=True)
class Body:
    """What a test delivers. `is_json` is False for a file whose name does not say so."""

    data: bytes
    is_json: bool = True


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


def check_test_file(document: Document, settings: Settings, ruleset: Ruleset) -> RuleTests:
    if document.root is None:
        return RuleTests(document, findings=document.findings)
    try:
        written = RuleTestFile.model_validate(plain(document.root) or {})
    except ValidationError as error:
        return RuleTests(document, findings=(*document.findings, *findings_of(error, RuleTestFile, document)))
    readers = [_Reader(fields, document, ("tests", position), settings, ruleset) for position, fields in enumerate(written.tests)]
    findings = [*document.findings, *_unknown_secrets(written.secrets, document, ("secrets",), settings)]
    tests = []
    for reader in readers:
        said = list(reader.findings())
        findings += said
        if not said:
            tests.append(reader.test(written.secrets))
    return RuleTests(document, tuple(tests), tuple(findings))


def _unknown_secrets(named: Collection[str], document: Document, path: Place, settings: Settings) -> Iterator[Finding]:
    for name in named:
        if name not in settings.secrets:
            line, column = document.locate_key((*path, name))
            message = f"there is no secret '{name}' in 'secrets' of hookrules.yaml"
            yield Finding(document.file, line, column, Level.ERROR, Code.UNKNOWN_IN_TEST, message, closest(name, settings.secrets))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Holds one test against the rules and settings."""

    fields: RuleTestFields
    document: Document
    path: Place
    settings: Settings
    ruleset: Ruleset

    def findings(self) -> Iterator[Finding]:
        yield from self._source_findings()
        of_rules = list(self._rule_findings())
        yield from of_rules or self._result_findings()
        yield from _unknown_secrets(self.fields.secrets, self.document, (*self.path, "secrets"), self.settings)
        try:
            self._body()
        except ValueError as problem:
            yield self._error(Code.TEST_PAYLOAD, str(problem), ("payload",))

    def test(self, secrets: Mapping[str, str]) -> RuleTest:
        both = {**secrets, **self.fields.secrets}
        return RuleTest(self.fields, self.document, self.path, self._source(), both, self._body())

    def _source(self) -> str:
        return self.fields.source or next(iter(self.settings.sources), "")

    def _error(self, code: Code, message: str, path: Place, suggestion: str | None = None, *, at_key: bool = False) -> Finding:
        place = (*self.path, *path)
        line, column = self.document.locate_key(place) if at_key else self.document.locate(place)
        return Finding(self.document.file, line, column, Level.ERROR, code, message, suggestion)

    def _unknown(self, what: str, name: str, known: Collection[str], path: Place, *, at_key: bool = False) -> Finding:
        return self._error(Code.UNKNOWN_IN_TEST, f"there is no {what} '{name}'", path, closest(name, known), at_key=at_key)

    def _source_findings(self) -> Iterator[Finding]:
        source, known = self.fields.source, (*self.settings.sources, SCHEDULE, RULE)
        if source is None and len(self.settings.sources) != 1:
            yield self._error(Code.MISSING_KEY, f"'source' is missing in a test; it is one of {', '.join(known)}", ())
        elif source is not None and source not in known:
            yield self._unknown("source", source, known, ("source",))
        elif source == SCHEDULE and self.fields.event not in self.settings.schedules:
            yield self._unknown("schedule", self.fields.event, self.settings.schedules, ("event",))
        elif source == RULE:
            yield from self._ending_findings(*self.fields.event.rpartition(".")[::2])

    def _ending_findings(self, rule: str, state: str) -> Iterator[Finding]:
        if state not in _STATES:
            message = f"the event of source 'rule' is RULE.STATE, like deploy-main.failed; states are {', '.join(_STATES)}"
            yield self._error(Code.WRONG_VALUE, message, ("event",))
        elif rule not in self.ruleset.rules:
            yield self._unknown("rule", rule, self.ruleset.rules, ("event",))

    def _rule_findings(self) -> Iterator[Finding]:
        if not self.fields.expects:
            message = "a test says what it expects: the rules that it 'fires', or that stay 'silent'; 'rules: []' where none fires at all"
            yield self._error(Code.MISSING_KEY, message, ())
        for section in ("fires", "silent", "rules"):
            for position, name in enumerate(getattr(self.fields, section) or ()):
                if name not in self.ruleset.rules:
                    yield self._unknown("rule", name, self.ruleset.rules, (section, position))
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
        if name not in self.ruleset.rules:
            yield self._unknown("rule", name, self.ruleset.rules, (section, name), at_key=True)
        elif name not in self.fields.expected:
            message = f"'{name}' is not among the 'rules' that are expected to fire"
            yield self._error(Code.UNKNOWN_IN_TEST, message, (section, name), at_key=True)

    def _result_findings(self) -> Iterator[Finding]:
        steps = {step.id: step for name in self.fields.expected for step in self._steps_of(name) if step.id}
        for id_, result in self.fields.results.items():
            if id_ not in steps:
                message = f"no rule that is expected to fire has a step with the id '{id_}'"
                yield self._error(Code.UNKNOWN_IN_TEST, message, ("results", id_), closest(id_, steps), at_key=True)
                continue
            known = (*type(steps[id_].action).results, "error")
            for key in result:
                if key not in known:
                    message = f"a {steps[id_].kind} step leaves no '{key}'; it leaves {', '.join(known)}"
                    yield self._error(Code.UNKNOWN_IN_TEST, message, ("results", id_, key), closest(key, known), at_key=True)

    def _steps_of(self, name: str) -> Iterator[PlannedStep]:
        rule = self.ruleset.rules.get(name)
        for steps in rule.sections().values() if rule else ():
            yield from steps

    def _body(self) -> Body | None:
        """Raises ValueError, in a sentence for a person, where it can't be used."""
        written = self.fields.payload
        if "payload" not in self.fields.model_fields_set:
            if self._source() in (SCHEDULE, RULE):
                return None
            raise ValueError("'payload' is missing: a file beside this one, or the payload itself")
        if isinstance(written, str):
            body = self._file(written)
            return body if self.fields.merge is None else _as_json(merged(_decoded(body, written), self.fields.merge))
        return _as_json(written if self.fields.merge is None else merged(written, self.fields.merge))

    def _file(self, name: str) -> Body:
        path = Path(self.document.file).parent / name
        try:
            return Body(path.read_bytes(), path.suffix == ".json")
        except (OSError, ValueError) as problem:
            why = getattr(problem, "strerror", None) or "not a path"
            raise ValueError(f"can't read {path}: {why.lower()}") from None


def _decoded(body: Body, name: str) -> Json:
    try:
        return json.loads(body.data)
    except (ValueError, RecursionError):
        raise ValueError(f"'merge' changes a payload of JSON, and {name} is none") from None


def _as_json(payload: Json) -> Body:
    return Body(json.dumps(payload, ensure_ascii=False).encode(errors="replace"))


def merged(payload: Json, changes: Json) -> Json:
    """RFC 7386, JSON Merge Patch: mappings are merged, null takes a key out, and anything else replaces what was there."""
    if not isinstance(changes, dict):
        return changes
    base = payload if isinstance(payload, dict) else {}
    kept = {key: value for key, value in base.items() if key not in changes}
    return kept | {key: merged(base.get(key), change) for key, change in changes.items() if change is not None}
