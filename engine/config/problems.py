"""What pydantic found → findings, in words for a person and with a place in the file. No value of a secret is ever shown."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from hookrules.actions.action import Action
from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding, Level
from hookrules.engine.config.keys import Keys
from hookrules.engine.config.mended_lines import entry_alone
from hookrules.engine.config.rule_test import RuleTestFields, RuleTestFile
from hookrules.engine.config.rules import RULE_KEYS, STEP_KEYS, RuleFields, StepFields
from hookrules.engine.config.settings import Settings
from hookrules.engine.config.shapes import keys_of, model_at
from hookrules.engine.config.suggestions import FOREIGN_KEYS, closest
from hookrules.engine.config.yaml_nodes import Document, Path

_SECRETIVE = frozenset({"secret", "secrets", "token", "auth", "env", "headers"})
_CLOCK = frozenset({"clock", "time", "now", "received_at"})
_CALLED: Mapping[type, str] = {
    RuleFields: "a rule",
    StepFields: "a step",
    Settings: "hookrules.yaml",
    RuleTestFields: "a test",
    RuleTestFile: "a test file",
}


@dataclass(frozen=True, slots=True)
class _Fault:
    """One line of a ValidationError."""

    kind: str
    path: Path
    """From the model's root, as pydantic tells it."""
    message: str
    input: Any
    context: Mapping[str, Any]
    model: type[BaseModel]

    @property
    def key(self) -> str:
        return next((part for part in reversed(self.path) if isinstance(part, str)), "")

    @property
    def parent(self) -> type[BaseModel] | None:
        return model_at(self.model, self.path[:-1])

    @property
    def parent_name(self) -> str:
        """`a rule`, `a step`, `'http'`: the mapping that should have known the key."""
        name = next((part for part in reversed(self.path[:-1]) if isinstance(part, str)), "")
        return next((words for model, words in _CALLED.items() if issubclass(self.parent or object, model)), f"'{name}'")

    def shown(self) -> str:
        """The value, where it is short, plain and can't be a secret; else only what it is."""
        if isinstance(self.input, str) and _SECRETIVE.isdisjoint(self.path) and len(self.input) <= 60:
            return f"'{self.input}'"
        if isinstance(self.input, (bool, int, float)):
            return str(self.input).lower() if isinstance(self.input, bool) else str(self.input)
        return {str: "text", list: "a list", dict: "a mapping", type(None): "nothing"}.get(type(self.input), "that")


@dataclass(frozen=True, slots=True)
class _Said:
    code: Code
    message: str
    suggestion: str | None = None
    at_key: bool = False
    as_key: str | None = None
    """Suggest the whole entry as a line of its own, under this key."""
    line: int = 0
    """With `column`, how far inside of the value's text."""
    column: int = 0


def findings_of(error: ValidationError, model: type[BaseModel], document: Document, prefix: Path = ()) -> list[Finding]:
    """The findings for what `model` did not take of the document's node at `prefix`."""
    return findings_of_faults(error.errors(include_url=False), model, document, prefix)


def findings_of_faults(faults: Iterable[Any], model: type[BaseModel], document: Document, prefix: Path = ()) -> list[Finding]:
    """The same for some lines of a ValidationError."""
    faults = list(faults)
    unknown = [fault["loc"] for fault in faults if fault["type"] == "extra_forbidden"]
    return [_finding(each, model, document, prefix) for each in faults if not _is_there_by_another_name(each, unknown)]


def _is_there_by_another_name(fault: Any, unknown: Iterable[Path]) -> bool:
    """Whether it is a key that is missing only because it was written with a slip, which is told."""
    *parent, key = fault["loc"] or ("",)
    beside = [str(path[-1]) for path in unknown if list(path[:-1]) == parent]
    return fault["type"] == "missing" and closest(str(key), beside) is not None


