"""The server's log: one line for what happened, with its fields; text for people, JSON for programs. It goes to stderr."""

import json
import logging
import sys
import time
from typing import Any, Literal

Format = Literal["text", "json"]

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

logger = logging.getLogger("hookrules")

_LINE_BREAKS = str.maketrans({character: repr(chr(character))[1:-1] for character in [*range(32), 127, 0x85, 0x2028, 0x2029]})
"""What a sender puts into a header must not look like another line of the log."""


def set_up(style: Format) -> None:
    """Send the log to stderr, from now on and in this process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if style == "json" else _Text())
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


def say(level: int, message: str, **fields: Any) -> None:
    """Log a message with its fields; a field that is None is left out."""
    logger.log(level, message, extra={"fields": {name: value for name, value in fields.items() if value is not None}})


def info(message: str, **fields: Any) -> None:
    say(logging.INFO, message, **fields)


def warning(message: str, **fields: Any) -> None:
    say(logging.WARNING, message, **fields)


def error(message: str, **fields: Any) -> None:
    say(logging.ERROR, message, **fields)


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        fields = "".join(f"  {name}={_word(value)}" for name, value in _fields(record).items())
        trace = "\n" + self.formatException(record.exc_info) if record.exc_info else ""
        return f"{clock} {level}{record.getMessage()}{fields}".translate(_LINE_BREAKS) + trace


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        time_ = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03}Z"
        line = {"time": time_, "level": record.levelname.lower(), "message": record.getMessage(), **_fields(record)}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str).translate(_LINE_BREAKS)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = getattr(record, "fields", {})
    return fields


def _word(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value)) or "-"
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    return json.dumps(text, ensure_ascii=False) if " " in text or not text else text
