"""The journal with much in it: how long a claim takes, and how long an event waits while something else is done with the file.

    python benchmarks/journal.py [--runs 100000] [--claims 500] [--events 100000] [--seconds 10]

Claims: `--runs` queued runs of one rule, of 1,000 rules, and of 1,000 rules whose runs are held by groups. Waiting: four senders hand in
events of 8 KB to one journal object, alone, beside another process that removes `--events` old ones as the worker does, and beside a
backup. The table goes to stderr, JSON to stdout. Figures of one run compare; those of two runs do not.
"""

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from report import conditions

from hookrules.engine.config.settings import Retention
from hookrules.engine.journal import Turn
from hookrules.engine.journal.sealing import Sealed
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.journal.sqlite_care import backup, check, vacuum
from hookrules.engine.model import Event, Group, Match, Mode
from hookrules.engine.runs.housekeeping import Housekeeping

TARGET = 5.0
"""Milliseconds of a claim, in the median."""
SENDERS = 4
BODY = json.dumps({"padding": "x" * 8000}).encode()
OLD = 100 * 86_400.0

_spawn = get_context("spawn")


def event(name: str, at: float, body: bytes = b"{}") -> Event:
    return Event(f"evt_{name}", "bench", "", {}, body, at, delivery_id=name)


def queue(journal: SqliteJournal, runs: int, match: Callable[[int], Match]) -> None:
    """So many runs, each of an event of its own."""
    for start in range(0, runs, 5000):
        journal.accept([(event(str(n), time.time()), [match(n)]) for n in range(start, min(start + 5000, runs))]).result()


KINDS: dict[str, Callable[[int], Match]] = {
    "1 rule": lambda _: Match("rule", "d"),
    "1,000 rules": lambda n: Match(f"rule-{n % 1000:04}", "d"),
    "1,000 rules, held by groups": lambda n: Match(f"rule-{n % 1000:04}", "d", group=Group(f"group-{n % 1000}", Mode.QUEUE)),
}


def claims(folder: Path, runs: int, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, match in KINDS.items():
        with closing(SqliteJournal(folder / f"{len(name)}.db")) as journal:
            queue(journal, runs, match)
            before = resident()
            for at_once in (1, 8):
                took, served, busy = [], "", time.process_time()
                for _ in range(count // at_once):
                    began = time.perf_counter()
                    claimed = journal.claim("w", time.time(), 3600, Turn(at_once, after=served))
                    took.append(time.perf_counter() - began)
                    assert len(claimed) == at_once, "nothing is left to claim"
                    served = claimed[-1].rule
                cpu = round((time.process_time() - busy) / len(took) * 1000, 3)
                yield f"{name}, {at_once} at once", {**spread(took), "processor (ms)": cpu, "memory grown by (KiB)": resident() - before}


def waits(folder: Path, seconds: float, events: int) -> Iterator[tuple[str, dict[str, Any]]]:
    path = folder / "intake.db"
    with closing(SqliteJournal(path)) as journal:
        fill_with_old(journal, path, events)
        yield "nothing else", intake(journal, "alone", seconds)
        with beside(tidying, path) as done:
            figures = intake(journal, "tidied", seconds, until=done.is_set)
        yield f"{events:,} old events removed", figures
        with beside(copying, path) as done:
            figures = intake(journal, "copied", 1.0, until=done.is_set)
        yield "a backup made", figures
    size = path.stat().st_size
    began = time.perf_counter()
    _, after = vacuum(path)
    yield "vacuum (nobody serves)", {"seconds": round(time.perf_counter() - began, 2), "MiB before": size >> 20, "MiB after": after >> 20}
    began = time.perf_counter()
    assert check(path) == []
    yield "check", {"seconds": round(time.perf_counter() - began, 2)}
    with closing(SqliteJournal(folder / "sealed.db", seal=Sealed(["a key of at least thirty-two characters"]))) as journal:
        yield "nothing else, encrypted", intake(journal, "sealed", seconds)


def fill_with_old(journal: SqliteJournal, path: Path, events: int) -> None:
    then = time.time() - OLD
    for start in range(0, events, 2000):
        journal.accept([(event(f"old-{n}", then + n / 1000, BODY), [Match("rule", "d")]) for n in range(start, start + 2000)]).result()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("update runs set state = 'succeeded', ended_at = ?", (then,))


def intake(journal: SqliteJournal, name: str, seconds: float, until: Callable[[], bool] = lambda: True) -> dict[str, Any]:
    """What each event waited, for so many seconds and until something else is done."""
    took: list[float] = []
    ends = time.monotonic() + seconds

    def send(sender: int) -> None:
        number = 0
        while time.monotonic() < ends or not until():
            began = time.perf_counter()
            journal.accept([(event(f"{name}-{sender}-{number}", time.time(), BODY), [])]).result()
            took.append(time.perf_counter() - began)
            number += 1

    senders = [threading.Thread(target=send, args=(sender,)) for sender in range(SENDERS)]
    began = time.monotonic()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    lasted = time.monotonic() - began
    return {"events per second": round(len(took) / lasted), **spread(took), "seconds": round(lasted, 1)}


@contextmanager
def beside(work: Callable[[Path, Any], None], path: Path) -> Iterator[Any]:
    """Another process; what is yielded is set when it is done."""
    done = _spawn.Event()
    other = _spawn.Process(target=work, args=(path, done))
    other.start()
    try:
        yield done
    finally:
        other.join()


def tidying(path: Path, done: Any) -> None:
    """As the worker does it, until nothing old is left."""
    with closing(SqliteJournal(path)) as journal:
        keeping = Housekeeping(journal, Retention(events="30d"), [])
        while True:
            keeping.tidy(time.time())
            pause = keeping.next_due() - time.time()
            if pause > 1:
                break
            time.sleep(max(pause, 0))
    done.set()


def copying(path: Path, done: Any) -> None:
    backup(path, path.with_suffix(".copy"))
    done.set()


def spread(took: list[float]) -> dict[str, float]:
    """In milliseconds."""
    ordered = sorted(took)
    at = {"median": statistics.median(ordered), "p99": ordered[len(ordered) * 99 // 100], "most": ordered[-1]}
    return {f"{name} (ms)": round(value * 1000, 3) for name, value in at.items()}


def resident() -> int:
    """KiB of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1]) if Path("/proc/self/statm").exists() else 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--claims", type=int, default=500)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--folder", type=Path, help="Where the journals lie: another disk than that of temporary files.")
    given = parser.parse_args()
    about = conditions()
    about["versions"]["sqlite"] = sqlite3.sqlite_version
    folder = Path(tempfile.mkdtemp(dir=given.folder))
    try:
        claimed = dict(claims(folder, given.runs, given.claims))
        waited = dict(waits(folder, given.seconds, given.events))
    finally:
        shutil.rmtree(folder)
    for name, each in {**claimed, **waited}.items():
        print(f"{name:45} {', '.join(f'{key} {value:,}' for key, value in each.items())}", file=sys.stderr)
    kept = max(each["median (ms)"] for each in claimed.values()) < TARGET
    given_counts = {"runs": given.runs, "claims": given.claims, "events": given.events}
    print(
        json.dumps({**about, **given_counts, "claims": claimed, "events that come": waited, "target (ms)": TARGET, "kept": kept}, indent=2)
    )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
