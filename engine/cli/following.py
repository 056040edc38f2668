"""A run, followed: what its steps say while they say it, until it has ended."""

import time

import click

from hookrules.engine.cli.output import printable
from hookrules.engine.errors import UsageError
from hookrules.engine.journal import Reading
from hookrules.engine.model import Run

_GLANCE = 0.05
ELSEWHERE = "the server keeps another one. Where it rehearses (`serve --dry-run`), its own terminal tells what each run would do"


def follow(journal: Reading, run_id: str) -> Run:
    """The run as it ended. What its steps say goes to stderr, so that stdout has the result alone."""
    number = 0
    while True:
        run = journal.run(run_id)
        if run is None:
            raise UsageError(f"run {run_id} is not in the journal of this configuration: {ELSEWHERE}")
        for piece in journal.outputs(run_id, number):
            number = piece.number
            click.echo(printable(piece.text), nl=False, err=True)
        if run.state.ended:
            return run
        time.sleep(_GLANCE)
