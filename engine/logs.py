"""The server's log: one line for what happened, with its fields; text for people, JSON for programs. It goes to stderr.

A server writes a line for every delivery: `logging` would spend several times as long on what no line shows.
"""

import asyncio
import contextlib
import json
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from enum import IntEnum
from functools import lru_cache
from typing import Any, Literal

Format = Literal["text", "json"]


class Level(IntEnum):
    """How much it matters. `log:` actions name them in small letters."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40


LEVELS: Mapping[str, Level] = {level.name.lower(): level for level in Level}

_LINE_BREAKS = str.maketrans({character: repr(chr(character))[1:-1] for character in [*range(32), 127, 0x85, 0x2028, 0x2029]})
"""What a sender puts into a header must not look like another line of the log."""

Fields = Mapping[str, Any]
Line = Callable[[float, Level, str, Fields, str], str]
"""A time, a level, a message, its fields and a traceback, which may be empty → what stands in the log."""


def say(level: Level, message: str, **fields: Any) -> None:
    """Log a message with its fields; a field that is None is left out."""
    _log.write(level, message, fields, "")


def info(message: str, **fields: Any) -> None:
    _log.write(Level.INFO, message, fields, "")


def warning(message: str, **fields: Any) -> None:
    _log.write(Level.WARNING, message, fields, "")


def error(message: str, **fields: Any) -> None:
    _log.write(Level.ERROR, message, fields, "")


def exception(message: str, **fields: Any) -> None:
    """An error, with the traceback of the exception that is being handled: a mistake of ours."""
    _log.write(Level.ERROR, message, fields, traceback.format_exc().rstrip())


class _Log:
    """In an event loop, what one turn of it has to say is written at once, at the turn's end."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.least = Level.WARNING
        self._lock = threading.Lock()
        self._waiting: list[str] = []

    def write(self, level: Level, message: str, fields: Fields, trace: str) -> None:
        if level < self.least:
            return
        line = self.line(time.time(), level, message, fields, trace) + "\n"
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._put(line)
            return
        with self._lock:
            self._waiting.append(line)
            first = len(self._waiting) == 1
        if first:
            loop.call_soon(self._put)

    def _put(self, line: str = "") -> None:
        with self._lock:
            lines, self._waiting = [*self._waiting, line], []
            with contextlib.suppress(OSError, ValueError):  # who reads the log has gone
                sys.stderr.write("".join(lines))
                sys.stderr.flush()


def _text(now: float, level: Level, message: str, fields: Fields, trace: str) -> str:
    head = "" if level is Level.INFO else f"{level.name.lower()}: "
    words = "".join([f"  {name}={_word(value)}" for name, value in fields.items() if value is not None])
    line = f"{_clock(int(now))} {head}{message}{words}"
    if not line.isprintable():  # which is quicker to ask
        line = line.translate(_LINE_BREAKS)
    return f"{line}\n{trace}" if trace else line


@lru_cache(maxsize=2)
def _clock(second: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(second))


def _json(now: float, level: Level, message: str, fields: Fields, trace: str) -> str:
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03}Z"
    told = {name: value for name, value in fields.items() if value is not None}
    line = {"time": moment, "level": level.name.lower(), "message": message, **told}
    if trace:
        line["trace"] = trace
    return json.dumps(line, ensure_ascii=False, default=str).translate(_LINE_BREAKS)


def _word(value: Any) -> str:
    if value.__class__ is str:
        return value if value and " " not in value else json.dumps(value, ensure_ascii=False)
    if isinstance(value, list | tuple):
        return ",".join(map(str, value)) or "-"
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    return json.dumps(text, ensure_ascii=False) if " " in text or not text else text


_log = _Log(_text)


def set_up(style: Format) -> None:
    """Say what a server says, from now on, in this process and its children."""
    _log.line = _json if style == "json" else _text
    _log.least = Level.INFO
