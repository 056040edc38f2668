"""What the docs say of each finding: what it means, a file that has it and the same file mended. The texts stand in pages/."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from hookrules.engine.config.codes import Code
from hookrules.engine.config.yaml_nodes import plain
from hookrules.engine.config.yaml_reader import read_text

PAGE = "docs/findings.md"
"""Where all of it is told; each code has its heading there."""


@dataclass(frozen=True, slots=True)
class CodePage:
    """`wrong` and `right` are whole files; None where no text can show it."""

    code: Code
    meaning: str
    wrong: str | None = None
    right: str | None = None


@functools.cache
def code_pages() -> Mapping[Code, CodePage]:
    """One for each code, in the catalogue's order."""
    written: dict[str, dict[str, str]] = {}
    for file in files("hookrules.engine.config").joinpath("pages").iterdir():
        if file.name.endswith(".yaml"):
            page = plain(read_text(file.read_text("utf-8"), file.name).root)
            written.update(page if isinstance(page, dict) else {})
    return {code: CodePage(code, **written[code]) for code in Code}
