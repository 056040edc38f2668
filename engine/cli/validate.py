"""`hookrules validate`: every finding, before a sender meets it."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from hookrules.engine.cli.findings import as_json, as_line, count, from_here, tally
from hookrules.engine.cli.options import format_option
from hookrules.engine.cli.output import write_json
from hookrules.engine.cli.project import load_all
from hookrules.engine.cli.seen_catalogues import seen_in_journal
from hookrules.engine.config.findings import Finding, errors
from hookrules.engine.config.loading import Catalogues, check_files, check_tests
from hookrules.engine.config.ruleset import Ruleset
from hookrules.engine.config.wiring import catalogues_of


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH…]", type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Warnings fail, too.")
@click.option("--journal", is_flag=True, help="Hold paths against the newest events of each source, too.")
@format_option
@click.pass_obj
def command(config: Path, paths: Sequence[Path], strict: bool, journal: bool, form: str) -> int:
    """Without a PATH: hookrules.yaml and all of its rules. With files or folders: these alone, held against the rest.

    Each finding is a line FILE:LINE:COLUMN: LEVEL: MESSAGE (CODE). Exit code 1 where one is an error.
    """
    findings, ruleset = _check(config, paths, seen_in_journal(config.parent) if journal else catalogues_of)
    if form == "json":
        write_json({"findings": [as_json(finding) for finding in findings]})
    else:
        for finding in findings:
            click.echo(as_line(finding))
    click.echo(f"{_extent(ruleset)}{tally(findings)}", err=True)
    return 1 if errors(findings) or (strict and findings) else 0


def _check(config: Path, paths: Sequence[Path], catalogues: Catalogues) -> tuple[list[Finding], Ruleset | None]:
    """The rules are None where there are errors, and where only some files were asked about."""
    if paths:
        around = config if config.is_file() else None
        return from_here(check_files(paths, config_path=around, environ=os.environ, catalogues=catalogues), Path.cwd()), None
    loaded = load_all(config, catalogues)
    return from_here([*loaded.findings, *check_tests(loaded, config.parent)], Path.cwd()), loaded.ruleset


def _extent(ruleset: Ruleset | None) -> str:
    if ruleset is None:
        return ""
    return f"{count(len(ruleset), 'rule')} in {count(len({rule.file for rule in ruleset}), 'file')}: "
