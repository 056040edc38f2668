"""Requests that would be refused each time: the rule names an address that the step may not reach."""

from collections.abc import Iterator

from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding
from hookrules.engine.config.written import Known, WrittenRule


def check_reach(written: WrittenRule, known: Known) -> Iterator[Finding]:
    if known.configured is None:
        return
    for path, step in written.steps:
        for absence in step.action.out_of_reach(known.configured):
            yield written.error(Code.OUT_OF_REACH, absence.message, (*path, step.kind, absence.field))
