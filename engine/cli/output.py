"""How results look: tables and marks for people, lines of JSON for programs."""

import json
import sys
import time
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from hookrules.engine.model import Json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_SHOWN_AS_IS = "\n\t"


def console() -> "Console":
    """A console on stdout: plain where it is no terminal, and no line is cut or broken anywhere."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


def print_table(heads: Sequence[str], rows: Iterable[Sequence["str | Text"]]) -> None:
    """Columns as wide as their widest cell. A narrow terminal wraps a line and never cuts an id."""
    from rich.text import Text

    table = [[Text(head, "bold") for head in heads], *([Text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)]
    widths = [max(cell.cell_len for cell in column) for column in zip(*table, strict=True)]
    screen = console()
    for row in table:
        line = Text("  ").join(padded(cell, width) for cell, width in zip(row, widths, strict=True))
        line.rstrip()
        screen.print(line)


def padded(cell: "Text", width: int) -> "Text":
    cell.pad_right(width - cell.cell_len)
    return cell


_STYLES = {
    "succeeded": "green",
    "failed": "red",
    "dead": "bold red",
    "running": "cyan",
    "retrying": "yellow",
    "waiting": "yellow",
}


def state_style(state: str) -> "Text":
    """A run's or a step's state, in its colour."""
    from rich.text import Text

    return Text(str(state), style=_STYLES.get(state, ""))


def state_mark(state: str) -> "Text":
    from rich.text import Text

    return Text({"succeeded": "✓", "failed": "✗"}.get(state, "·"), style=_STYLES.get(state, ""))


def write_json(value: Json) -> None:
    """One value, one line."""
    click.echo(json.dumps(value, ensure_ascii=sys.stdout.isatty(), default=str))  # a terminal obeys some characters


def printable(text: str) -> str:
    """The text without the characters that could drive a terminal or reorder a line: senders choose what is in a payload."""
    if text.isprintable():
        return text
    return "".join(character if _harmless(character) else character.encode("unicode_escape").decode() for character in text)


def one_line(text: str, limit: int) -> str:
    """Printable, on one line, of at most `limit` characters."""
    line = printable(" ".join(text.split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _harmless(character: str) -> bool:
    return character in _SHOWN_AS_IS or not unicodedata.category(character).startswith("C")


def clock(seconds: float | None) -> str:
    """Local time, for people."""
    return "" if seconds is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def timestamp(seconds: float | None) -> str | None:
    """RFC 3339 in UTC, for programs."""
    if seconds is None:
        return None
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{thousandths:03}Z"


def duration(start: float | None, end: float | None) -> str:
    """How long it took, for people; empty where it has not ended."""
    if start is None or end is None:
        return ""
    seconds = max(0.0, end - start)
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
