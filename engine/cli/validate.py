"""`hookrules validate`: every finding, before a sender meets it."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from hookrules.engine.cli.findings import as_json, as_line, count, from_here, tally
from hookrules.engine.cli.github_commands import as_command
from hookrules.engine.cli.output import write_json
from hookrules.engine.cli.project import load_all
from hookrules.engine.cli.seen_catalogues import known_by_journal_alone, seen_in_journal
from hookrules.engine.config.findings import Finding, errors
from hookrules.engine.config.loading import Catalogues, Loaded, check_files, check_tests
from hookrules.engine.config.wiring import catalogues_of


def _write_text(findings: Sequence[Finding]) -> None:
    for finding in findings:
        click.echo(as_line(finding))


def _write_json(findings: Sequence[Finding]) -> None:
    write_json({"findings": [as_json(finding) for finding in findings]})


def _write_commands(findings: Sequence[Finding]) -> None:
    for finding in findings:
        click.echo(as_command(finding))


def _write_sarif(findings: Sequence[Finding]) -> None:
    from hookrules.engine.cli.sarif import as_sarif

    write_json(as_sarif(findings))


_WRITE = {"text": _write_text, "json": _write_json, "github": _write_commands, "sarif": _write_sarif}


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH…]", type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Warnings fail, too.")
@click.option("--journal", is_flag=True, help="Hold paths against the newest events of each source, too.")
@click.option("--format", "form", type=click.Choice(list(_WRITE)), default="text", show_default=True, help="For people, or for programs.")
@click.pass_obj
def command(config: Path, paths: Sequence[Path], strict: bool, journal: bool, form: str) -> int:
    """Without a PATH: hookrules.yaml and all of its rules. With files or folders: these alone, held against the rest.

    Each finding is a line FILE:LINE:COLUMN: LEVEL: MESSAGE (CODE). Exit code 1 where one is an error. The formats github and sarif name
    files from the root of the repository, where GitHub Actions says which that is.
    """
    told, loaded = _check(config, paths, seen_in_journal(config.parent) if journal else catalogues_of)
    findings = _from_root(told) if form in ("github", "sarif") else from_here(told, Path.cwd())
    _WRITE[form](findings)
    click.echo(f"{_extent(loaded)}{tally(findings)}", err=True)
    if loaded and not journal:
        _point_to_the_journal(loaded, config.parent)
    return 1 if errors(findings) or (strict and findings) else 0


def _check(config: Path, paths: Sequence[Path], catalogues: Catalogues) -> tuple[Sequence[Finding], Loaded | None]:
    """What was loaded is None where only some files were asked about."""
    if paths:
        around = config if config.is_file() else None
        return check_files(paths, config_path=around, environ=os.environ, catalogues=catalogues), None
    loaded = load_all(config, catalogues)
    return [*loaded.findings, *check_tests(loaded, config.parent)], loaded


def _from_root(findings: Sequence[Finding]) -> list[Finding]:
    """As from the repository that a workflow of GitHub Actions runs in, where this folder is in it; else from this folder."""
    workspace = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd())
    root = workspace if Path.cwd().is_relative_to(workspace) else Path.cwd()
    return from_here([replace(finding, file=str(Path(finding.file).absolute())) for finding in findings], root)


def _point_to_the_journal(loaded: Loaded, folder: Path) -> None:
    """What came is looked at only when asked for, so that findings are the same on every machine."""
    if loaded.settings is None or loaded.ruleset is None:
        return
    sources = known_by_journal_alone(loaded.settings, loaded.ruleset, folder)
    if sources:
        click.echo(f"paths of {', '.join(sources)} were not checked; --journal holds them against what has come", err=True)


def _extent(loaded: Loaded | None) -> str:
    if loaded is None or loaded.ruleset is None:
        return ""
    ruleset = loaded.ruleset
    return f"{count(len(ruleset), 'rule')} in {count(len({rule.file for rule in ruleset}), 'file')}: "
