"""`hookrules doctor`: what of the set-up works, and still costs more than it needs to."""

import timeit
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click

from hookrules.engine.cli.findings import count, relative
from hookrules.engine.cli.options import format_option
from hookrules.engine.cli.output import print_table, write_json
from hookrules.engine.cli.project import Project, journal_of, load_project, with_journal_key
from hookrules.engine.cli.seen_catalogues import LOOKED_AT
from hookrules.engine.config.ruleset import Rule
from hookrules.engine.journal import EventFilter
from hookrules.engine.matching.costs import Cost, costs
from hookrules.engine.matching.patterns import any_matches, event_name
from hookrules.engine.model import Event, Json

_CALLS = 20
_NOTHING = Event("", "", "", {}, b"{}", 0.0)
"""What a rule is asked of that no event came for."""


@click.command()
@click.option("--rules", is_flag=True, help="Only which rules no index can leave out, and what they cost.")
@format_option
@click.pass_obj
def command(config: Path, rules: bool, form: str) -> int:
    """Rules are indexed by what their conditions require, so that an event asks few of thousands. Those that can't be are asked of every
    event that they are on: each is named, with the time that it takes on the newest such event of the journal.
    """
    del rules  # so far the only check
    project = with_journal_key(load_project(config, environ=None))
    found = sorted(costs(project.ruleset, _newest(project), _stopwatch), key=lambda cost: -cost.seconds)
    (_write_json if form == "json" else _write_text)(found, project)
    return 0


def _newest(project: Project) -> Callable[[Rule], Event]:
    sources = {pattern.partition(".")[0] for rule in project.ruleset for pattern in rule.on} & project.settings.sources.keys()
    with journal_of(project.settings, project.folder) as journal:
        events = {source: journal.events(EventFilter(source, limit=LOOKED_AT, payload_kept=True)) for source in sources}

    def newest(rule: Rule) -> Event:
        came = (event for source in events for event in events[source] if any_matches(rule.on, event_name(source, event.type)))
        return max(came, key=lambda event: event.received_at, default=_NOTHING)

    return newest


def _stopwatch(ask: Callable[[], object]) -> float:
    return min(timeit.repeat(ask, number=_CALLS, repeat=3)) / _CALLS


def _write_json(found: Iterable[Cost], project: Project) -> None:
    del project
    write_json({"rules": [_as_json(cost) for cost in found]})


def _as_json(cost: Cost) -> dict[str, Json]:
    place = {"file": relative(cost.rule.file, Path.cwd()), "line": cost.rule.line}
    microseconds = round(cost.seconds * 1e6, 2)
    return {"name": cost.rule.name, **place, "why": cost.why, "microseconds": microseconds, "event": cost.event.id or None}


def _write_text(found: Sequence[Cost], project: Project) -> None:
    if found:
        print_table(("rule", "where", "an event", "why"), map(_cells, found))
    looked_up = sum(rule.enabled for rule in project.ruleset) - len(found)
    together = f": {_time(sum(cost.seconds for cost in found))} together" if found else ""
    click.echo(f"{count(len(found), 'rule')} asked of every event{together}; {looked_up} looked up", err=True)


def _cells(cost: Cost) -> tuple[str, ...]:
    place = f"{relative(cost.rule.file, Path.cwd())}:{cost.rule.line}"
    return cost.rule.name, place, _time(cost.seconds), cost.why if cost.event.id else f"{cost.why} (no event came yet)"


def _time(seconds: float) -> str:
    return f"{seconds * 1e6:.1f} µs"
