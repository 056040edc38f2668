"""`# hookrules: ignore HR307` at the end of a line: the warnings of that line that its author knows of.

Errors can't be ignored, since what has one can't be used. A comment that asks for it is told so, as is one with a code that there is not,
and one in whose line there is nothing to silence.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding, Level
from hookrules.engine.config.yaml_nodes import Document

_MARK = "hookrules:"
_COMMENT = re.compile(r"#\s*hookrules:\s*ignore\b[ \t]*(?P<codes>(?:[A-Z]+[0-9]+(?:[,\s]+|$))*)")
_KNOWN = frozenset(str(code) for code in Code)
_OF_THE_MACHINE = frozenset({str(Code.NOT_ON_THIS_MACHINE), str(Code.SECRET_SHORT), str(Code.UNUSABLE_PACKAGE)})
"""Found on one machine and not on another."""


@dataclass(frozen=True, slots=True)
class _Ignore:
    file: str
    line: int
    column: int
    codes: frozenset[str]

    def told(self, message: str) -> Finding:
        return Finding(self.file, self.line, self.column, Level.WARNING, Code.IGNORE, message)


def without_ignored(
    findings: Iterable[Finding], documents: Iterable[Document], untold: Mapping[str, Collection[str]] | None = None
) -> Iterator[Finding]:
    """The findings but the ignored ones, and what is wrong with the comments themselves.

    `untold` has for each file the codes that were not looked for, or not by all that could be looked at; without it nothing is said of
    comments with nothing to silence.
    """
    findings, documents = list(findings), list(documents)
    ignores = {(ignore.file, ignore.line): ignore for document in documents for ignore in _ignores_in(document)}
    for finding in [*findings, *(finding for ignore in ignores.values() for finding in _mistakes(ignore))]:
        ignore = ignores.get((finding.file, finding.line))
        if ignore is None or finding.code not in ignore.codes:
            yield finding
        elif finding.level is Level.ERROR:
            yield finding
            yield ignore.told(f"{finding.code} is an error in this line, and errors can't be ignored")
    if untold is not None and ignores:
        yield from _idle(ignores.values(), findings, untold)


def _idle(ignores: Iterable[_Ignore], findings: Iterable[Finding], untold: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    """Of a file with errors nothing is said: what is hidden by them is not known."""
    faulty = {finding.file for finding in findings if finding.level is Level.ERROR}
    found = {(finding.file, finding.line, finding.code) for finding in findings}
    for ignore in ignores:
        for code in sorted((ignore.codes & _KNOWN) - _OF_THE_MACHINE - set(untold.get(ignore.file, ()))):
            if ignore.file not in faulty and (ignore.file, ignore.line, code) not in found:
                yield ignore.told(f"{code} is not found in this line; take it out, or move the comment to the end of the line that has it")


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
