"""What `test` says: a line a test, under one that fails what does not hold, and what no test shows."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import click
from rich.text import Text

from hookrules.engine.cli import explanations
from hookrules.engine.cli.findings import count, relative
from hookrules.engine.cli.output import console, one_line, printable
from hookrules.engine.config.rule_test_files import RuleTest
from hookrules.engine.model import Json
from hookrules.engine.testing.coverage import Coverage, Gap
from hookrules.engine.testing.expectations import Failure
from hookrules.engine.testing.line import Told

_DIFFERENCE_STYLES = {"-": "red", "+": "green"}


class Verdict(NamedTuple):
    """What came of one test. `file` is its file as a person here would name it, `seconds` how long it took."""

    test: RuleTest
    file: str
    told: Told
    failures: tuple[Failure, ...]
    seconds: float

    @property
    def line(self) -> int:
        return self.test.locate_key("name")[0]


def as_json(verdicts: Sequence[Verdict], coverage: Coverage | None) -> dict[str, Json]:
    told: dict[str, Json] = {
        "passed": sum(not verdict.failures for verdict in verdicts),
        "failed": sum(bool(verdict.failures) for verdict in verdicts),
        "tests": [_as_json(verdict) for verdict in verdicts],
    }
    return told if coverage is None else {**told, "coverage": _coverage_as_json(coverage)}


def _as_json(verdict: Verdict) -> dict[str, Json]:
    runs = {
        run.rule: {"state": str(run.state), "error": run.error, "steps": [dict(call) for call in run.calls]} for run in verdict.told.runs
    }
    return {
        "name": verdict.test.fields.name,
        "file": verdict.file,
        "line": verdict.line,
        "passed": not verdict.failures,
        "rules": runs,
        "failures": [_failure_as_json(failure) for failure in verdict.failures],
    }


def _failure_as_json(failure: Failure) -> dict[str, Json]:
    explanation = failure.explanation.as_json() if failure.explanation else None
    place = {"line": failure.line, "column": failure.column}
    return {**place, "message": failure.message, "explanation": explanation, "difference": list(failure.difference)}


def _coverage_as_json(coverage: Coverage) -> dict[str, Json]:
    gaps = [{**asdict(gap), "file": relative(gap.file, Path.cwd())} for gap in coverage.gaps]
    return {"percent": round(coverage.percent, 1), "shown": coverage.shown, "all": coverage.all, "missing": gaps}


def write(verdicts: Sequence[Verdict], coverage: Coverage | None) -> None:
    screen = console()
    for line in (*(line for verdict in verdicts for line in _lines(verdict)), *(_coverage_lines(coverage) if coverage else ())):
        screen.print(line)
    failed = sum(bool(verdict.failures) for verdict in verdicts)
    click.echo(f"{count(len(verdicts), 'test')}: {f'{failed} failed, ' if failed else ''}{len(verdicts) - failed} passed", err=True)


def _lines(verdict: Verdict) -> Iterator[Text]:
    mark, style = ("✗", "red") if verdict.failures else ("✓", "green")
    yield Text.assemble((mark, style), " ", (one_line(verdict.test.fields.name, 120), "bold"), (f"  {verdict.file}:{verdict.line}", "dim"))
    for failure in verdict.failures:
        yield Text(f"  {verdict.file}:{failure.line}:{failure.column}: {one_line(failure.message, 500)}")
        yield from _details(failure, "      ")


def _details(failure: Failure, indent: str) -> Iterator[Text]:
    for line in explanations.of_rule(failure.explanation) if failure.explanation else ():
        yield Text(indent).append_text(line)
    if failure.difference:
        yield Text.assemble(indent, ("- expected", "red"), "  ", ("+ got", "green"))
    for text in failure.difference:
        yield Text.assemble(indent, (printable(text), _DIFFERENCE_STYLES.get(text[:1], "dim")))


def details(failure: Failure) -> str:
    """What `write` shows under a failure, as plain text."""
    return "\n".join(line.plain for line in _details(failure, ""))


def _coverage_lines(coverage: Coverage) -> Iterator[Text]:
    for gap in coverage.gaps:
        yield Text(_gap_line(gap))
    percent = int(coverage.percent * 10) / 10  # never 100 where something is missing
    yield Text(f"coverage: {percent:g} % ({coverage.shown} of {coverage.all} outcomes)", "bold")


def _gap_line(gap: Gap) -> str:
    what = f"{gap.rule}: {one_line(gap.text, 120)}" if gap.text else gap.rule
    return f"{relative(gap.file, Path.cwd())}:{gap.line}:{gap.column}: {what}: {gap.missing}"
