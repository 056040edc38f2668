"""Rules that let anyone start a command."""

from collections.abc import Iterator

from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding
from hookrules.engine.config.written import Known, WrittenRule

_COMMANDS = frozenset({"shell"})


def check_exposure(written: WrittenRule, known: Known) -> Iterator[Finding]:
    open_sources = sorted(_named_by(written, known))
    if not open_sources:
        return
    for path, step in written.steps:
        if step.kind in _COMMANDS:
            message = f"anyone may start this command: source '{open_sources[0]}' has 'verify: none'"
            yield written.warning(Code.UNPROVEN_SHELL, message, (*path, step.kind))


def _named_by(written: WrittenRule, known: Known) -> set[str]:
    heads = {pattern.partition(".")[0] for pattern in written.rule.on}
    return set(known.unproven) if "*" in heads else heads.intersection(known.unproven)
