"""Plain scalars by the YAML 1.2 core schema (https://yaml.org/spec/1.2.2/#103-core-schema), with the text of a number kept beside it."""

import re
from typing import Self

from hookrules.engine.model import Json

_WORDS: dict[str, Json] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_MAY_BE_A_NUMBER = frozenset("0123456789+-.")
_MAY_BE_SPECIAL = _MAY_BE_A_NUMBER | {word[:1] for word in _WORDS}
_LONGEST_NUMBER = 300


class WrittenInt(int):
    """A whole number that was not written as Python writes it: `007`, `0x1F`. Its `str` is what was written."""

    source: str

    @classmethod
    def of(cls, value: int, source: str) -> Self:
        number = cls(value)
        number.source = source
        return number

    def __str__(self) -> str:
        return self.source


class WrittenFloat(float):
    """A number that was not written as Python writes it: `3.10`, `1e5`. Its `str` is what was written."""

    source: str

    @classmethod
    def of(cls, value: float, source: str) -> Self:
        number = cls(value)
        number.source = source
        return number

    def __str__(self) -> str:
        return self.source


def resolve(text: str) -> Json:
    """The value of a plain scalar: null, a boolean, a number, or the text itself."""
    if text[:1] not in _MAY_BE_SPECIAL:  # as nearly all are
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _MAY_BE_A_NUMBER or len(text) > _LONGEST_NUMBER:
        return text
    return _number(text)


def _number(text: str) -> Json:
    if _INTEGER.fullmatch(text):
        return _written_int(int(text), text)
    if _BASED.fullmatch(text):
        return _written_int(int(text, 0), text)
    if _FLOAT.fullmatch(text):
        return _written_float(float(text), text)
    if _NOT_FINITE.fullmatch(text):
        return _written_float(float(text.replace(".", "")), text)
    return text


def _written_int(value: int, text: str) -> int:
    return value if str(value) == text else WrittenInt.of(value, text)


def _written_float(value: float, text: str) -> float:
    return value if str(value) == text else WrittenFloat.of(value, text)
