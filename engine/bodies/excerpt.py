"""The parts of a JSON body that somebody asks for, decoded as the whole body would be: the rest is skipped.

A body is refused for the same reasons, and in the same words, whatever is asked of it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any, TypedDict

import msgspec

from hookrules.engine.bodies.json_document import brackets_to_nest, json_of
from hookrules.engine.bodies.limits import MAX_DEPTH
from hookrules.engine.bodies.number_length import check_numbers
from hookrules.engine.errors import Unreadable
from hookrules.engine.model import Json, Way

_MOST_KEYS = 64
"""Of one object: the decoder tries them one by one."""
_Other = str | int | float | bool | None


class Excerpt:
    """What is asked for of the bodies of one source."""

    def __init__(self, ways: Iterable[Way]) -> None:
        self._decode = msgspec.json.Decoder(_type_of(set(ways))).decode

    def of(self, body: bytes) -> Json:
        """Of UTF-8 without a byte order mark. Raises Unreadable."""
        try:
            check_numbers(body)
            if not body.isascii():
                body.decode()
            part = self._decode(body)
        except (Unreadable, UnicodeDecodeError, RecursionError, msgspec.MsgspecError):
            return json_of(body)  # says what is wrong, or reads a number that is no double
        return json_of(body) if brackets_to_nest(body) > MAX_DEPTH else part


def excerpt(ways: Iterable[Way] | None) -> Excerpt | None:
    """None where all of a body is asked for."""
    asked = None if ways is None else set(ways)
    return None if asked is None or () in asked else Excerpt(asked)


def _type_of(ways: Collection[Way]) -> Any:
    """What msgspec decodes a value to of which these parts are asked for."""
    if () in ways:
        return Any
    under: defaultdict[str | None, set[Way]] = defaultdict(set)
    for way in ways:
        under[way[0]].add(way[1:])
    if len(under) > _MOST_KEYS or (None in under and len(under) > 1):
        return Any
    if not all(key is None or key.isascii() for key in under):  # msgspec takes one whose UTF-8 nobody has asked for yet as an empty one
        return Any
    if None in under:
        each = _type_of(under[None])
        return list[each] | dict[str, each] | _Other  # type: ignore[valid-type]  # made here, for msgspec alone
    return TypedDict("Parts", {str(key): _type_of(rest) for key, rest in under.items()}, total=False) | list[Any] | _Other  # type: ignore[operator]
