"""Findings as SARIF 2.1.0, which code scanning services and editors read.

Format: "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", OASIS Standard with Errata 01.
"""

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from hookrules.engine.cli.findings import meant
from hookrules.engine.config.code_pages import PAGE, CodePage, code_pages
from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding
from hookrules.engine.model import Json

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def as_sarif(findings: Sequence[Finding]) -> Json:
    """One run, with the catalogue's entry of each code that it has."""
    codes = [code for code in Code if code in {finding.code for finding in findings}]
    driver = {"name": "hookrules", "semanticVersion": version("hookrules"), "rules": [_rule(code_pages()[code]) for code in codes]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": list(_results(findings, codes))}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(page: CodePage) -> Json:
    where = f"{PAGE}#{page.code.lower()}"
    shown = "".join(f"\n\n{title}:\n\n```yaml\n{text}```" for title, text in (("Wrong", page.wrong), ("Right", page.right)) if text)
    return {
        "id": str(page.code),
        "name": page.code.name.title().replace("_", ""),
        "shortDescription": {"text": page.code.about},
        "fullDescription": {"text": page.meaning},
        "help": {"text": f"{page.meaning} See {where}.", "markdown": f"{page.meaning}{shown}\n\n`{where}` in the docs of hookrules."},
    }


def _results(findings: Iterable[Finding], codes: Sequence[Code]) -> Iterable[Json]:
    places = {str(code): place for place, code in enumerate(codes)}
    for finding in findings:
        yield {
            "ruleId": str(finding.code),
            "ruleIndex": places[finding.code],
            "level": str(finding.level),
            "message": {"text": finding.message + meant(finding)},
            "locations": [{"physicalLocation": {"artifactLocation": _artifact(finding.file), "region": _region(finding)}}],
        }


def _artifact(file: str) -> Json:
    """A path below the folder that was named from stays relative to it, and services put that on their root; any other is an address."""
    path = Path(file)
    if path.is_absolute():
        return {"uri": path.as_uri()}
    return {"uri": quote(path.as_posix()), "uriBaseId": "%SRCROOT%"}


def _region(finding: Finding) -> Json:
    return {"startLine": finding.line, "startColumn": finding.column}