def _finding(error: Any, model: type[BaseModel], document: Document, prefix: Path) -> Finding:
    path = error["loc"]
    of_a_key = bool(path) and path[-1] == "[key]"
    fault = _Fault(error["type"], path[:-1] if of_a_key else path, error["msg"], error["input"], error.get("ctx", {}), model)
    said = _SAYING.get(fault.kind, _wrong_value)(fault)
    place = (*prefix, *fault.path)
    shift = document.offset(place, fault.input) if said.line == 0 else 0
    line, column = document.locate_key(place) if said.at_key or of_a_key else document.locate(place, said.line, said.column + shift)
    suggestion = entry_alone(document, place, said.as_key) if said.as_key else said.suggestion
    return Finding(document.file, line, column, Level.ERROR, said.code, said.message, suggestion)


def _unknown_key(fault: _Fault) -> _Said:
    parent, key = fault.parent, fault.key
    if parent and issubclass(parent, Keys) and key in parent.later:
        return _Said(Code.NOT_IN_THIS_VERSION, f"'{key}' is not part of this version", at_key=True)
    known = keys_of(parent) if parent else []
    if parent and issubclass(parent, RuleTestFields) and key in _CLOCK:
        return _Said(Code.UNKNOWN_KEY, f"unknown key '{key}' in a test; its clock is 'at'", at_key=True, as_key="at")
    before, colon, after = key.partition(":")
    if colon and before in known:
        return _Said(Code.NO_SPACE_AFTER_COLON, "a space is missing after ':'", f"{before}: {after}", at_key=True)
    if parent and issubclass(parent, StepFields) and key == "when":
        return _Said(Code.UNKNOWN_KEY, "a step's condition is its 'if', and 'when' is the rule's", at_key=True, as_key="if")
    if parent and issubclass(parent, StepFields) and key in RULE_KEYS - set(known):
        message = f"'{key}' belongs to the rule, beside its 'name' and 'steps', and this is a step"
        return _Said(Code.UNKNOWN_KEY, message, at_key=True, as_key=key)
    if key in STEP_KEYS and parent and issubclass(parent, Action):
        message = f"'{key}' belongs to the step, beside {fault.parent_name}"
        return _Said(Code.UNKNOWN_KEY, message, at_key=True, as_key=key)
    if key in FOREIGN_KEYS and parent and issubclass(parent, (RuleFields, StepFields)):
        return _Said(Code.UNKNOWN_KEY, f"unknown key '{key}' in {fault.parent_name}; {FOREIGN_KEYS[key]}", at_key=True)
    return _Said(Code.UNKNOWN_KEY, f"unknown key '{key}' in {fault.parent_name}", closest(key, known), at_key=True)


def _missing(fault: _Fault) -> _Said:
    if fault.parent is RuleFields and fault.key == "steps":
        return _Said(Code.NO_STEPS, "a rule needs 'steps', a list with at least one step")
    return _Said(Code.MISSING_KEY, f"'{fault.key}' is missing in {fault.parent_name}")


def _too_short(fault: _Fault) -> _Said:
    if fault.parent is RuleFields and fault.key == "steps":
        return _Said(Code.NO_STEPS, "a rule needs at least one step")
    return _Said(Code.WRONG_VALUE, f"'{fault.key}' is empty")


_ADVICE = re.compile(r"[a-z]+(:| [a-z|`'\"{(])")


def _meant(message: str, suggestion: str | None) -> tuple[str, str | None]:
    """A finding's suggestion is the text to write; what only advises joins the message."""
    if suggestion is None:
        return message, None
    if suggestion.startswith("did you mean ") and suggestion.endswith("?"):
        return message, suggestion.removeprefix("did you mean ").removesuffix("?")
    return (f"{message}; {suggestion}", None) if _ADVICE.match(suggestion) else (message, suggestion)


def _as_it_says(code: Code, *, at_key: bool = False, advice: bool = True) -> Callable[[_Fault], _Said]:
    """`advice`: what is suggested may be a remedy in words."""

    def say(fault: _Fault) -> _Said:
        line, column = fault.context.get("line") or 0, fault.context.get("column") or 0
        suggestion = fault.context.get("suggestion")
        message, suggestion = _meant(fault.message, suggestion) if advice else (fault.message, suggestion)
        return _Said(code, message, suggestion, at_key, line=line, column=column)

    return say


