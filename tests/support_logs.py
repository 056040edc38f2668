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

    def write(level: logs.Level, message: str, fields: logs.Fields, trace: str) -> None:
        said.append(Said(level, message, {name: value for name, value in fields.items() if value is not None}, trace))

    with patch.object(logs._log, "write", write):
        yield said
