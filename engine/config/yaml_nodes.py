"""A YAML file as a tree that knows its places. Lines and columns count from 1, columns in characters."""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hookrules.engine.config.findings import Finding
from hookrules.engine.model import Json

_GLUED = re.compile(r"\s#[^\s#]")

Path = tuple[int | str, ...]
"""Leads from the root to a node: list positions and keys."""


class ScalarNode(NamedTuple):  # nodes are tuples, which are made three times as fast as frozen dataclasses: a file has very many
    line: int
    column: int
    end_line: int
    end_column: int
    text: str
    style: str
    """How it was quoted: empty for plain, else `'`, `"`, `|` or `>`."""
    value: Json


class SequenceNode(NamedTuple):
    line: int
    column: int
    items: "tuple[Node, ...]"
    flow: bool


class Entry(NamedTuple):
    key: ScalarNode
    value: "Node"


class MappingNode(NamedTuple):
    line: int
    column: int
    entries: dict[str, Entry]
    """By the text of the key; YAML's `1: x` and `true: x` have the keys "1" and "true"."""
    flow: bool


Node = ScalarNode | SequenceNode | MappingNode


@dataclass(frozen=True)
class Document:
    """One file as read. `root` is None where it is empty or not YAML; `findings` then say why."""

    file: str
    lines: Sequence[str] = ()
    root: Node | None = None
    findings: tuple[Finding, ...] = field(default=())

    @functools.cached_property
    def glued_comments(self) -> frozenset[int]:
        """The lines in which something may be a comment that begins without a space after `#`, as one that was meant as text does."""
        return frozenset(number for number, line in enumerate(self.lines, 1) if "#" in line and _GLUED.search(line))

    def locate(self, path: Path, line: int = 0, column: int = 0) -> tuple[int, int]:
        """Where the node at `path` stands, or its nearest ancestor that is there.

        `line` and `column` lead on into a scalar's text, from 0, where the file shows that text as it is; else it is the scalar's start.
        """
        if self.root is None:
            return 1, 1
        node = descend(self.root, path)
        return inside(node, self.lines, line, column) if isinstance(node, ScalarNode) else (node.line, node.column)

    def offset(self, path: Path, part: object) -> int:
        """Where in the scalar at `path` a template begins that is only part of its text, as the URL is of `POST https://…`; else 0."""
        node = descend(self.root, path) if self.root else None
        return max(node.text.find(part), 0) if isinstance(node, ScalarNode) and isinstance(part, str) else 0

    def locate_key(self, path: Path) -> tuple[int, int]:
        """Where the key at the end of `path` stands; where it is no key, what `locate` says."""
        if self.root is None:
            return 1, 1
        parent = descend(self.root, path[:-1])
        entry = parent.entries.get(str(path[-1])) if path and isinstance(parent, MappingNode) else None
        return (entry.key.line, entry.key.column) if entry else self.locate(path)


def plain(node: Node | None) -> Json:
    """The node as Python data."""
    if isinstance(node, ScalarNode):
        return node.value
    if isinstance(node, MappingNode):
        return {key: plain(entry.value) for key, entry in node.entries.items()}
    return None if node is None else [plain(item) for item in node.items]


def child(node: Node, part: int | str) -> Node | None:
    if isinstance(node, MappingNode):
        entry = node.entries.get(str(part))
        return entry.value if entry else None
    if isinstance(node, SequenceNode) and isinstance(part, int) and 0 <= part < len(node.items):
        return node.items[part]
    return None


def descend(node: Node, path: Path) -> Node:
    """Follow the path, passing over each part that leads nowhere: short forms and defaults have no node."""
    for part in path:
        node = child(node, part) or node
    return node


def inside(node: ScalarNode, lines: Sequence[str], line: int, column: int) -> tuple[int, int]:
    """The place in the file of the character at `line`, `column` of a scalar's text; the scalar's start where that can't be told.

    A column beyond its line counts on into the next ones: conditions know no lines.
    """
    if line == 0 and "\n" in node.text[:column]:
        line, column = node.text.count("\n", 0, column), column - node.text.rfind("\n", 0, column) - 1
    if node.style == "|":
        return _inside_block(node, lines, line, column)
    if line or node.line != node.end_line:
        return node.line, node.column
    before = node.text[:column]
    width = node.end_column - node.column
    if node.style == "'" and width == len(node.text) + 2 + node.text.count("'"):
        return node.line, node.column + 1 + column + before.count("'")
    if node.style in ("", '"') and width == len(node.text) + 2 * len(node.style):  # no escapes, tag or anchor
        return node.line, node.column + len(node.style) + column
    return node.line, node.column


def _inside_block(node: ScalarNode, lines: Sequence[str], line: int, column: int) -> tuple[int, int]:
    written = node.text.splitlines()
    row = node.line + line
    if line >= len(written) or row >= len(lines):
        return node.line, node.column
    indentation = lines[row].find(written[line])
    return (row + 1, indentation + column + 1) if indentation >= 0 else (node.line, node.column)
