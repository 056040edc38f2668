"""Lines of a file as they should be written, for findings that know where they stand."""

from hookrules.engine.config.condition_lines import quoted
from hookrules.engine.config.yaml_nodes import Document, Entry, MappingNode, Path, ScalarNode, descend


def scalar_quoted(document: Document, path: Path) -> str | None:
    """The line of the text or number at the path, with quotes around that; None where it goes over several lines."""
    node = document.root and descend(document.root, path)
    if not isinstance(node, ScalarNode) or node.line != node.end_line or node.style:
        return None
    line = document.lines[node.line - 1]
    return f"{line[: node.column - 1].lstrip()}{quoted(node.text)}{line[node.end_column - 1 :]}".rstrip()


def entry_alone(document: Document, path: Path, key: str | None = None) -> str | None:
    """`key: value` at the path as a line of its own, perhaps under another key; of a value in further lines the key alone."""
    parent = document.root and descend(document.root, path[:-1])
    entry = parent.entries.get(str(path[-1])) if isinstance(parent, MappingNode) and path else None
    if entry is None or not isinstance(parent, MappingNode):
        return None
    value = _value_in_line(document, entry)
    return None if value is None else f"{key or entry.key.text}: {value}".rstrip()


def _value_in_line(document: Document, entry: Entry) -> str | None:
    """Empty for a value in further lines; None where its end can't be told."""
    value = entry.value
    if value.line != entry.key.line:
        return ""
    line = document.lines[value.line - 1][value.column - 1 :]
    if isinstance(value, ScalarNode):
        return line[: value.end_column - value.column] if value.line == value.end_line else None
    return _closed(line) if value.flow else None


def _closed(line: str) -> str | None:
    """A list or mapping in brackets, as far as these close; what is in quotes may hold brackets and is not told from them."""
    depth = 0
    for position, character in enumerate(line):
        depth += (character in "[{") - (character in "]}")
        if depth == 0:
            return line[: position + 1]
    return None
