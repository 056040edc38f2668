"""`hookrules show ID`: all that the journal holds of one event or one run."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
from rich.text import Text

from hookrules.engine.cli import events, runs
from hookrules.engine.cli.following import follow
from hookrules.engine.cli.options import format_option
from hookrules.engine.cli.output import clock, console, duration, one_line, printable, state_mark, state_style, timestamp, write_json
from hookrules.engine.cli.project import journal_for_reading
from hookrules.engine.errors import UsageError
from hookrules.engine.journal import EventFilter, Reading, RunFilter
from hookrules.engine.matching.patterns import event_name
from hookrules.engine.model import Event, Json, Run, Step

_SHORTEST = 4
"""Characters of an id that may stand for all of it."""
_LOOKED_THROUGH = 500
"""How many of the newest a shortened id is looked for in."""
_MOST_LINES = 40
"""Lines of a text that are shown to a person; JSON has them all."""


@click.command()
@click.argument("identifier", metavar="ID")
@click.option("--follow", "following", is_flag=True, help="Show what a run's steps say while they say it, and the rest when it has ended.")
@format_option
@click.pass_obj
def command(config: Path, identifier: str, following: bool, form: str) -> int:
    """ID is an event's or a run's; the beginning or the end of a recent one will do where it is the only one like it."""
    with journal_for_reading(config) as journal:
        found = find(journal, identifier)
        if following:
            found = _followed(journal, found)
        if form == "json":
            write_json(event_as_json(journal, found) if isinstance(found, Event) else run_as_json(journal, found))
        else:
            _print(event_as_text(journal, found) if isinstance(found, Event) else run_as_text(journal, found))
    return 0


def _followed(journal: Reading, found: Event | Run) -> Event | Run:
    """As it stands when it has ended; of an event, when all of its runs have."""
    if isinstance(found, Run):
        return follow(journal, found.id)
    for run in _runs_of(journal, found):
        follow(journal, run.id)
    return found


def find(journal: Reading, identifier: str) -> Event | Run:
    """Raises UsageError where nothing has this id, or more than one thing might."""
    exact = journal.run(identifier) or journal.event(identifier)
    if exact:
        return exact
    recent: list[Event | Run] = [*journal.runs(RunFilter(limit=_LOOKED_THROUGH)), *journal.events(EventFilter(limit=_LOOKED_THROUGH))]
    near = [one for one in recent if len(identifier) >= _SHORTEST and _may_stand_for(identifier, one.id)]
    if not near:
        raise UsageError(f"there is no event and no run {identifier}; `hookrules events` and `hookrules runs` list them")
    if len(near) > 1:
        raise UsageError(
            f"{identifier} may be {' or '.join(one.id for one in near[:3])}{' or another' if len(near) > 3 else ''}; give more of it"
        )
    return near[0]


def _may_stand_for(part: str, identifier: str) -> bool:
    return identifier.startswith(part) or identifier.endswith(part)


def event_as_json(journal: Reading, event: Event) -> dict[str, Json]:
    return {
        **events.as_json(event),
        "headers": {name: list(values) for name, values in event.headers.items()},
        "query": {name: list(values) for name, values in event.query.items()},
        "git": dict(event.git),
        "runs": [runs.as_json(run) for run in _runs_of(journal, event)],
        "payload": event.payload,
        "payload_kept": event.payload_kept,
    }


def run_as_json(journal: Reading, run: Run) -> dict[str, Json]:
    return {**runs.as_json(run), "worker": run.worker, "steps": [_step_as_json(step) for step in journal.steps(run.id)]}


def _step_as_json(step: Step) -> dict[str, Json]:
    return {
        "key": step.key,
        "id": step.name or None,
        "action": step.kind,
        "state": str(step.state),
        "attempts": step.attempts,
        "started_at": timestamp(step.started_at),
        "ended_at": timestamp(step.ended_at),
        "result": dict(step.result),
        "error": step.error,
    }


def event_as_text(journal: Reading, event: Event) -> Iterator[Text]:
    yield _title("event", event.id, event_name(event.source, event.type))
    yield from _fields(
        {
            "received": f"{clock(event.received_at)} from {event.address}" if event.address else clock(event.received_at),
            "delivery": event.delivery_id,
            "fetched": f"from {event.fetched_from}" if event.fetched_from else None,
            "proven by": f"secret {event.proven_by} of the list" if event.proven_by and event.proven_by > 1 else None,
            **{f"git.{name}": _short(value) for name, value in event.git.items()},
        }
    )
    started = _runs_of(journal, event)
    yield Text("  runs" if started else "  no rule ran", "bold")
    for run in started:
        took = duration(run.started_at, run.ended_at)
        yield Text.assemble(f"    {run.id}  {run.rule}  ", state_style(run.state), f"  {took}".rstrip(), f"  {_line(run.error)}".rstrip())
    if not event.payload_kept:
        yield Text("  the payload is gone: it is older than `retention.payloads` keeps it")
        return
    yield Text("  payload", "bold")
    yield from _block(json.dumps(event.payload, ensure_ascii=False, indent=2), most=None)


def run_as_text(journal: Reading, run: Run) -> Iterator[Text]:
    yield Text.assemble(_title("run", run.id, run.rule), "  ", state_style(run.state))
    yield from _fields(
        {
            "event": _event_line(journal, run.event_id),
            "created": clock(run.created_at),
            "due": None if run.state.ended else clock(run.due_at),
            "took": duration(run.started_at, run.ended_at),
            "why": _line(run.error),
        }
    )
    for step in journal.steps(run.id):
        yield from _step_as_text(step)


def _step_as_text(step: Step) -> Iterator[Text]:
    took, attempts = duration(step.started_at, step.ended_at), f"{step.attempts} attempts" if step.attempts > 1 else ""
    head = Text.assemble("  ", state_mark(step.state), " ", (step.name or step.key, "bold"), f"  {step.kind}  ", state_style(step.state))
    yield head.append("".join(f"  {part}" for part in (took, attempts) if part))
    blocks = {name: value for name, value in step.result.items() if isinstance(value, str) and "\n" in value.rstrip("\n")}
    short = {name: _told(name, value) for name, value in step.result.items() if name not in blocks and value not in (None, "", [], {})}
    yield from _fields({"error": _line(step.error), **short}, indent=6)
    for name, value in blocks.items():
        yield Text(f"      {name}", "dim")
        yield from _block(value, most=_MOST_LINES, indent=8)


def print_run(journal: Reading, run: Run) -> None:
    _print(run_as_text(journal, run))


def _runs_of(journal: Reading, event: Event) -> list[Run]:
    return journal.runs(RunFilter(event_id=event.id, limit=_LOOKED_THROUGH))


def _event_line(journal: Reading, event_id: str) -> str:
    event = journal.event(event_id)
    return f"{event_id}  {event_name(event.source, event.type)}" if event else event_id


def _title(what: str, identifier: str, name: str) -> Text:
    return Text.assemble(f"{what} ", (identifier, "bold"), "  ", (printable(name), "bold"))


def _fields(fields: Mapping[str, str | None], indent: int = 2) -> Iterator[Text]:
    """One a line; those without a value are left out."""
    width = max((len(name) for name, value in fields.items() if value), default=0)
    for name, value in fields.items():
        if value:
            yield Text.assemble(" " * indent, (name.ljust(width), "dim"), "  ", printable(value))


def _block(text: str, most: int | None, indent: int = 4) -> Iterator[Text]:
    """A text over several lines; of a long one the end, where a command says what went wrong."""
    lines = text.rstrip("\n").split("\n")
    if most is not None and len(lines) > most:
        yield Text(f"{' ' * indent}… {len(lines) - most} lines before; --format json has them", "dim")
        lines = lines[-most:]
    for line in lines:
        yield Text(" " * indent + printable(line))


def _told(name: str, value: Json) -> str:
    """Until when a step waits is kept as seconds since 1970."""
    return clock(value) if name == "until" and isinstance(value, int | float) else _short(value)


def _short(value: Json) -> str:
    text = value.rstrip("\n") if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return one_line(text, 200)


def _line(text: str | None) -> str:
    return one_line(text or "", 500)


def _print(lines: Iterator[Text]) -> None:
    screen = console()
    for line in lines:
        screen.print(line)
