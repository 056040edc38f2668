"""The whole server beside its peers: a signed push of 9 KB, proven and answered, in turn on one machine.

    python benchmarks/intake.py [--rounds 5] [--seconds 5] [--connections 32 128] [--case quiet connecting firing]

quiet: hookrules has 1,000 rules for the push, of which none fires, and has written each delivery to disk when it answers; adnanh/webhook
(Debian's package `webhook`) has one hook that does not fire and keeps nothing; the bare application is bottle on granian, which proves.
connecting: likewise, but each push comes over a connection of its own, as most senders open one for each.
firing: one rule, and one hook, that runs /bin/true. What really ran is counted: hookrules asks its journal, and of webhook's own log the
commands that ended well. Both write their logs to a file. After the load hookrules has as long as it needs for the runs that are left.

The table goes to stderr, JSON to stdout. Figures of one run compare; those of two runs do not.
"""

import argparse
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contenders import (
    ANOTHER_REF,
    FIRING_RULE,
    Start,
    ansible_rulebook,
    bare,
    hookrules,
    node_red,
    quiet_rules,
    webhook,
)
from processes import children_of, free_port, held_by
from pushes import REF, SECRET, Load, send
from report import conditions, summary

PATIENCE = 300.0
"""Seconds for what is left to run after a load."""


@dataclass(frozen=True)
class Served:
    """One server under way."""

    process: subprocess.Popen[bytes]
    folder: Path
    url: str

    def memory(self) -> float:
        """MiB that its processes hold (PSS); what is shared is counted once."""
        return sum(held_by(pid) for pid in _family(self.process.pid))


@dataclass(frozen=True)
class Contender:
    start: Start
    ran: Callable[[Served], int] = lambda _served: 0
    """How many commands have ended well so far."""
    owes: Callable[[Served], int] = lambda _served: 0
    """How many it still has to run."""


@dataclass
class Figures:
    """Of one contender in one case."""

    per_second: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    ran_per_second: list[float] = field(default_factory=list)
    unanswered: int = 0
    acknowledged: int = 0
    ran: int = 0


def succeeded(served: Served) -> int:
    return _count(served, "state = 'succeeded'")


def unended(served: Served) -> int:
    return _count(served, "ended_at is null")


def _count(served: Served, which: str) -> int:
    with closing(sqlite3.connect(served.folder / "hookrules.db", timeout=30)) as journal:
        (count,) = journal.execute(f"select count(*) from runs where {which}").fetchone()
        return int(count)


def told_by_webhook(served: Served) -> int:
    """Commands that it started less those that it says failed."""
    log = (served.folder / "log").read_bytes()
    return len(re.findall(rb"\] executing ", log)) - len(re.findall(rb"\] error occurred: ", log))


CASES: dict[str, dict[str, Contender]] = {
    "quiet": {
        "webhook": Contender(webhook(ANOTHER_REF)),
        "hookrules": Contender(hookrules(quiet_rules())),
        "hookrules, one ingress": Contender(hookrules(quiet_rules(), ingresses=1)),
        "bare application": Contender(bare),
    },
    "connecting": {
        "webhook": Contender(webhook(ANOTHER_REF)),
        "hookrules": Contender(hookrules(quiet_rules())),
    },
    "firing": {
        "webhook": Contender(webhook(REF, "-verbose"), told_by_webhook),
        "hookrules": Contender(hookrules([FIRING_RULE]), succeeded, unended),
        "hookrules, one ingress": Contender(hookrules([FIRING_RULE], ingresses=1), succeeded, unended),
    },
}


@contextmanager
def serving(contender: Contender) -> Iterator[Served]:
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        command = contender.start(folder, port)
        with (folder / "log").open("wb") as log:
            places = f"{Path(command[0]).parent}{os.pathsep}{os.environ['PATH']}"  # ansible-rulebook asks for what lies beside it
            environ = {**os.environ, "BENCHMARK_SECRET": SECRET, "PATH": places}
            process = subprocess.Popen(command, cwd=folder, env=environ, stdout=log, stderr=log)
        try:
            _wait_for(port)
            yield Served(process, folder, f"http://127.0.0.1:{port}/hooks/github")
        finally:
            process.terminate()
            process.wait(60)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    sys.exit("the server did not come up")


def _family(pid: int) -> list[int]:
    return [pid, *(each for child in children_of(pid) for each in _family(child))]


@contextmanager
def watched(served: Served) -> Iterator[list[float]]:
    """Its memory, looked at twice a second."""
    seen, over = [served.memory()], threading.Event()

    def look() -> None:
        while not over.wait(0.5):
            seen.append(served.memory())

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        over.set()
        looking.join()


