"""Why a text is not YAML, told with the line as it should be written."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml

from hookrules.engine.config.codes import Code
from hookrules.engine.config.condition_lines import quoted, without_template
from hookrules.engine.config.findings import Finding, Level

_BEFORE_A_VALUE = re.compile(r"\s*(?:- +)*(?:[^\s:'\"\[\]{},#][^:'\"\[\]{},#]*: +)?(?:- +)*")
_NO_SPACE = re.compile(r"(\s*(?:- +)*[A-Za-z_][\w-]*):(?![\s/])(\S.*)")


class Spot(NamedTuple):
    """A place in a file, counted from 0 as PyYAML's marks are."""

    line: int
    column: int


def quoted_line(lines: Sequence[str], mark: Spot) -> str | None:
    """The line at the mark with all that follows in quotes; None inside a flow collection, where it may end earlier."""
    if mark.line >= len(lines):
        return None
    line = lines[mark.line]
    before, value = line[: mark.column], line[mark.column :].rstrip()
    if not value or not _BEFORE_A_VALUE.fullmatch(before):
        return None
    return before.lstrip() + quoted(_inside_of_quotes(value))


def _inside_of_quotes(value: str) -> str:
    """`"$.ref == "main""` → `$.ref == "main"`: quotes around quotes of the same kind. Any other text as it is."""
    quote, inner = value[:1], value[1:-1]
    nested = quote in ("'", '"') and value.endswith(quote) and _OPENS[quote].search(inner)
    return inner if nested and inner.count(quote) % 2 == 0 else value


_OPENS = {quote: re.compile(rf"^[^{quote}]*(?:[\s(=,[{{:~]|^){quote}\S") for quote in ("'", '"')}
"""The first quote of its kind opens something, rather than closing what stands before it."""


def template_line(lines: Sequence[str], mark: Spot) -> tuple[str, str | None]:
    """What is said of the value there, which begins with `{{`, and the line as it should be written."""
    condition = without_template(lines, mark.line, mark.column)
    if condition:
        return "a condition takes no template; a path names the payload's value by itself", condition
    return "a value that begins with '{{' has to be quoted", quoted_line(lines, mark)


@dataclass(frozen=True, slots=True)
class _Trouble:
    """A syntax error with what stands around it. `context` is where the construct began that could not be finished."""

    problem: str
    doing: str
    place: Spot
    context: Spot
    lines: Sequence[str]

    @property
    def line(self) -> str:
        return self.line_at(self.place)

    def line_at(self, mark: Spot) -> str:
        return self.lines[mark.line] if mark.line < len(self.lines) else ""

    @property
    def character(self) -> str:
        return self.line[self.place.column : self.place.column + 1]


@dataclass(frozen=True, slots=True)
class _Diagnosis:
    code: Code
    message: str
    place: Spot
    suggestion: str | None = None


def explain_syntax(error: yaml.MarkedYAMLError, file: str, lines: Sequence[str]) -> Finding:
    place = _spot(error.problem_mark or error.context_mark)
    context = _spot(error.context_mark) if error.context_mark else place
    trouble = _Trouble(error.problem or "", error.context or "", place, context, lines)
    for explain in _EXPLANATIONS:
        found = explain(trouble)
        if found:
            break
    else:
        found = _Diagnosis(Code.YAML_SYNTAX, _as_told(trouble), place)
    return Finding(file, found.place.line + 1, found.place.column + 1, Level.ERROR, found.code, found.message, found.suggestion)


def _spot(mark: Any) -> Spot:
    return Spot(mark.line, mark.column) if mark else Spot(0, 0)


def _as_told(trouble: _Trouble) -> str:
    after = f" {trouble.doing}, begun in line {trouble.context.line + 1}" if trouble.doing else ""
    return f"not YAML: {trouble.problem}{after}"


def _tab(trouble: _Trouble) -> _Diagnosis | None:
    tab = re.match(r"[ ]*\t", trouble.line)
    if not tab or trouble.place.column > len(trouble.line) - len(trouble.line.lstrip()):
        return None
    place = Spot(trouble.place.line, tab.end() - 1)
    return _Diagnosis(Code.TAB, "a tab can't indent YAML; use spaces", place, trouble.line.expandtabs(2).rstrip())


def _special_character(trouble: _Trouble) -> _Diagnosis | None:
    if "that cannot start any token" not in trouble.problem or trouble.character not in "%@`":
        return None
    return _special(trouble, trouble.place, trouble.character)


