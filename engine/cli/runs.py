"""`hookrules runs`: what was done about what came."""

from collections.abc import Sequence
from pathlib import Path

import click
from rich.text import Text

from hookrules.engine.cli.options import format_option, limit_option
from hookrules.engine.cli.output import clock, duration, one_line, print_table, state_style, timestamp, write_json
from hookrules.engine.cli.project import journal_for_reading
from hookrules.engine.journal import RunFilter
from hookrules.engine.model import Json, Run, RunState


@click.command()
@click.option("--rule", metavar="NAME", help="Only this rule's.")
@click.option("--state", type=click.Choice([str(state) for state in RunState]), metavar="STATE", help=f"Only these: {', '.join(RunState)}.")
@click.option("--event", "event_id", metavar="ID", help="Only those that this event started.")
@limit_option
@format_option
@click.pass_obj
def command(config: Path, rule: str | None, state: str | None, event_id: str | None, limit: int, form: str) -> int:
    """With --format json, one object a line."""
    wanted = RunFilter(rule, RunState(state) if state else None, event_id, limit)
    with journal_for_reading(config) as journal:
        runs = journal.runs(wanted)
    if form == "json":
        for run in runs:
            write_json(as_json(run))
    else:
        _print(runs, wanted)
    return 0


def as_json(run: Run) -> dict[str, Json]:
    return {
        "id": run.id,
        "rule": run.rule,
        "event": run.event_id,
        "state": str(run.state),
        "created_at": timestamp(run.created_at),
        "started_at": timestamp(run.started_at),
        "ended_at": timestamp(run.ended_at),
        "due_at": None if run.state.ended else timestamp(run.due_at),
        "error": run.error,
    }


def _print(runs: Sequence[Run], wanted: RunFilter) -> None:
    if not runs:
        click.echo(_none(wanted), err=True)
        return
    print_table(("created", "id", "rule", "state", "took", "event", "error"), map(_row, runs))


def _none(wanted: RunFilter) -> str:
    """What was looked for, since a slip of a name finds nothing either."""
    state = f" {wanted.state}" if wanted.state else ""
    rule = f" of rule '{wanted.rule}'" if wanted.rule is not None else ""
    event = f" for event {wanted.event_id}" if wanted.event_id is not None else ""
    return f"no{state} runs{rule}{event}" if state or rule or event else "no runs yet"


def _row(run: Run) -> tuple[str | Text, ...]:
    took = duration(run.started_at, run.ended_at)
    return clock(run.created_at), run.id, run.rule, state_style(run.state), took, run.event_id, one_line(run.error or "", 60)