def one_round(contender: Contender, figures: Figures, connections: int, seconds: int, *, one_each: bool) -> Load:
    with serving(contender) as served:
        send(served.url, served.folder, "warm-", connections, 1, one_each=one_each)
        _let_end(contender, served)
        before = contender.ran(served)
        with watched(served) as memory:
            load = send(served.url, served.folder, "push-", connections, seconds, one_each=one_each)
            while_loaded = contender.ran(served) - before
        _let_end(contender, served)
        figures.ran += contender.ran(served) - before
    figures.per_second.append(load.good)
    figures.p50.append(load.p50)
    figures.p99.append(load.p99)
    figures.memory.append(max(memory))
    figures.ran_per_second.append(while_loaded / seconds)
    figures.unanswered += load.broken + load.refused
    figures.acknowledged += load.answers - load.refused
    return load


def _let_end(contender: Contender, served: Served) -> None:
    deadline = time.monotonic() + PATIENCE
    while contender.owes(served) and time.monotonic() < deadline:
        time.sleep(0.5)
    if not contender.owes(served) and contender.ran(served):
        time.sleep(1)  # webhook runs what it still holds, and says nothing of how much that is


def measured(case: str, connections: int, rounds: int, seconds: int) -> dict[str, Figures]:
    """A B A B …"""
    figures = {name: Figures() for name in CASES[case]}
    for number in range(rounds):
        for name, contender in CASES[case].items():
            load = one_round(contender, figures[name], connections, seconds, one_each=case == "connecting")
            print(f"  round {number + 1} {name}: {load.good:,.0f}/s, p99 {load.p99:.1f} ms", file=sys.stderr)
    return figures


def told(case: str, connections: int, figures: Mapping[str, Figures]) -> dict[str, Any]:
    contenders = {
        name: {
            "acknowledged per second": summary(each.per_second),
            "p50 ms": summary(each.p50, 1),
            "p99 ms": summary(each.p99, 1),
            "most memory MiB": summary(each.memory),
            "refused or unanswered": each.unanswered,
            **(_executions(each) if case == "firing" else {}),
        }
        for name, each in figures.items()
    }
    peer = contenders["webhook"]
    names = ["acknowledged per second", "p99 ms", *(["ran per second while loaded"] if case == "firing" else [])]
    ratios = {
        name: {kind: round(each[kind]["median"] / max(peer[kind]["median"], 1e-9), 2) for kind in names}
        for name, each in contenders.items()
        if name.startswith("hookrules")
    }
    return {"case": case, "connections": connections, "contenders": contenders, "to webhook": ratios}


def _executions(figures: Figures) -> dict[str, Any]:
    return {
        "ran per second while loaded": summary(figures.ran_per_second),
        "acknowledged": figures.acknowledged,
        "ran of these in the end": figures.ran,
    }


def show(result: Mapping[str, Any]) -> None:
    print(f"{result['case']}, {result['connections']} connections", file=sys.stderr)
    for name, each in result["contenders"].items():
        rate = each["acknowledged per second"]
        line = f"  {name:24} {rate['median']:>7,}/s ({rate['lowest']:,} to {rate['highest']:,})  p50 {each['p50 ms']['median']:>6} ms"
        line += f"  p99 {each['p99 ms']['median']:>7} ms  {each['most memory MiB']['median']:>4} MiB"
        if "acknowledged" in each:
            ran = each["ran per second while loaded"]["median"]
            line += f"  ran {ran:,}/s, in the end {each['ran of these in the end']:,} of {each['acknowledged']:,}"
        print(line, file=sys.stderr)
    for name, ratios in result["to webhook"].items():
        print(f"  {name} to webhook: {ratios}", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of load, for each contender in each round")
    parser.add_argument("--connections", type=int, nargs="+", default=[32, 128])
    parser.add_argument("--case", choices=list(CASES), nargs="+", default=list(CASES))
    parser.add_argument("--ansible-rulebook", metavar="PROGRAM", help="also in the quiet case (PyPI; it needs Java)")
    parser.add_argument("--node-red", metavar="PROGRAM", help="also in the quiet case (npm)")
    given = parser.parse_args()
    if given.ansible_rulebook:
        CASES["quiet"]["ansible-rulebook"] = Contender(ansible_rulebook(given.ansible_rulebook))
    if given.node_red:
        CASES["quiet"]["Node-RED"] = Contender(node_red(given.node_red))
    about = conditions("httptools", "uvloop", "granian", "bottle")
    about["versions"]["webhook"] = subprocess.run(["webhook", "-version"], capture_output=True, text=True, check=True).stdout.strip()
    results = []
    for case in given.case:
        for connections in given.connections:
            results.append(told(case, connections, measured(case, connections, given.rounds, given.seconds)))
            show(results[-1])
    print(json.dumps({**about, "rounds": given.rounds, "seconds": given.seconds, "results": results}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
