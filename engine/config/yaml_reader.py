"""Bytes → Document. YAML 1.2's values over PyYAML's parser, in C where libyaml is there; whatever is wrong becomes a finding."""

import codecs
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

import yaml

from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding, Level
from hookrules.engine.config.yaml_nodes import Document, Entry, MappingNode, Node, ScalarNode, SequenceNode
from hookrules.engine.config.yaml_scalars import resolve
from hookrules.engine.config.yaml_traps import Spot, explain_syntax, quoted_line, template_line

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MAX_FILE = 64 * 2**20
MAX_DEPTH = 64
MAX_ALIASED = 10_000
"""How many nodes all aliases of a file may stand for together."""

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TEXT_TAGS = {"tag:yaml.org,2002:str", "!!str"}


def read_file(path: Path) -> Document:
    """The file, or a document without root whose one finding says why it can't be read."""
    name = str(path)
    try:
        if path.stat().st_size > MAX_FILE:
            return _unreadable(name, f"larger than {MAX_FILE // 2**20} MiB")
        return read_bytes(path.read_bytes(), name)
    except FileNotFoundError:
        return _unreadable(name, "there is no such file")
    except OSError as problem:
        return _unreadable(name, (problem.strerror or type(problem).__name__).lower())


def _unreadable(file: str, why: str) -> Document:
    return Document(file, findings=(Finding(file, 1, 1, Level.ERROR, Code.UNREADABLE_FILE, f"can't read {file}: {why}"),))


def read_bytes(data: bytes, file: str) -> Document:
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return read_text(data.decode(), file)
    except UnicodeDecodeError as problem:
        message = f"byte 0x{data[problem.start]:02x} is not UTF-8; save the file as UTF-8"
        return Document(file, findings=(_at_end_of(data[: problem.start].decode(), file, message),))


def read_text(text: str, file: str) -> Document:
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        message = f"the character U+{ord(forbidden[0]):04X} is not allowed in YAML; delete it, or write it as an escape in double quotes"
        return Document(file, findings=(_at_end_of(text[: forbidden.start()], file, message),))
    lines = text.splitlines()
    builder = _Builder(file, lines)
    try:
        builder.feed(iter(LOADER(text).get_event, None))
    except _GiveUp:
        return Document(file, lines, None, tuple(builder.findings))
    except yaml.MarkedYAMLError as problem:
        said = explain_syntax(problem, file, lines)
        return Document(file, lines, None, tuple({said.line: said, **{finding.line: finding for finding in builder.findings}}.values()))
    return Document(file, lines, builder.root, tuple(builder.findings))


def _at_end_of(good: str, file: str, message: str) -> Finding:
    lines = (good + ".").splitlines()
    return Finding(file, len(lines), len(lines[-1]), Level.ERROR, Code.NOT_TEXT, message)


class _GiveUp(Exception):
    """A finding after which the rest of the file can't be trusted."""


class _Open:
    """A collection whose end has not come yet."""

    __slots__ = ("entries", "is_list", "items", "key", "start", "weight")

    def __init__(self, start: Any) -> None:
        self.start = start
        self.is_list = type(start) is yaml.SequenceStartEvent
        self.items: list[Node] = []
        self.entries: dict[str, Entry] = {}
        self.key: Node | None = None
        self.weight = 1
        """How many nodes it stands for, aliases written out."""


