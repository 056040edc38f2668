"""What a view is: a query string and what the path names → what a page and its JSON twin both show. No view knows HTTP."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hookrules.engine.config.ruleset import Rule
from hookrules.engine.errors import HookrulesError
from hookrules.engine.journal import Reading
from hookrules.engine.model import Json
from hookrules.engine.reloads import LastReload


class NothingHere(HookrulesError):
    """The journal holds nothing of that id."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What views may look at."""

    reading: Reading
    rules: Callable[[], Iterable[Rule]]
    """The rules that are in force now."""
    last_reload: Callable[[], LastReload | None] = lambda: None


@dataclass(frozen=True, slots=True)
class View:
    names: Mapping[str, Any]
    """What the page's template sees."""
    as_json: Callable[[], Json]


Viewer = Callable[..., View]
"""Takes a desk, a query string, and what the path names by keyword. Raises BadParameter, NothingHere or JournalError."""
