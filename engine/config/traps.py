"""Lines that are good YAML and mean something else than their writer meant. Each finding shows the line as it should be written."""

import re
from collections.abc import Iterator

from hookrules.engine.conditions import compile_condition
from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding, Level
from hookrules.engine.config.yaml_nodes import Document, MappingNode, Node, ScalarNode, SequenceNode, child
from hookrules.engine.config.yaml_traps import quoted
from hookrules.engine.errors import ConditionError

_COMMENT = re.compile(r"\s+(#\S.*)")
"""A comment that begins without a space after `#`, as one that was meant as text does."""
_LIKE_TEXT = re.compile(r"#(\{\{|[0-9])")
_CONDITION_START = re.compile(r"\$|not\s|(header|query|event|git|steps|vars|item|run|failed)[.\[]|(any|all|none)\s+\$|[a-z]+\(")
_CONDITIONS = frozenset({"when", "if"})
_BRANCHES = frozenset({"all", "any", "none"})


def traps_in(document: Document, rule: Node) -> Iterator[Finding]:
    """All traps of one rule."""
    when = child(rule, "when")
    if when:
        yield from _condition(document, when, in_step=False)
    for section in ("steps", "on_failure", "finally"):
        for step in _items(child(rule, section)):
            condition = child(step, "if")
            if condition:
                yield from _condition(document, condition, in_step=True)
    yield from _cut_texts(document, rule)


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, SequenceNode) else ()


def _condition(document: Document, node: Node, *, in_step: bool) -> Iterator[Finding]:
    if isinstance(node, SequenceNode):
        for item in node.items:
            yield from _condition(document, item, in_step=in_step)
    elif isinstance(node, MappingNode):
        yield from _mapping(document, node, in_step=in_step)
    elif not node.style:
        yield from _cut_condition(document, node, in_step=in_step)


def _mapping(document: Document, node: MappingNode, *, in_step: bool) -> Iterator[Finding]:
    [*entries] = node.entries.values()
    if len(entries) == 1 and entries[0].key.text in _BRANCHES:
        yield from _condition(document, entries[0].value, in_step=in_step)
    elif len(entries) == 1 and not node.flow and _CONDITION_START.match(entries[0].key.text):
        message = "YAML reads this condition as a mapping, because of the ': ' in it; quote the whole line"
        yield _finding(document, node, Code.BECAME_A_MAPPING, message, _line_quoted(document, node))


def _cut_condition(document: Document, node: ScalarNode, *, in_step: bool) -> Iterator[Finding]:
    comment = _comment_after(document, node)
    if comment is None or _compiles(node.text, in_step=in_step):
        return
    message = f"YAML takes '{comment}' for a comment, and the condition ends before it; quote the whole line"
    yield _finding(document, node, Code.CUT_BY_COMMENT, message, _line_quoted(document, node))


def _compiles(text: str, *, in_step: bool) -> bool:
    try:
        compile_condition(text, in_step=in_step)
    except ConditionError:
        return False
    return True


def _cut_texts(document: Document, node: Node) -> Iterator[Finding]:
    """Values that lose their end, or all of it: `title: Build #{{ n }}`, `channel: #ops`."""
    if isinstance(node, MappingNode):
        for key, entry in node.entries.items():
            if key not in _CONDITIONS:
                yield from _cut_texts(document, entry.value)
    elif isinstance(node, SequenceNode):
        for item in node.items:
            yield from _cut_texts(document, item)
    elif not node.style:
        yield from _cut_text(document, node)


def _cut_text(document: Document, node: ScalarNode) -> Iterator[Finding]:
    comment = _comment_after(document, node)
    if comment is None or not (node.text == "" or _LIKE_TEXT.match(comment)):
        return
    message = f"YAML takes '{comment}' for a comment; quote the value if it belongs to it"
    yield _finding(document, node, Code.CUT_BY_COMMENT, message, _line_quoted(document, node), Level.WARNING)


def _comment_after(document: Document, node: ScalarNode) -> str | None:
    if node.line != node.end_line:
        return None
    found = _COMMENT.match(document.lines[node.line - 1], node.end_column - 1)
    return found[1].rstrip() if found else None


def _line_quoted(document: Document, node: Node) -> str:
    line = document.lines[node.line - 1]
    before, value = line[: node.column - 1].lstrip(), line[node.column - 1 :].strip()
    return f"{before}{'' if before.endswith(' ') or not before else ' '}{quoted(value)}"


def _finding(document: Document, node: Node, code: Code, message: str, suggestion: str, level: Level = Level.ERROR) -> Finding:
    return Finding(document.file, node.line, node.column, level, code, message, suggestion)