class _Builder:
    """Makes a tree of PyYAML's events."""

    def __init__(self, file: str, lines: list[str]) -> None:
        self.root: Node | None = None
        self.findings: list[Finding] = []
        self._file = file
        self._lines = lines
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int] | None] = {}
        self._aliased = 0
        self._documents = 0

    def feed(self, events: Iterable[Any]) -> None:
        handlers = {kind: handle.__get__(self) for kind, handle in _HANDLERS.items()}
        for event in events:
            handle = handlers.get(event.__class__)
            if handle:
                handle(event)

    def document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            self._give_up(
                event, Code.SEVERAL_DOCUMENTS, "a second document begins here; a file holds one: delete this `---`, or make two files"
            )

    def scalar(self, event: Any) -> None:
        mark, end, style = event.start_mark, event.end_mark, event.style or ""
        text = event.value
        forced = event.tag is not None and self._is_text(event)
        value = text if style or forced else resolve(text)
        if value is not text and isinstance(value, float) and not math.isfinite(value):
            self._report(event, Code.NOT_A_JSON_NUMBER, f"{text} is not a number that JSON has; quote it to mean the text")
        place = (mark.line + 1, mark.column + 1, end.line + 1, end.column + 1)
        node = tuple.__new__(ScalarNode, (*place, text, style, value))  # without a detour through Python: a file has very many
        if event.anchor:
            self._anchored_scalar(event, node)
        self._add(node, 1)

    def open(self, event: Any) -> None:
        if len(self._open) >= MAX_DEPTH:
            self._give_up(event, Code.TOO_DEEP, f"lists and mappings are nested more than {MAX_DEPTH} deep here")
        if event.tag is not None:
            self._is_text(event)
        if event.anchor:
            self._anchors[event.anchor] = None
        self._open.append(_Open(event))

    def close_sequence(self, _event: Any) -> None:
        done = self._open.pop()
        mark = done.start.start_mark
        self._close(done, SequenceNode(mark.line + 1, mark.column + 1, tuple(done.items), bool(done.start.flow_style)))

    def close_mapping(self, _event: Any) -> None:
        done = self._open.pop()
        mark = done.start.start_mark
        self._close(done, MappingNode(mark.line + 1, mark.column + 1, done.entries, bool(done.start.flow_style)))

    def alias(self, event: Any) -> None:
        name = event.anchor
        if name not in self._anchors:
            message = f"there is no anchor '{name}'; quote a value that begins with '*'"
            self._report(event, Code.ALIAS, message, self._quoted(event))
            return self._add(self._nothing(event), 1)
        target = self._anchors[name]
        if target is None:
            self._give_up(event, Code.ALIAS, f"*{name} stands inside of what it names")
        node, weight = target
        self._aliased += weight
        if self._aliased > MAX_ALIASED:
            self._give_up(event, Code.ALIAS, f"the aliases of this file stand for more than {MAX_ALIASED:,} values")
        return self._add(node, weight)

    def _anchored_scalar(self, event: Any, node: ScalarNode) -> None:
        self._anchors[event.anchor] = (node, 1)
        if not node.text and not node.style:
            message = f"`&{event.anchor}` is read as YAML's anchor, and nothing is left of the value; quote a value that begins with '&'"
            self._report(event, Code.SPECIAL_START, message, self._quoted(event))

    def _close(self, done: _Open, node: Node) -> None:
        if done.start.anchor:
            self._anchors[done.start.anchor] = (node, done.weight)
        self._add(node, done.weight)

    def _add(self, node: Node, weight: int) -> None:
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        parent.weight += weight
        if parent.is_list:
            parent.items.append(node)
        elif parent.key is None:
            parent.key = node
        else:
            key, parent.key = parent.key, None
            self._add_entry(parent, key, node)

    def _add_entry(self, parent: _Open, key: Node, value: Node) -> None:
        if not isinstance(key, ScalarNode):
            self._report_key(key)
        elif key.text == "<<" and not key.style:
            self._report_at(key, Code.MERGE_KEY, "merge keys are not part of YAML 1.2; write the keys out")
        elif key.text in parent.entries:
            first = parent.entries[key.text].key
            self._report_at(key, Code.DUPLICATE_KEY, f"key '{key.text}' is here a second time; the first is in line {first.line}")
        else:
            parent.entries[key.text] = Entry(key, value)

    def _report_key(self, key: Node) -> None:
        before = self._lines[key.line - 1][: key.column - 1]
        if isinstance(key, MappingNode) and key.flow and before.endswith("{"):
            message, suggestion = template_line(self._lines, Spot(key.line - 1, key.column - 2))
            outer = key._replace(column=key.column - 1)
            self._report_at(outer, Code.UNQUOTED_TEMPLATE, message, suggestion)
        else:
            self._report_at(key, Code.WRONG_VALUE, "a key has to be text")

    def _is_text(self, event: Any) -> bool:
        """Whether the tag only says that this is text; all others are findings."""
        if event.tag in _TEXT_TAGS:
            return True
        written = event.tag.replace("tag:yaml.org,2002:", "!!")
        message = f"the tag {written} is not allowed; delete it, or quote a value that begins with '!'"
        self._report(event, Code.TAG, message, None if written.startswith("!!") else self._quoted(event))
        return False

    def _quoted(self, event: Any) -> str | None:
        return quoted_line(self._lines, Spot(event.start_mark.line, event.start_mark.column))

    def _nothing(self, event: Any) -> ScalarNode:
        mark, end = event.start_mark, event.end_mark
        return ScalarNode(mark.line + 1, mark.column + 1, end.line + 1, end.column + 1, "", "", None)

    def _report(self, event: Any, code: Code, message: str, suggestion: str | None = None) -> None:
        mark = event.start_mark
        self.findings.append(Finding(self._file, mark.line + 1, mark.column + 1, Level.ERROR, code, message, suggestion))

    def _report_at(self, node: Node, code: Code, message: str, suggestion: str | None = None) -> None:
        self.findings.append(Finding(self._file, node.line, node.column, Level.ERROR, code, message, suggestion))

    def _give_up(self, event: Any, code: Code, message: str) -> NoReturn:
        self._report(event, code, message)
        raise _GiveUp


_HANDLERS: dict[type, Callable[[_Builder, Any], None]] = {
    yaml.DocumentStartEvent: _Builder.document,
    yaml.ScalarEvent: _Builder.scalar,
    yaml.AliasEvent: _Builder.alias,
    yaml.SequenceStartEvent: _Builder.open,
    yaml.MappingStartEvent: _Builder.open,
    yaml.SequenceEndEvent: _Builder.close_sequence,
    yaml.MappingEndEvent: _Builder.close_mapping,
}
