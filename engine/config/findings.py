"""Findings: what loading has to say about a file, as data. Only the command line makes text of them."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass


class Level(enum.StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing to mend, and where. `line` and `column` count from 1; `code` is stable (`HR102`)."""

    file: str
    line: int
    column: int
    level: Level
    code: str
    message: str
    suggestion: str | None = None


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that keep a configuration from being used."""
    return [finding for finding in findings if finding.level is Level.ERROR]
