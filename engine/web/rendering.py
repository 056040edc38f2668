"""Pages from templates: autoescaped, strict about names, with the words for times, sizes and states that people read."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hookrules.engine.model import Json
from hookrules.engine.reloads import LastReload
from hookrules.engine.web.representation import between, rfc3339

SHOWN = 256 * 1024
"""How many characters of one value a page shows."""

_HERE = Path(__file__).parent
_MEDIA = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
_SPANS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_COLOURS = re.compile(r"\x1b\[[0-9;:]*m")
_OUTPUT = frozenset({"stdout", "stderr", "body"})
_TONES = {
    "queued": "waiting",
    "waiting": "waiting",
    "retrying": "waiting",
    "running": "running",
    "succeeded": "good",
    "failed": "bad",
    "dead": "bad",
}


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A value as text, cut where it is too long for a page."""

    text: str
    cut: bool


class Pages:
    """All templates, compiled on first use."""

    def __init__(
        self,
        clock: Callable[[], float],
        static: Mapping[str, "Static"],
        last_reload: Callable[[], LastReload | None] = lambda: None,
        *,
        dry_run: bool = False,
    ) -> None:
        self._clock = clock
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters.update(_FILTERS)
        self._environment.globals.update({"between": between, "static": lambda name: f"/static/{name}?v={static[name].digest}"})
        self._environment.globals.update({"dry_run": dry_run, "last_reload": last_reload})

    def render(self, template: str, names: Mapping[str, Any]) -> bytes:
        now = self._clock()
        text = self._environment.get_template(template).render(names, now=now, ago=lambda then: ago(then, now))
        return text.encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Static:
    """A file that pages refer to, under a URL that changes with it."""

    media: str
    content: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:12]


def static_files() -> dict[str, Static]:
    """All of them, by name: so few and small that they are kept in memory."""
    files = (_HERE / "static").iterdir()
    return {file.name: Static(_MEDIA[file.suffix], file.read_bytes()) for file in files if file.suffix in _MEDIA}


def absolute(seconds: float) -> str:
    """`2025-11-23 22:47:01 UTC`."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def ago(then: float, now: float) -> str:
    """`just now`, `5 min ago`, `in 2 h`; the larger unit alone, since the absolute time is beside it."""
    distance = abs(now - then)
    if distance < 1:
        return "just now"
    words = next(f"{int(distance // size)} {unit}" for size, unit in _SPANS if distance >= size)
    return f"{words} ago" if then < now else f"in {words}"


def span(seconds: float | None) -> str:
    """A duration: `12 ms`, `3.4 s`, `2 min 5 s`, `1 h 0 min`; `–` where it is not known."""
    if seconds is None:
        return "–"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def quantity(size: int) -> str:
    """Bytes: `312 B`, `4.2 KiB`, `1.0 MiB`."""
    if size < 1024:
        return f"{size} B"
    return f"{size / 1024:.1f} KiB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MiB"


def excerpt(value: Json) -> Excerpt:
    """Text as it is, but without a terminal's colours; everything else as indented JSON. No more is written than is shown."""
    if isinstance(value, str):
        return Excerpt(_COLOURS.sub("", value[:SHOWN]), len(value) > SHOWN)
    parts, length = [], 0
    for part in json.JSONEncoder(indent=2, ensure_ascii=False, default=str).iterencode(value):
        parts.append(part)
        length += len(part)
        if length > SHOWN:
            break
    return Excerpt("".join(parts)[:SHOWN], length > SHOWN)


def short_values(result: Mapping[str, Json]) -> dict[str, Json]:
    """What of a step's result fits on a line: an exit code, a status. The rest is output, structure, or empty."""
    return {name: value for name, value in result.items() if name not in _OUTPUT and _is_short(value)}


def _is_short(value: Json) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= 80 and "\n" not in value
    return isinstance(value, int | float)


def line_by_line(value: Json) -> Json:
    """A list of texts (changed files) as lines; anything else as it is."""
    return "\n".join(value) if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value) else value


def on_one_line(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def sentence(message: str) -> str:
    """An error's message, as a page says it."""
    return message[:1].upper() + message[1:] + ("" if message.endswith((".", "!", "?")) else ".")


def tone(state: str) -> str:
    """The colour class of a state's badge; its text says the state itself."""
    return _TONES.get(state, "quiet")


_FILTERS: Mapping[str, Callable[..., Any]] = {
    "absolute": absolute,
    "bytes": quantity,
    "excerpt": excerpt,
    "line_by_line": line_by_line,
    "on_one_line": on_one_line,
    "rfc3339": rfc3339,
    "sentence": sentence,
    "short_values": short_values,
    "span": span,
    "tone": tone,
}
