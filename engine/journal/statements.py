"""SQL by name: a file holds blocks that begin with `-- name: accept_event`."""

import re
from collections.abc import Mapping
from importlib.resources import files

_HEAD = re.compile(r"^-- name: ([a-z_]+)$", re.MULTILINE)


def load_statements(*file_names: str) -> Mapping[str, str]:
    """Name → statement, from files of the folder `sql`. Raises ValueError where a name comes twice."""
    statements: dict[str, str] = {}
    for file_name in file_names:
        for name, text in parse_statements(read_sql(file_name)):
            if name in statements:
                raise ValueError(f"{file_name}: the statement {name} is there twice")
            statements[name] = text
    return statements


def parse_statements(text: str) -> list[tuple[str, str]]:
    """A file's blocks in order, as (name, statement); what stands before the first is left out."""
    _, *parts = _HEAD.split(text)
    return [(name, statement.strip()) for name, statement in zip(parts[::2], parts[1::2], strict=True)]


def read_sql(file_name: str) -> str:
    return files("hookrules.engine.journal").joinpath("sql", file_name).read_text(encoding="utf-8")
