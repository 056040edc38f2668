"""Findings as text and as JSON."""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

from hookrules.engine.config.findings import Finding, Level
from hookrules.engine.model import Json


def as_line(finding: Finding) -> str:
    """`file:line:column: level: message (code)`, with what may have been meant."""
    return f"{finding.file}:{finding.line}:{finding.column}: {finding.level}: {finding.message} ({finding.code}){meant(finding)}"


def meant(finding: Finding) -> str:
    """The suggestion, to be put behind the message."""
    return f"; did you mean `{finding.suggestion}`?" if finding.suggestion else ""


def as_json(finding: Finding) -> dict[str, Json]:
    return {**asdict(finding), "level": str(finding.level), "code": str(finding.code)}


def from_here(findings: Iterable[Finding], here: Path) -> list[Finding]:
    """Sorted, with each file as a person standing in the folder `here` would name it."""
    return sorted(replace(finding, file=relative(finding.file, here)) for finding in findings)


def relative(file: str | Path, here: Path) -> str:
    """The path from `here`; as it is where it lies outside."""
    absolute = os.path.normpath(here / file)
    return os.path.relpath(absolute, here) if Path(absolute).is_relative_to(here) else str(file)


def count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def tally(findings: Iterable[Finding]) -> str:
    """`2 errors, 1 warning`, or `no findings`."""
    levels = Counter(finding.level for finding in findings)
    return ", ".join(count(levels[level], str(level)) for level in Level if levels[level]) or "no findings"
