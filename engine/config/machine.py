"""What steps need of the machine that they run on. Rules may be checked on another one, so that these are warnings."""

from collections.abc import Iterator

from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding
from hookrules.engine.config.written import WrittenRule


def check_machine(written: WrittenRule) -> Iterator[Finding]:
    for path, step in written.steps:
        for absence in step.action.missing_here():
            yield written.warning(Code.NOT_ON_THIS_MACHINE, absence.message, (*path, step.kind, absence.field))
