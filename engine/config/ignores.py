"""`# hookrules: ignore HR307` at the end of a line: the warnings of that line that its author knows of.

Errors can't be ignored, since what has one can't be used. A comment that asks for it is told so, as is one with a code that there is not.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding, Level
from hookrules.engine.config.yaml_nodes import Document

_MARK = "hookrules:"
_COMMENT = re.compile(r"#\s*hookrules:\s*ignore\b[ \t]*(?P<codes>(?:[A-Z]+[0-9]+(?:[,\s]+|$))*)")
_KNOWN = frozenset(str(code) for code in Code)


@dataclass(frozen=True, slots=True)
class _Ignore:
    file: str
    line: int
    column: int
    codes: frozenset[str]

    def told(self, message: str) -> Finding:
        return Finding(self.file, self.line, self.column, Level.WARNING, Code.IGNORE, message)


def without_ignored(findings: Iterable[Finding], documents: Iterable[Document]) -> Iterator[Finding]:
    """The findings but the ignored ones, and what is wrong with the comments themselves."""
    ignores = {(ignore.file, ignore.line): ignore for document in documents for ignore in _ignores_in(document)}
    for finding in [*findings, *(finding for ignore in ignores.values() for finding in _mistakes(ignore))]:
        ignore = ignores.get((finding.file, finding.line))
        if ignore is None or finding.code not in ignore.codes:
            yield finding
        elif finding.level is Level.ERROR:
            yield finding
            yield ignore.told(f"{finding.code} is an error in this line, and errors can't be ignored")


def _ignores_in(document: Document) -> Iterator[_Ignore]:
    for number, line in enumerate(document.lines, 1):
        found = _COMMENT.search(line) if _MARK in line else None
        if found:
            yield _Ignore(document.file, number, found.start() + 1, frozenset(re.split(r"[,\s]+", found["codes"])) - {""})


def _mistakes(ignore: _Ignore) -> Iterator[Finding]:
    if not ignore.codes:
        yield ignore.told("`ignore` names the codes of the warnings that it silences, like `# hookrules: ignore HR307`")
    for code in sorted(ignore.codes - _KNOWN):
        yield ignore.told(f"there is no finding {code}")