def _special_name(trouble: _Trouble) -> _Diagnosis | None:
    if trouble.doing not in ("while scanning an alias", "while scanning an anchor", "while scanning a tag"):
        return None
    return _special(trouble, trouble.context, trouble.line_at(trouble.context)[trouble.context.column])


def _special(trouble: _Trouble, place: Spot, character: str) -> _Diagnosis:
    message = f"a value that begins with '{character}' has to be quoted"
    return _Diagnosis(Code.SPECIAL_START, message, place, quoted_line(trouble.lines, place))


def _text_after_a_closed_value(trouble: _Trouble) -> _Diagnosis | None:
    """`{{ x }}/y`, `[a] in b`, `'a' == b`: YAML ends the value early and trips over the rest."""
    start = _value_start(trouble.line)
    value = trouble.line[start:]
    if value[:1] not in ("[", "{", "'", '"') or not value or trouble.place.column <= start or "flow" in trouble.doing:
        return None
    return _early_end(trouble, Spot(trouble.place.line, start), value)


def _early_end(trouble: _Trouble, place: Spot, value: str) -> _Diagnosis:
    suggestion = quoted_line(trouble.lines, place)
    if value.startswith("{{"):
        message, suggestion = template_line(trouble.lines, place)
        return _Diagnosis(Code.UNQUOTED_TEMPLATE, message, place, suggestion)
    if value[0] in "[{":
        return _Diagnosis(Code.SPECIAL_START, f"a text that begins with '{value[0]}' has to be quoted", place, suggestion)
    return _Diagnosis(Code.YAML_SYNTAX, f"text goes on after the closing {value[0]}; quote all of it", place, suggestion)


def _open_at_the_end(trouble: _Trouble) -> _Diagnosis | None:
    if trouble.doing != "while parsing a flow node" or trouble.line:
        return None
    return _Diagnosis(Code.YAML_SYNTAX, "the file ends inside of a '[' or '{' that is never closed", trouble.place)


def _open_flow(trouble: _Trouble) -> _Diagnosis | None:
    """`[skip ci` without its bracket, and `{{ x | default('a') }}` with characters that break a flow mapping."""
    if "flow" not in trouble.doing:
        return None
    for mark in (trouble.context, trouble.place):
        start = _value_start(trouble.line_at(mark))
        value = trouble.line_at(mark)[start:]
        if value.startswith(("{{", "[", "{")):
            place = Spot(mark.line, start)
            return _early_end(trouble, place, value) if value.startswith("{{") else _broken_flow(trouble, place, value)
    return None


def _broken_flow(trouble: _Trouble, place: Spot, value: str) -> _Diagnosis:
    if place.line != trouble.place.line:
        return _unclosed(trouble, place, value)
    return _Diagnosis(Code.YAML_SYNTAX, "inside of [ ] and { }, a text with one of [ ] { } , in it has to be quoted", trouble.place)


_CUT_TEXT = re.compile(r"(?<=[\[{,:])(\s*)([^'\"\[\]{},:#]*(?<!\S)#[^,\]}]*[^,\]}\s])(?=\s*[,\]}])")
"""A text of a flow collection with a ` #` in it, or that begins with `#`."""


def _unclosed(trouble: _Trouble, place: Spot, value: str) -> _Diagnosis:
    line = trouble.line_at(place)
    mended = _CUT_TEXT.sub(lambda found: f"{found[1]}{quoted(found[2])}", line).strip()
    if mended != line.strip():
        cut = _CUT_TEXT.search(line)
        column = line.index("#", cut.start(2)) if cut else place.column
        message = f"YAML takes '{line[column:].rstrip()[:40]}' for a comment, and the '{value[0]}' is never closed; quote the text"
        return _Diagnosis(Code.CUT_BY_COMMENT, message, Spot(place.line, column), mended)
    closing = {"[": "]", "{": "}"}[value[0]]
    message = f"the '{value[0]}' that begins here has no fitting '{closing}'; close it, or quote the text"
    return _Diagnosis(Code.SPECIAL_START, message, place, quoted_line(trouble.lines, place))


def _colon_in_a_value(trouble: _Trouble) -> _Diagnosis | None:
    start = _value_start(trouble.line)
    if "mapping values are not allowed" not in trouble.problem or not 0 < start < trouble.place.column:
        return None
    if not trouble.line[:start].rstrip().endswith((":", "-")):
        return None
    place = Spot(trouble.place.line, start)
    return _Diagnosis(Code.YAML_SYNTAX, "a text with `: ` in it has to be quoted", place, quoted_line(trouble.lines, place))