def _literal(fault: _Fault) -> _Said:
    known = [word.strip("'") for word in fault.context.get("expected", "").replace(" or ", ", ").split(", ")]
    suggestion = closest(fault.input, known) if isinstance(fault.input, str) else None
    return _Said(Code.WRONG_VALUE, f"'{fault.key}' is one of {', '.join(known)}, not {fault.shown()}", suggestion)


def _mismatch(fault: _Fault) -> _Said:
    pattern = str(fault.context.get("pattern"))
    upper = fault.input.upper() if isinstance(fault.input, str) else ""
    message = f"'{fault.key}' is {fault.shown()}, which does not have the form {pattern}"
    return _Said(Code.WRONG_VALUE, message, upper if upper and re.fullmatch(pattern, upper) else None)


def _no_text(fault: _Fault) -> _Said:
    if fault.path[:1] == ("on",) and isinstance(fault.input, dict) and fault.input and fault.model is RuleFields:
        message = "'on' is a source and an event's type, like github.push; what else is asked of it is a condition, under 'when'"
        return _Said(Code.WRONG_VALUE, message, f"on: github.{next(iter(fault.input))}")
    return _expected("text")(fault)


def _expected(what: str) -> Callable[[_Fault], _Said]:
    def say(fault: _Fault) -> _Said:
        at = f" at '{fault.key}'" if fault.key else ""
        return _Said(Code.WRONG_VALUE, f"{what} is expected{at}, not {fault.shown()}")

    return say


def _no_mapping(fault: _Fault) -> _Said:
    before, colon, after = fault.input.partition(":") if isinstance(fault.input, str) else ("", "", "")
    if colon and before.isidentifier() and after[:1] not in ("", "/", " "):
        return _Said(Code.NO_SPACE_AFTER_COLON, "a space is missing after ':'", f"{before}: {after}")
    return _wrong_value(fault) if fault.kind == "mapping" else _expected("a mapping")(fault)


def _wrong_value(fault: _Fault) -> _Said:
    if fault.message.startswith("Input should"):
        bound = next((f"{words} {fault.context[key]:g}" for key, words in _BOUNDS.items() if key in fault.context), "something else")
        return _Said(Code.WRONG_VALUE, f"'{fault.key}' is {fault.shown()}; it has to be {bound}")
    message, suggestion = _meant(fault.message.removeprefix("Value error, "), fault.context.get("suggestion"))
    return _Said(Code.WRONG_VALUE, message, suggestion)


_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


_SAYING: Mapping[str, Callable[[_Fault], _Said]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "too_short": _too_short,
    "literal_error": _literal,
    "string_pattern_mismatch": _mismatch,
    "condition": _as_it_says(Code.CONDITION, advice=False),
    "template": _as_it_says(Code.TEMPLATE),
    "driver": _as_it_says(Code.DATABASE_DRIVER),
    "extra": _as_it_says(Code.NOT_INSTALLED),
    "unsafe": _as_it_says(Code.UNSAFE_PLACE),
    "later": _as_it_says(Code.NOT_IN_THIS_VERSION, at_key=True),
    "unknown_action": _as_it_says(Code.UNKNOWN_ACTION, at_key=True),
    "actions": _as_it_says(Code.ACTION_COUNT, at_key=True),
    "name": _as_it_says(Code.BAD_NAME),
    "pattern": _as_it_says(Code.EVENT_PATTERN),
    "package": _as_it_says(Code.UNUSABLE_PACKAGE, at_key=True),
    "secret": _as_it_says(Code.SECRET_MISSING),
    "unknown_proof": _as_it_says(Code.UNKNOWN_PROOF),
    "allow_from": _as_it_says(Code.NO_ADDRESS),
    **dict.fromkeys(("string_type", "string_sub_type"), _no_text),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), _expected("a whole number")),
    **dict.fromkeys(("float_type", "float_parsing"), _expected("a number")),
    **dict.fromkeys(("bool_type", "bool_parsing"), _expected("true or false")),
    **dict.fromkeys(("list_type", "tuple_type"), _expected("a list")),
    **dict.fromkeys(("dict_type", "model_type", "mapping_type", "model_attributes_type", "mapping"), _no_mapping),
}
