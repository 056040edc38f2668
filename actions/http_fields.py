"""Parts of an HTTP request's description: names of header fields, ranges of statuses."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, ValidationError, WithJsonSchema
from pydantic_core import InitErrorDetails, PydanticCustomError

from hookrules.engine.header_names import TOKEN, check_name

_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "host"})
_STATUS = range(100, 600)
_STATUS_SCHEMA = {
    "anyOf": [{"type": "integer", "minimum": 100, "maximum": 599}, {"type": "string", "pattern": "^[1-5][0-9]{2}(-[1-5][0-9]{2})?$"}]
}


HeaderName = Annotated[
    str, AfterValidator(partial(check_name, own=_FRAMING, owner="the client")), Field(json_schema_extra={"pattern": f"^{TOKEN}$"})
]


def _statuses(value: Any) -> tuple[tuple[int, int], ...]:
    """`200`, `"200-299"`, or a list of them, as inclusive ranges."""
    if not isinstance(value, (list, tuple)):
        return (_status_range(value),)
    ranges: list[tuple[int, int]] = []
    faults: list[InitErrorDetails] = []
    for position, item in enumerate(value):
        try:
            ranges.append(_status_range(item))
        except ValueError as fault:
            told = PydanticCustomError("status", "{message}", {"message": str(fault)})
            faults.append(InitErrorDetails(type=told, loc=(position,), input=item))
    if faults:
        raise ValidationError.from_exception_data("statuses", faults)
    return tuple(ranges)


def _status_range(item: Any) -> tuple[int, int]:
    if isinstance(item, tuple) and len(item) == 2:
        return item
    low, _, high = str(item).partition("-")
    if not (low.isascii() and low.isdigit() and (not high or high.isdigit())) or isinstance(item, bool):
        raise ValueError(f"{item!r} is no status: write 200 or 200-299")
    found = int(low), int(high or low)
    if found[0] not in _STATUS or found[1] not in _STATUS or found[0] > found[1]:
        raise ValueError(f"{item} is no status: they run from 100 to 599")
    return found


Statuses = Annotated[
    tuple[tuple[int, int], ...],
    BeforeValidator(_statuses),
    PlainSerializer(lambda ranges: [f"{low}-{high}" for low, high in ranges]),
    WithJsonSchema({"anyOf": [_STATUS_SCHEMA, {"type": "array", "items": _STATUS_SCHEMA, "minItems": 1}]}),
]


def has_header(headers: Mapping[str, object], name: str) -> bool:
    """Whether the field is there, in whatever case; `name` is lower case."""
    return any(given.lower() == name for given in headers)