def _no_space(trouble: _Trouble) -> _Diagnosis | None:
    """`name:deploy` is one word to YAML; it complains in that line, or in the next one about the colon there."""
    if "mapping values are not allowed" not in trouble.problem and "could not find expected ':'" not in trouble.problem:
        return None
    for row in range(trouble.place.line, max(trouble.context.line, 0) - 1, -1):
        found = _no_space_in(trouble, row)
        if found:
            return found
    return _no_space_in(trouble, trouble.place.line - 1)


def _no_space_in(trouble: _Trouble, row: int) -> _Diagnosis | None:
    found = _NO_SPACE.fullmatch(trouble.lines[row]) if 0 <= row < len(trouble.lines) else None
    if not found:
        return None
    before, value = found.groups()
    place = Spot(row, len(before))
    return _Diagnosis(Code.NO_SPACE_AFTER_COLON, "a space is missing after `:`", place, f"{before.lstrip()}: {value.rstrip()}")


def _no_space_before_brackets(trouble: _Trouble) -> _Diagnosis | None:
    """`http:{url: …}` is a key `http:{url` to YAML."""
    found = re.match(r"\s*(?:- +)*[A-Za-z_][\w-]*:[\[{]", trouble.line)
    return _no_space_in(trouble, trouble.place.line) if found and "block" in trouble.doing else None


def _indented_under_a_value(trouble: _Trouble) -> _Diagnosis | None:
    if "mapping values are not allowed" not in trouble.problem:
        return None
    column = len(trouble.line) - len(trouble.line.lstrip())
    place = Spot(trouble.place.line, column)
    return _Diagnosis(Code.YAML_SYNTAX, "this line is indented under a value that is already there; line it up with its siblings", place)


def _list_beside_its_key(trouble: _Trouble) -> _Diagnosis | None:
    if "sequence entries are not allowed" not in trouble.problem:
        return None
    return _Diagnosis(Code.YAML_SYNTAX, "a list can't begin in the line of its key; put it in the next line", trouble.place)


def _no_colon(trouble: _Trouble) -> _Diagnosis | None:
    if "could not find expected ':'" not in trouble.problem:
        return None
    return _Diagnosis(Code.YAML_SYNTAX, "this line is no `key: value`", trouble.context)


def _misaligned(trouble: _Trouble) -> _Diagnosis | None:
    if trouble.doing not in ("while parsing a block mapping", "while parsing a block collection"):
        return None
    kind = "mapping" if trouble.doing.endswith("mapping") else "list"
    column = len(trouble.line) - len(trouble.line.lstrip())
    message = (
        f"this line does not line up with the {kind} that begins in line {trouble.context.line + 1}, column {trouble.context.column + 1}"
    )
    return _Diagnosis(Code.YAML_SYNTAX, message, Spot(trouble.place.line, column))


def _open_quote(trouble: _Trouble) -> _Diagnosis | None:
    if "unexpected end of stream" not in trouble.problem or "scalar" not in trouble.doing:
        return None
    return _Diagnosis(Code.YAML_SYNTAX, "the quote that opens here is never closed", trouble.context)


def _unknown_escape(trouble: _Trouble) -> _Diagnosis | None:
    if "unknown escape character" not in trouble.problem:
        return None
    line = trouble.line_at(trouble.context)
    written = line[trouble.context.column + 1 :].rstrip().removesuffix('"')
    suggestion = line[: trouble.context.column].lstrip() + "'" + written.replace("'", "''") + "'"
    return _Diagnosis(
        Code.YAML_SYNTAX, "double quotes make `\\` begin an escape; use single quotes, where it is itself", trouble.place, suggestion
    )


def _value_start(line: str) -> int:
    """Where a line's value begins, after indentation, dashes and its key."""
    found = _BEFORE_A_VALUE.match(line)
    return found.end() if found else 0


_EXPLANATIONS: tuple[Callable[[_Trouble], _Diagnosis | None], ...] = (
    _tab,
    _special_character,
    _special_name,
    _unknown_escape,
    _open_quote,
    _open_at_the_end,
    _open_flow,
    _text_after_a_closed_value,
    _no_space,
    _no_space_before_brackets,
    _colon_in_a_value,
    _indented_under_a_value,
    _list_beside_its_key,
    _no_colon,
    _misaligned,
)
