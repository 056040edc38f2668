"""Query strings → filters. What a page does not know, or can't use, is refused by name instead of ignored."""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from hookrules.engine.errors import HookrulesError
from hookrules.engine.journal import EventFilter, RefusalFilter, RunFilter
from hookrules.engine.model import RunState

MOST = 500
"""How many rows one answer may hold."""

_USUAL = 50
_LONGEST = 200
_MOST_FIELDS = 20


class BadParameter(HookrulesError):
    """A query string that can't be used."""


def event_filter(query: str) -> EventFilter:
    given = _read(query, ("source", "type", "limit"))
    return EventFilter(given.get("source"), given.get("type"), _limit(given))


def run_filter(query: str) -> RunFilter:
    given = _read(query, ("rule", "state", "event", "limit"))
    return RunFilter(given.get("rule"), _state(given), given.get("event"), _limit(given))


def refusal_filter(query: str) -> RefusalFilter:
    given = _read(query, ("source", "limit"))
    return RefusalFilter(given.get("source"), _limit(given))


def no_filter(query: str) -> None:
    """For what takes no parameters."""
    _read(query, ())


def _read(query: str, known: Sequence[str]) -> Mapping[str, str]:
    """The parameters that have a value; a form sends those left empty, too."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except UnicodeDecodeError:
        raise BadParameter("the parameters are not UTF-8") from None
    except ValueError:
        raise BadParameter(f"there are more than {_MOST_FIELDS} parameters") from None
    given: dict[str, str] = {}
    for name, value in pairs:
        _check(name, value, known, given)
        if value.strip():
            given[name] = value.strip()
    return given


def _check(name: str, value: str, known: Sequence[str], given: Mapping[str, str]) -> None:
    if name not in known:
        has = f"it has {', '.join(known)}" if known else "it has none"
        raise BadParameter(f"this page has no parameter {_short(name)}; {has}")
    if name in given:
        raise BadParameter(f"the parameter {name} is given twice")
    if len(value) > _LONGEST:
        raise BadParameter(f"the parameter {name} is longer than {_LONGEST} characters")


def _limit(given: Mapping[str, str]) -> int:
    text = given.get("limit", str(_USUAL))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST):
        raise BadParameter(f"limit is {_short(text)}; it is a number from 1 to {MOST}")
    return int(text)


def _state(given: Mapping[str, str]) -> RunState | None:
    text = given.get("state")
    if text is None:
        return None
    try:
        return RunState(text)
    except ValueError:
        raise BadParameter(f"state is {_short(text)}; the states are {', '.join(RunState)}") from None


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
