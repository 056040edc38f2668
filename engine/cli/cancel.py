"""`hookrules cancel RUN`: have a run end now."""

import time
from pathlib import Path

import click

from hookrules.engine.cli.project import journal_for_steering, run_named
from hookrules.engine.errors import UsageError
from hookrules.engine.model import RunState


@click.command()
@click.argument("run")
@click.pass_obj
def command(config: Path, run: str) -> int:
    """What runs of it is ended, and then what `finally` says is done. A dead run is dismissed: it is listed no more as dead."""
    with journal_for_steering(config) as journal:
        found = run_named(journal, run)
        state = journal.cancel(found.id, time.time())
    if state is RunState.DEAD:
        click.echo(f"{found.id} is dismissed")
        return 0
    if state is None or state.ended:
        raise UsageError(f"{found.id} has ended already: {found.state}")
    click.echo(f"{found.id} is asked to end; `hookrules show {found.id}` shows how it did")
    return 0
