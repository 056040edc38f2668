"""Numbers that are too long, found in JSON before it is decoded."""

import re
from collections.abc import Iterator

from hookrules.engine.bodies.charsets import place
from hookrules.engine.bodies.limits import MAX_NUMBER
from hookrules.engine.errors import Unreadable

_DIGITS = b"0123456789+-.eE"
"""All that a number of JSON is made of."""
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_LONG = re.compile(rb"[0-9+\-.eE]{%d,}" % (MAX_NUMBER + 1))


_STRIDE = MAX_NUMBER // 8
_IS_DIGIT = bytes(byte in _DIGITS for byte in range(256))
_ALL_DIGITS = bytes([True]) * 8


def check_numbers(body: bytes) -> None:
    """Raises Unreadable. A run of so many characters covers eight of every 125th in a row, and one at a multiple of the bound: only where
    both are there the body is looked at."""
    if _ALL_DIGITS not in body[::_STRIDE].translate(_IS_DIGIT):
        return
    if any(_run_around(body, offset) > MAX_NUMBER for offset in _samples(body)):
        _look_outside_of_strings(body)


def _samples(body: bytes) -> Iterator[int]:
    return (offset for offset in range(MAX_NUMBER, len(body), MAX_NUMBER) if body[offset] in _DIGITS)


def _run_around(body: bytes, offset: int) -> int:
    """How long the run of number characters is that the offset lies in, counted no further than needed."""
    before = body[max(0, offset - MAX_NUMBER) : offset]
    after = body[offset : offset + MAX_NUMBER + 1]
    return len(before) - len(before.rstrip(_DIGITS)) + len(after) - len(after.lstrip(_DIGITS))


def _look_outside_of_strings(body: bytes) -> None:
    found = _LONG.search(_STRING.sub(lambda string: b'"' * len(string[0]), body))
    if found is not None:
        raise Unreadable(f"the body has a number of more than {MAX_NUMBER} characters at {place(body, found.start())}")
