"""How a value looks as text: text as it is, everything else as compact JSON."""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Json
from hookrules.engine.templating.missing import Missing

OUTPUT_LIMIT = 2**20
"""What one template may print, in characters."""
ITEMS_LIMIT = 100_000
"""How many items a filter's lazy result may have."""


def printed(value: Any) -> str:
    """The text of a value. Raises TemplateError for what is no JSON value."""
    if isinstance(value, str):
        return str(value)
    return as_json_text(value)


def as_json_text(value: Any) -> str:
    return json.dumps(json_value(value), ensure_ascii=False, separators=(",", ":"))


def json_value(value: Any) -> Json:
    """The value with what filters leave lazy worked out. Raises TemplateError for what is no JSON value."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Missing):
        raise TemplateError(value.message, suggestion=value.nearest)
    if isinstance(value, Mapping):
        return {printed(key): json_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, range, Iterator)):
        return [json_value(item) for item in bounded(value)]
    raise TemplateError(f"a {type(value).__name__} can't be printed")


def bounded(items: Iterable[Any]) -> Iterator[Any]:
    """The items, up to a bound that no honest payload meets."""
    iterator = iter(items)
    yield from itertools.islice(iterator, ITEMS_LIMIT)
    for _ in iterator:
        raise TemplateError(f"a list of more than {ITEMS_LIMIT:,} items")


def kind_of(value: Any) -> str:
    """What a reader of JSON calls the value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "an object" if isinstance(value, Mapping) else "a list"
