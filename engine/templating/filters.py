"""The filters and tests that templates may use: Jinja's pure ones, those of them that print mended to print JSON, and `jsonpath`."""

from collections.abc import Callable, Iterable
from typing import Any

from jinja2.filters import FILTERS as DEFAULT_FILTERS
from jinja2.tests import TESTS as DEFAULT_TESTS

from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Json
from hookrules.engine.templating.printing import as_json_text, bounded, printed

Find = Callable[[str, Json], list[Json]]
"""Takes a JSONPath and a document, gives every value that the path names, in order."""

# Left out of Jinja's: what makes HTML, what is random, what reads Python attributes, and what pads without a bound.
# fmt: off
_KEPT_FILTERS = (
    "abs", "batch", "count", "d", "default", "dictsort", "filesizeformat", "first", "float", "groupby", "indent", "int",
    "items", "last", "length", "list", "map", "max", "min", "reject", "rejectattr", "reverse", "round", "select",
    "selectattr", "slice", "sort", "sum", "truncate", "unique", "urlencode", "wordcount", "wordwrap",
)
_KEPT_TESTS = (
    "!=", "<", "<=", "==", ">", ">=", "boolean", "defined", "divisibleby", "eq", "equalto", "even", "false", "float", "ge",
    "greaterthan", "gt", "in", "integer", "iterable", "le", "lessthan", "lower", "lt", "mapping", "ne", "none", "number",
    "odd", "sequence", "string", "true", "undefined", "upper",
)
# fmt: on

TOLERANT_FILTERS = frozenset({"default", "d"})
TOLERANT_TESTS = frozenset({"defined", "undefined"})
RAW = "raw"
"""Marks what is printed as it stands. It has no function: it is read where a value is printed, and nowhere else."""

_finder: list[Find] = []


def use_jsonpath(find: Find) -> None:
    """Say what runs the paths of the filter `jsonpath`."""
    _finder[:] = [find]


def jsonpath(value: Json, path: str) -> list[Json]:
    if not _finder:
        raise TemplateError("the filter jsonpath is not set up")
    return _finder[0](path, value)


def join(values: Iterable[Any], separator: str = "") -> str:
    return separator.join(printed(value) for value in bounded(values))


def _trim(value: Any, characters: str | None = None) -> str:
    return printed(value).strip(characters)


def _replace(value: Any, old: str, new: str) -> str:
    return printed(value).replace(printed(old), printed(new))


_OWN_FILTERS: dict[str, Callable[..., Any]] = {
    "capitalize": lambda value: printed(value).capitalize(),
    "join": join,
    "jsonpath": jsonpath,
    "lower": lambda value: printed(value).lower(),
    "replace": _replace,
    "string": printed,
    "title": lambda value: printed(value).title(),
    "tojson": as_json_text,
    "trim": _trim,
    "upper": lambda value: printed(value).upper(),
}
FILTERS: dict[str, Any] = {**{name: DEFAULT_FILTERS[name] for name in _KEPT_FILTERS}, **_OWN_FILTERS}
TESTS: dict[str, Any] = {name: DEFAULT_TESTS[name] for name in _KEPT_TESTS}
