"""Lines that are good YAML and mean something else than their writer meant. Each finding shows the line as it should be written."""

import re
from collections.abc import Iterator

from hookrules.actions import kinds
from hookrules.engine.config.codes import Code
from hookrules.engine.config.condition_lines import BRANCHES, CONDITIONS, quoted, usable
from hookrules.engine.config.findings import Finding, Level
from hookrules.engine.config.yaml_nodes import Document, MappingNode, Node, ScalarNode, SequenceNode, child

_COMMENT = re.compile(r"\s+(#[^\s#].*)")
"""A comment that begins without a space after `#`, as one that was meant as text does."""
_LIKE_TEXT = re.compile(r"#(\{\{|[0-9])")
_CONDITION_START = re.compile(r"\$|not\s|(header|query|event|git|steps|vars|item|run|failed)[.\[]|(any|all|none)\s+\$|[a-z]+\(")


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
    if document.glued_comments:
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
    if len(entries) == 1 and entries[0].key.text in BRANCHES:
        yield from _condition(document, entries[0].value, in_step=in_step)
    elif len(entries) == 1 and not node.flow and _CONDITION_START.match(entries[0].key.text):
        message = "YAML reads this condition as a mapping, because of the ': ' in it; quote the whole line"
        yield _finding(document, node, Code.BECAME_A_MAPPING, message, _line_quoted(document, node))


def _cut_condition(document: Document, node: ScalarNode, *, in_step: bool) -> Iterator[Finding]:
    comment = _comment_after(document, node)
    if comment is None:
        return
    text = document.lines[node.line - 1][node.column - 1 :].strip()
    meant = usable(text, in_step=in_step)
    suggestion = _line_quoted(document, node, meant)
    if usable(node.text, in_step=in_step) == node.text:
        message = f"YAML takes '{comment}' for a comment; quote the whole line if it belongs to the condition"
        told = suggestion if meant else _comment_apart(document, node, comment)
        yield _finding(document, node, Code.CUT_BY_COMMENT, message, told, Level.WARNING)
    else:
        message = f"YAML takes '{comment}' for a comment, and the condition ends before it; quote the whole line"
        yield _finding(document, node, Code.CUT_BY_COMMENT, message, suggestion)


def _comment_apart(document: Document, node: ScalarNode, comment: str) -> str:
    """The line with a comment that is seen as one."""
    return f"{document.lines[node.line - 1][: node.end_column - 1].lstrip()}  # {comment.removeprefix('#')}"


def _cut_texts(document: Document, node: Node, *, templated: bool = False) -> Iterator[Finding]:
    """Values that lose their end, or all of it: `title: Build #{{ n }}`, `channel: #ops`. `templated`: the values are templates."""
    if isinstance(node, MappingNode):
        for key, entry in node.entries.items():
            if key not in CONDITIONS:
                yield from _cut_texts(document, entry.value, templated=templated or key == "vars" or key in kinds())
    elif isinstance(node, SequenceNode):
        for item in node.items:
            yield from _cut_texts(document, item, templated=templated)
    elif not node.style:
        yield from _cut_text(document, node, templated=templated)


def _cut_text(document: Document, node: ScalarNode, *, templated: bool) -> Iterator[Finding]:
    comment = _comment_after(document, node)
    if comment is None or not (node.text == "" or (templated and isinstance(node.value, str)) or _LIKE_TEXT.match(comment)):
        return
    message = f"YAML takes '{comment}' for a comment; quote the value if it belongs to it"
    yield _finding(document, node, Code.CUT_BY_COMMENT, message, _line_quoted(document, node), Level.WARNING)


def _comment_after(document: Document, node: ScalarNode) -> str | None:
    if node.line != node.end_line or node.line not in document.glued_comments:
        return None
    found = _COMMENT.match(document.lines[node.line - 1], node.end_column - 1)
    return found[1].rstrip() if found else None


def _line_quoted(document: Document, node: Node, meant: str | None = None) -> str:
    """The line with all of its value in quotes, or with what was meant."""
    line = document.lines[node.line - 1]
    before, value = line[: node.column - 1].lstrip(), meant or line[node.column - 1 :].strip()
    return f"{before}{'' if before.endswith(' ') or not before else ' '}{quoted(value)}"


def _finding(document: Document, node: Node, code: Code, message: str, suggestion: str, level: Level = Level.ERROR) -> Finding:
    return Finding(document.file, node.line, node.column, level, code, message, suggestion)
