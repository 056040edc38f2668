"""`hookrules approve RUN`: let a run go on that waits for approval."""

import getpass
import time
from pathlib import Path

import click

from hookrules.engine.cli.project import journal_for_steering, run_named
from hookrules.engine.errors import UsageError


@click.command()
@click.argument("run")
@click.option("--by", metavar="NAME", help="Who approves; otherwise the name of who is logged in. The run's later steps can tell.")
@click.pass_obj
def command(config: Path, run: str, by: str | None) -> int:
    with journal_for_steering(config) as journal:
        found = run_named(journal, run)
        if not journal.approve(found.id, time.time(), by or _who()):
            raise UsageError(f"{found.id} does not wait for approval: it is {found.state}")
    click.echo(f"{found.id} goes on")
    return 0


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user id without a name
        return "someone"
