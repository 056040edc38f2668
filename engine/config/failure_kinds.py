"""`retry.on`: which failures are tried again, as `timeout`, `exit 75`, `status 500-599`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import PlainSerializer
from pydantic_core import PydanticCustomError

from hookrules.engine.config.keys import Compiled, problem
from hookrules.engine.config.suggestions import closest
from hookrules.engine.model import Failure, FailureKind

_NUMBERS: Mapping[FailureKind, tuple[range, str]] = {
    FailureKind.EXIT: (range(256), "exit codes run from 0 to 255"),
    FailureKind.SIGNAL: (range(1, 65), "signals run from 1 to 64"),
    FailureKind.STATUS: (range(100, 600), "statuses run from 100 to 599"),
}
_WRITTEN = re.compile(r"([a-z]+)(?: ([0-9]{1,9})(?:-([0-9]{1,9}))?)?")
_FORMS = "write timeout, connection, exit 75, exit 1-3, signal 9, status 429 or status 500-599"
_NUMBERED = "|".join(_NUMBERS)


@dataclass(frozen=True, slots=True)
class Failures:
    """Failures of one kind, within a range of numbers where the kind has such."""

    kind: FailureKind
    low: int | None = None
    high: int | None = None

    def __contains__(self, failure: Failure) -> bool:
        if failure.kind is not self.kind:
            return False
        return self.low is None or self.high is None or failure.number is None or self.low <= failure.number <= self.high

    def __str__(self) -> str:
        if self.low is None:
            return str(self.kind)
        return f"{self.kind} {self.low}" if self.low == self.high else f"{self.kind} {self.low}-{self.high}"


def _failures(written: Any) -> Failures:
    if isinstance(written, Failures):
        return written
    found = _WRITTEN.fullmatch(written) if isinstance(written, str) else None
    if found is None or found[1] not in list(FailureKind):
        raise problem("failure", f"{_shown(written)} is no kind of failure; {_FORMS}", _meant(written))
    return _numbered(FailureKind(found[1]), found[2], found[3])


def _numbered(kind: FailureKind, low: str | None, high: str | None) -> Failures:
    if kind not in _NUMBERS:
        if low is not None:
            raise problem("failure", f"'{kind}' goes without a number", str(kind))
        return Failures(kind)
    if low is None:
        raise problem("failure", f"'{kind}' needs a number or a range of them; {_FORMS}")
    return _in_range(Failures(kind, int(low), int(high or low)))


def _in_range(failures: Failures) -> Failures:
    known, words = _NUMBERS[failures.kind]
    if failures.low not in known or failures.high not in known:
        raise problem("failure", f"'{failures}' can't be: {words}")
    if failures.low is not None and failures.high is not None and failures.low > failures.high:
        raise problem("failure", f"'{failures}' runs backwards", f"{failures.kind} {failures.high}-{failures.low}")
    return failures


def _meant(written: Any) -> str | None:
    text = str(written)
    if not text.isascii() or not text.isdigit():
        return _mended(text) if isinstance(written, str) else None
    kind = next((kind for kind in (FailureKind.STATUS, FailureKind.EXIT) if int(text[:9]) in _NUMBERS[kind][0]), None)
    return None if kind is None else f"{kind} {text}"


def _mended(text: str) -> str | None:
    """`statsu 500` → `status 500`, `status 5xx` → `status 500-599`; None where no number is left that could be meant."""
    word, _, number = text.partition(" ")
    kind = closest(word, list(FailureKind))
    if kind is None or FailureKind(kind) not in _NUMBERS:
        return kind
    number = re.sub(r"^([1-5])xx$", r"\g<1>00-\g<1>99", number.strip(), flags=re.IGNORECASE)
    try:
        return str(_failures(f"{kind} {number}"))
    except PydanticCustomError:
        return None


def _shown(written: Any) -> str:
    return f"'{written}'" if isinstance(written, (str, int)) and len(str(written)) <= 60 else "that"


def never_of(on: tuple[Failures, ...], kinds: frozenset[FailureKind], action: str) -> PydanticCustomError | None:
    """What is wrong where a step's retry is on failures that its action never comes to."""
    strange = next((failures for failures in on if failures.kind not in kinds), None)
    if strange is None:
        return None
    known = [str(kind) for kind in FailureKind if kind in kinds]
    ways = f"it does by {' or '.join(known)}" if known else "it knows no such failures"
    return problem("failure", f"'{action}' never fails by '{strange}'; {ways}")


_SCHEMA = {"type": "string", "pattern": rf"^(timeout|connection|({_NUMBERED}) [0-9]{{1,3}}(-[0-9]{{1,3}})?)$", "title": "failure"}
FailuresField = Annotated[Failures, Compiled(_failures, _SCHEMA), PlainSerializer(str)]
