"""Stored events in slices, over as many processes as there are processors for, with a progress bar where someone looks on."""

import contextlib
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from hookrules.engine.cli.project import Project, journal_of
from hookrules.engine.journal import Happened, Reading
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.processors import processors
from hookrules.engine.testing.backtest import Backtest, Tally
from hookrules.engine.testing.line import stand_in

_SLICE = 200
"""Events that a process takes at a time."""
_AHEAD = 4
"""Slices that wait for each process, so that a journal of any size takes little memory."""


@dataclass(frozen=True, slots=True)
class Asked:
    since: float
    source: str | None = None
    rule: str | None = None


def tally(project: Project, asked: Asked) -> Tally:
    """What became of all rules over these events. Raises JournalError."""
    whole, processes = Tally(), processors()
    with journal_of(project.settings, project.folder) as journal:
        total = journal.count_happened(asked.since, asked.source)
    if total == 0:
        return whole
    with ProcessPoolExecutor(min(processes, -(-total // _SLICE)), get_context("fork"), _begin, (project, asked.rule)) as pool:
        pool.submit(int).result()  # all processes are forked here, before the journal below has a thread
        with journal_of(project.settings, project.folder) as journal, _progress(total) as advance:
            for part, events in _tallies(pool, _slices(journal, asked), _AHEAD * processes):
                whole.take_in(part)
                advance(events)
    return whole


def _tallies(pool: ProcessPoolExecutor, slices: Iterable[list[Happened]], ahead: int) -> Iterator[tuple[Tally, int]]:
    """Of each slice what became of it, and how many events it had; in order, and with no more than `ahead` of them begun."""
    begun: deque[tuple[Future[Tally], int]] = deque()
    for happened in slices:
        begun.append((pool.submit(_of_slice, happened), len(happened)))
        if len(begun) > ahead:
            found, events = begun.popleft()
            yield found.result(), events
    for found, events in begun:
        yield found.result(), events


def _slices(journal: Reading, asked: Asked) -> Iterator[list[Happened]]:
    after = 0
    while happened := journal.happened(after, _SLICE, asked.since, asked.source):
        yield happened
        after = happened[-1].number


_held = contextlib.ExitStack()
_backtests: list[Backtest] = []
"""Of a process of the pool: its one backtest, over its own connection to the journal."""


def _begin(project: Project, rule: str | None) -> None:
    """In each process of the pool, once."""
    journal = _held.enter_context(journal_of(project.settings, project.folder))
    secrets = {name: stand_in(name) for name in project.settings.secrets}
    _backtests.append(Backtest(project.ruleset, journal, project.folder.absolute(), secrets, _in_memory, rule))


def _in_memory() -> SqliteJournal:
    return SqliteJournal(None, randbits=lambda _bits: 0)


def _of_slice(happened: Sequence[Happened]) -> Tally:
    (backtest,) = _backtests
    return backtest.tally(happened)


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """Takes how many events more are done. Silent where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _events: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("events"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("events", total=total)
        yield lambda events: bar.advance(task, events)
