"""Findings as workflow commands of GitHub Actions, which show them beside the lines of a pull request.

Format: "Workflow commands for GitHub Actions", Setting an error message; what is escaped, and how, is `actions/toolkit`'s `command.ts`.
"""

from hookrules.engine.cli.findings import meant
from hookrules.engine.config.findings import Finding

_IN_TEXT = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTIES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def as_command(finding: Finding) -> str:
    """`::error file=rules/a.yaml,line=4,col=5,title=HR101::unknown key …`"""
    properties = {"file": finding.file, "line": finding.line, "col": finding.column, "title": finding.code}
    written = ",".join(f"{name}={str(value).translate(_IN_PROPERTIES)}" for name, value in properties.items())
    return f"::{finding.level} {written}::{(finding.message + meant(finding)).translate(_IN_TEXT)}"
