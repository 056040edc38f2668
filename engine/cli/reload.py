"""`hookrules reload`: changed rules and configuration, taken up by the server that runs."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from hookrules.engine.cli.control import Answer, ask
from hookrules.engine.cli.findings import as_line, count, from_here
from hookrules.engine.cli.options import format_option
from hookrules.engine.cli.output import write_json
from hookrules.engine.cli.project import present
from hookrules.engine.config.findings import Finding, Level
from hookrules.engine.config.settings_file import read_settings
from hookrules.engine.errors import ConfigurationError, UsageError

_PATIENCE = 120.0
"""Seconds until a server that does not answer is given up."""


@click.command()
@format_option
@click.pass_obj
def command(config: Path, form: str) -> int:
    """All or nothing: a set with an error is refused, and what was in force stays; its findings are printed, and the exit code is 1.

    Runs that go on keep the rule that they began with. Sending SIGHUP does the same without an answer.
    """
    answers = _asked(_journal(present(config)))
    for answer in answers:
        _write_json(answer) if form == "json" else _write_text(answer)
    return 0 if all(answer.taken for answer in answers) else 1


def _journal(config: Path) -> Path:
    """The file beside which servers can be asked, also where much of the configuration is wrong."""
    read = read_settings(config, None)
    if read.settings is None:
        found = from_here(read.findings, Path.cwd())
        raise ConfigurationError(f"{config} can't be read, so no server was asked; what runs goes on as before", found)
    return read.settings.store_file(config.parent)


def _asked(journal: Path) -> Sequence[Answer]:
    try:
        answers = ask(journal, _PATIENCE)
    except TimeoutError:
        raise UsageError(f"the server did not answer within {_PATIENCE:g} s; its log says more") from None
    except PermissionError:
        raise UsageError(f"a server beside {journal} is another user's; ask as that user, or send it SIGHUP") from None
    except OSError as error:
        raise UsageError(f"the server beside {journal} can't be asked: {(error.strerror or str(error)).lower()}") from None
    if not answers:
        raise UsageError(f"no server of this machine works with {journal}; `hookrules serve` starts one")
    return answers


def _write_json(answer: Answer) -> None:
    write_json(asdict(answer))


def _write_text(answer: Answer) -> None:
    for finding in from_here([_finding(each) for each in answer.findings], Path.cwd()):
        click.echo(as_line(finding))
    for name in answer.restart:
        click.echo(f"{name} has changed, and that takes a restart; until then the one before stays", err=True)
    click.echo(_words(answer), err=True)


def _words(answer: Answer) -> str:
    if answer.rules is None:
        return answer.message
    rules = count(answer.rules, "rule")
    return f"reloaded: {rules}" if answer.taken else f"refused: {answer.message}; what was in force stays ({rules})"


def _finding(fields: dict[str, Any]) -> Finding:
    return Finding(**{**fields, "level": Level(fields["level"])})
