"""`hookrules test`: what rules make of given events, held against what is expected, with nothing done."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from hookrules.engine.cli import junit, verdicts
from hookrules.engine.cli.findings import as_line, from_here, relative, tally
from hookrules.engine.cli.options import format_option
from hookrules.engine.cli.output import write_json
from hookrules.engine.cli.project import Project, load_project
from hookrules.engine.cli.verdicts import Verdict
from hookrules.engine.config.findings import errors
from hookrules.engine.config.rule_files import files_of_tests, is_test
from hookrules.engine.config.rule_test_files import Nameable, RuleTest, RuleTests, check_test_file
from hookrules.engine.config.settings_loading import in_order
from hookrules.engine.config.wiring import catalogues_of, unproven_sources_of
from hookrules.engine.config.yaml_reader import read_file
from hookrules.engine.errors import ConfigurationError, UsageError
from hookrules.engine.journal.opening import open_journal
from hookrules.engine.matching.index import Index
from hookrules.engine.testing.coverage import coverage
from hookrules.engine.testing.expectations import failures
from hookrules.engine.testing.line import Line, stand_in


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH…]", type=click.Path(path_type=Path))
@click.option("-k", "text", metavar="TEXT", help="Only tests with this text in their name or file.")
@click.option("--coverage", "with_coverage", is_flag=True, help="List what of the rules no test shows.")
@click.option("--junit", "junit_file", metavar="FILE", type=click.Path(path_type=Path), help="Write the results there as JUnit XML, too.")
@format_option
@click.pass_obj
def command(config: Path, paths: Sequence[Path], text: str | None, with_coverage: bool, junit_file: Path | None, form: str) -> int:
    """Without a PATH: every *.test.yaml below the folder of the rules. Exit code 1 where a test fails.

    Nothing is done and no secret is read: each step is described as it would be done, in a journal in memory.
    """
    try:
        project = load_project(config, environ=None)
        given = _chosen(_tests(project, paths or [project.folder / project.settings.rules]), text)
    except ConfigurationError as error:
        if junit_file is not None:
            junit_file.write_text(junit.error_report(error), "utf-8")
        raise
    line = _line(project)
    told = [_verdict(line, test) for test in given]
    covered = coverage(project.ruleset, [verdict.told for verdict in told]) if with_coverage else None
    if junit_file is not None:
        junit_file.write_text(junit.report(told), "utf-8")
    if form == "json":
        write_json(verdicts.as_json(told, covered))
    else:
        verdicts.write(told, covered)
    return 1 if any(verdict.failures for verdict in told) else 0


def _tests(project: Project, paths: Sequence[Path]) -> list[RuleTest]:
    """Raises ConfigurationError with the findings of all files, where one can't be used; what is only warned of goes to standard error."""
    nameable = Nameable.of(project.settings, project.ruleset, catalogues_of(project.settings))
    files = [check_test_file(read_file(path), nameable) for path in dict.fromkeys(_files(paths))]
    told = in_order([finding for file in files for finding in file.findings], [file.document for file in files])
    found = from_here(told, Path.cwd())
    if errors(found):
        raise ConfigurationError(f"the tests can't be run: {tally(found)}", found)
    for finding in found:
        click.echo(as_line(finding), err=True)
    return _not_none([test for file in files for test in file.tests], files)


def _not_none(tests: list[RuleTest], files: Sequence[RuleTests]) -> list[RuleTest]:
    if not tests:
        raise UsageError("there are no tests: " + ("their files are empty" if files else "they are files *.test.yaml beside the rules"))
    return tests


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in dict.fromkeys(paths):
        if not path.exists():
            raise click.BadParameter(f"there is no {path}", param_hint="PATH")
        if not path.is_dir() and not is_test(path.name):
            raise click.BadParameter(f"{path} is no file of tests: their names end with .test.yaml", param_hint="PATH")
        yield from files_of_tests(path)


def _chosen(tests: list[RuleTest], text: str | None) -> list[RuleTest]:
    if text is None:
        return tests
    wanted = text.casefold()
    chosen = [test for test in tests if wanted in f"{test.document.file} {test.fields.name}".casefold()]
    if not chosen:
        raise click.BadParameter(f"none of {len(tests)} tests has '{text}' in its name or file", param_hint="-k")
    return chosen


def _line(project: Project) -> Line:
    return Line(
        unproven_sources_of(project.settings),
        project.ruleset,
        Index(project.ruleset),
        {name: stand_in(name) for name in project.settings.secrets},
        project.folder.absolute(),
        lambda: open_journal("sqlite://", project.folder),
    )


def _verdict(line: Line, test: RuleTest) -> Verdict:
    began = time.perf_counter()
    told = line.run(test)
    return Verdict(test, relative(test.document.file, Path.cwd()), told, tuple(failures(test, told)), time.perf_counter() - began)
