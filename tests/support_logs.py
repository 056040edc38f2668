"""What the server says, caught before it becomes a line."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from hookrules.engine import logs


@dataclass(frozen=True)
class Said:
    level: logs.Level
    message: str
    fields: dict[str, object]
    trace: str


@contextmanager
def heard() -> Iterator[list[Said]]:
    """Everything that is said meanwhile, in any thread of this process."""
    said: list[Said] = []

    def line(_now: float, level: logs.Level, message: str, fields: logs.Fields, trace: str) -> str:
        said.append(Said(level, message, dict(fields), trace))
        return message

    log = logs._log
    with patch.object(log, "line", line), patch.object(log, "least", logs.Level.DEBUG):
        yield said
