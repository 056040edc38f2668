"""`hookrules breakers`: the targets that are not called for now, since their last calls failed."""

import time
from collections.abc import Sequence
from pathlib import Path

import click

from hookrules.engine.cli.options import format_option
from hookrules.engine.cli.output import clock, one_line, print_table, timestamp, write_json
from hookrules.engine.cli.project import journal_for_reading, journal_for_steering
from hookrules.engine.errors import UsageError
from hookrules.engine.journal import Breaker, Journal
from hookrules.engine.model import Json


@click.command()
@click.option("--reset", "target", metavar="TARGET", help="Close this one: what waits for it goes on at once.")
@format_option
@click.pass_obj
def command(config: Path, target: str | None, form: str) -> int:
    """A breaker opens after five failures in a row that speak of the other side (no connection, no answer in time, 5xx), for 30 seconds
    and then for longer, up to five minutes. Runs that would call its target wait, without an attempt; the first one after that is a trial.

    With --format json, one object a line.
    """
    if target is not None:
        with journal_for_steering(config) as steered:
            _reset(steered, target)
    with journal_for_reading(config) as journal:
        breakers = journal.breakers()
    if form == "json":
        for breaker in breakers:
            write_json(as_json(breaker))
    elif breakers:
        print_table(("target", "state", "failures", "until"), map(_row, breakers))
    else:
        click.echo("there is no breaker to show: none is open, and none has failures counted", err=True)
    return 0


def as_json(breaker: Breaker) -> dict[str, Json]:
    return {
        "target": breaker.target,
        "state": _state(breaker),
        "failures": breaker.failures,
        "until": timestamp(breaker.until),
        "changed_at": timestamp(breaker.changed_at),
    }


def _reset(journal: Journal, target: str) -> None:
    """Raises UsageError where there is no such breaker."""
    breaker = journal.breaker(target)
    if breaker is None:
        known = ", ".join(each.target for each in journal.breakers()) or "there is none now"
        raise UsageError(f"there is no breaker of {target!r}; known: {known}")
    while breaker is not None and not journal.move_breaker(target, breaker, None, time.time()):
        breaker = journal.breaker(target)
    click.echo(f"the breaker of {target} is closed", err=True)


def _row(breaker: Breaker) -> Sequence[str]:
    return one_line(breaker.target, 80), _state(breaker), str(breaker.failures), clock(breaker.until)


def _state(breaker: Breaker) -> str:
    return "closed" if breaker.until is None else "open"
