"""JUnit's XML, as CI servers read it (the schema of Jenkins' xUnit plugin, junit-10.xsd)."""

import re
from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree

from hookrules.engine.cli.findings import as_line
from hookrules.engine.cli.verdicts import Verdict, details
from hookrules.engine.errors import ConfigurationError

# All but these may not stand in XML 1.0, not even escaped (section 2.2).
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def report(verdicts: Sequence[Verdict]) -> str:
    """A suite a file, a case a test."""
    suites = ElementTree.Element("testsuites", _counts(verdicts, name="hookrules"))
    for file, of_file in groupby(verdicts, lambda verdict: verdict.file):
        _add_suite(suites, file, list(of_file))
    ElementTree.indent(suites)
    return _written(suites)


def error_report(error: ConfigurationError) -> str:
    """Where no test could be run: a suite a file that is at fault, with one case, which is an error."""
    files = {finding.file: [one for one in error.findings if one.file == finding.file] for finding in error.findings}
    number = str(len(files))
    suites = ElementTree.Element("testsuites", {"name": "hookrules", **_none_run(number)})
    for file, findings in files.items():
        suite = ElementTree.SubElement(suites, "testsuite", _clean({"name": file, **_none_run("1")}))
        case = ElementTree.SubElement(suite, "testcase", _clean({"name": "can be read", "classname": file, "file": file, "time": "0.000"}))
        told = ElementTree.SubElement(case, "error", _clean({"message": str(error), "type": "error"}))
        told.text = _FORBIDDEN.sub("\ufffd", "\n".join(map(as_line, findings)))
    ElementTree.indent(suites)
    return _written(suites)


def _none_run(number: str) -> dict[str, str]:
    return {"tests": number, "failures": "0", "errors": number, "time": "0.000"}


def _written(suites: ElementTree.Element) -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _add_suite(suites: ElementTree.Element, file: str, verdicts: Sequence[Verdict]) -> None:
    suite = ElementTree.SubElement(suites, "testsuite", _counts(verdicts, name=file))
    for verdict in verdicts:
        seconds = f"{verdict.seconds:.3f}"
        attributes = {"name": verdict.test.fields.name, "classname": file, "file": file, "line": str(verdict.line), "time": seconds}
        case = ElementTree.SubElement(suite, "testcase", _clean(attributes))
        if verdict.failures:
            _add_failure(case, verdict)


def _add_failure(case: ElementTree.Element, verdict: Verdict) -> None:
    """One element for all: some readers take no more than the first."""
    first = verdict.failures[0].message
    failure = ElementTree.SubElement(case, "failure", _clean({"message": first, "type": "failure"}))
    parts = [f"{verdict.file}:{one.line}:{one.column}: {one.message}\n{details(one)}".rstrip() for one in verdict.failures]
    failure.text = _FORBIDDEN.sub("\ufffd", "\n\n".join(parts))


def _counts(verdicts: Sequence[Verdict], name: str) -> dict[str, str]:
    failed = sum(bool(verdict.failures) for verdict in verdicts)
    seconds = sum(verdict.seconds for verdict in verdicts)
    counts = {"tests": str(len(verdicts)), "failures": str(failed), "errors": "0", "time": f"{seconds:.3f}"}
    return _clean({"name": name, **counts})


def _clean(attributes: dict[str, str]) -> dict[str, str]:
    return {key: _FORBIDDEN.sub("\ufffd", value) for key, value in attributes.items()}
