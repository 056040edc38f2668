"""The facts that a condition may name, and how each is read."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from hookrules.engine.conditions.facts import Facts
from hookrules.engine.conditions.jsonpath import parse_path
from hookrules.engine.conditions.logic import Unknown
from hookrules.engine.conditions.operands import Compiled, Reading
from hookrules.engine.conditions.path_mistakes import PathError
from hookrules.engine.conditions.tree import Fact
from hookrules.engine.header_names import HEADER_NAME
from hookrules.engine.model import Event, Fields

EVENT_FIELDS: dict[str, Callable[[Event], Any]] = {
    "source": lambda event: event.source,
    "type": lambda event: event.type,
    "id": lambda event: event.id,
    "ip": lambda event: event.address,
    "delivery_id": lambda event: event.delivery_id,
    "received_at": lambda event: datetime.fromtimestamp(event.received_at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
}
GIT_FIELDS = ("repo", "branch", "head_branch", "fork", "tag", "sha", "actor", "files")
MEANINGS = {
    "event.source": "the source's name in hookrules.yaml",
    "event.type": "what the sender calls it: `push`, `pull_request.opened`",
    "event.id": "the event's own id, as `hookrules events` lists it",
    "event.ip": "the address that delivered it",
    "event.delivery_id": "the sender's id of the delivery",
    "event.received_at": "when it came: `2031-05-01T12:00:00.000Z`",
    "git.repo": "the repository: `acme/shop`",
    "git.branch": "of a push the branch pushed, of a pull request the base, of a check or workflow its head branch where that lies here",
    "git.head_branch": "of a pull request the branch that it brings, of a check or workflow its head branch",
    "git.fork": "whether the change comes from another repository",
    "git.tag": "the tag pushed; such a push has no branch",
    "git.sha": "the commit; a deletion has none",
    "git.actor": "who did it",
    "git.files": "all paths that a push added, modified or removed: a set",
}
"""What each field of `event` and `git` is, for its docs."""
EVENT_ROOTS = ("header", "query", "event", "git")
STEP_ROOTS = ("steps", "vars", "item", "index", "run", "failed")
"""What only a step's `if` and `for_each` know."""
BARE_ROOTS = ("item", "index")
"""Roots that are facts by themselves."""

OR_TEXT = " (in quotes it is text)"
"""What else a field that there is not may have been meant as, inside of a condition."""

_FIRST_NAME = re.compile(r"\.([A-Za-z_][\w-]*)", re.ASCII)


def compile_fact(fact: Fact) -> Compiled:
    """Raises ConditionError for a field that there is not."""
    return _ROOTS.get(fact.root, _step_fact)(fact)


def _header(fact: Fact) -> Compiled:
    name = fact.rest.removeprefix(".")
    if not HEADER_NAME.fullmatch(name):
        raise fact.place.refuse(f"{name!r} is no header name; one is written like header.X-GitHub-Event")
    return _field(fact, name.lower(), lambda facts: facts.event.headers, Unknown(f"no header {name}"))


def _query(fact: Fact) -> Compiled:
    name = fact.rest.removeprefix(".")
    return _field(fact, name, lambda facts: facts.event.query, Unknown(f"no {name} in the query"))


def _field(fact: Fact, name: str, fields: Callable[[Facts], Fields], missing: Unknown) -> Compiled:
    def read(facts: Facts) -> Any:
        values = fields(facts).get(name)
        if not values:
            return missing
        return values[0] if len(values) == 1 else list(values)

    def elements(facts: Facts) -> Any:
        return list(fields(facts).get(name, ())) or missing

    return Compiled(fact.text, read, textual=True, elements=elements)


def _event(fact: Fact) -> Compiled:
    name = fact.rest.removeprefix(".")
    field = EVENT_FIELDS.get(name)
    if field is None:
        raise _no_such_field(fact, name, tuple(EVENT_FIELDS))
    missing = Unknown(f"this event has no {fact.text}")

    def read(facts: Facts) -> Any:
        value = field(facts.event)
        return missing if value is None else value

    return Compiled(fact.text, read)


def _git(fact: Fact) -> Compiled:
    first = _FIRST_NAME.match(fact.rest)
    name = first[1] if first else fact.rest.removeprefix(".")
    if name not in GIT_FIELDS:
        raise _no_such_field(fact, name, GIT_FIELDS)
    missing = Unknown(f"this event has no {fact.text}")
    deeper = fact.rest[len(name) + 1 :]
    if not deeper:
        return Compiled(fact.text, lambda facts: facts.event.git.get(name, missing), several=name == "files")
    return _deeper(fact, deeper, lambda facts: facts.event.git.get(name, missing))


def _step_fact(fact: Fact) -> Compiled:
    missing = Unknown(f"this run has no {fact.text}")
    return _deeper(fact, fact.rest, lambda facts: facts.run.get(fact.root, missing))


def _deeper(fact: Fact, rest: str, start: Reading) -> Compiled:
    """The JSONPath `rest` from what `start` gives."""
    try:
        path = parse_path("$" + rest)
    except PathError as error:
        place = type(fact.place)(fact.place.path, fact.place.column + max(len(fact.text) - len(rest) - 1 + error.column, 0))
        raise place.refuse(f"{fact.text}: {error}", error.suggestion) from None
    read_deeper = path.reader(fact.text, "this run" if fact.root in STEP_ROOTS else "this event")

    def read(facts: Facts) -> Any:
        value = start(facts)
        return value if isinstance(value, Unknown) else read_deeper(value)

    return Compiled(fact.text, read, several=path.several)


def _no_such_field(fact: Fact, name: str, known: tuple[str, ...]) -> Exception:
    close = get_close_matches(name, known, 1)
    message = f"there is no {fact.text}; {fact.root} has {', '.join(known)}{OR_TEXT}"
    return fact.place.refuse(message, f"{fact.root}.{close[0]}" if close else None)


_ROOTS: dict[str, Callable[[Fact], Compiled]] = {"header": _header, "query": _query, "event": _event, "git": _git}
