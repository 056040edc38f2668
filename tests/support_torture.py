"""A real server that is killed again and again while deliveries come, and what must hold of it all the same.

Every command writes into one file (O_APPEND) when it begins and when it ends, with its run, its step and its attempt. After each kill, and
before anything is started again, the journal says which steps were running then. A seed gives the same deliveries and the same plan of
kills; where exactly a kill strikes is the machine's choice.
"""

import json
import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

from serving import CONFIG, PATIENCE, SERVE, Server, project
from support_processes import alive

SENDERS = 4
GROUPS = 3
POLL = 0.01
LONG = 120.0
"""Seconds after which what should have happened counts as never happening."""
SHARES = {"plain": 8, "two": 4, "once": 4, "queue": 2, "retry": 2}
"""Of 20 deliveries."""

RULES = """
rules:
  - name: plain
    on: github.push
    when: $.kind == plain
    steps: [{shell: [sh, mark.sh, "0"]}]
  - name: tenth
    on: github.push
    when: [$.kind == plain, $.tenth == true]
    steps: [{shell: [sh, mark.sh, "0"]}]
  - name: two
    on: github.push
    when: $.kind == two
    steps: [{shell: [sh, mark.sh, "0"]}, {shell: [sh, mark.sh, "1", "0.02"]}]
  - name: once
    on: github.push
    when: $.kind == once
    at_most_once: true
    steps: [{shell: [sh, mark.sh, "0", "0.02"]}]
  - name: queue
    on: github.push
    when: $.kind == queue
    concurrency: {group: "g{{ payload.group }}", mode: queue}
    steps: [{shell: [sh, mark.sh, "0", "0.03"]}, {shell: [sh, mark.sh, "1"]}]
  - name: retry
    on: github.push
    when: $.kind == retry
    retry: {attempts: 40, delay: 50ms, backoff: 1}
    steps: [{shell: [sh, mark.sh, "0", "0", fails-first]}]
"""

MARK = """
echo "begin $HOOKRULES_RUN_ID $1 $HOOKRULES_ATTEMPT" >> marks
[ "${2:-0}" = 0 ] || sleep "$2"
echo "end $HOOKRULES_RUN_ID $1 $HOOKRULES_ATTEMPT" >> marks
[ -z "$3" ] || [ "$HOOKRULES_ATTEMPT" -gt 1 ]
"""

STOPPED = "a run stops here until the journal can be written again"

Attempt = tuple[str, int, int]
"""A run, the number of its step, and the attempt."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery, and the event that it was acknowledged as."""

    number: int
    kind: str
    event: str


def payload(number: int, chance: random.Random) -> dict[str, Any]:
    kinds = [kind for kind, share in SHARES.items() for _ in range(share)]
    return {"number": number, "kind": chance.choice(kinds), "tenth": number % 10 == 0, "group": chance.randrange(GROUPS)}


def rules_for(payload: Mapping[str, Any]) -> list[str]:
    return ["plain", "tenth"] if payload["kind"] == "plain" and payload["tenth"] else [payload["kind"]]


@dataclass
class Torture:
    """`deliver` and `kill` go on at once, until all is delivered; then `finish`, and `faults` says what did not hold."""

    folder: Path
    deliveries: int
    kills: int
    seed: int
    config: str = CONFIG
    journal: str = "journal.db"
    command: Sequence[str] = SERVE
    server: Server | None = None
    struck: Counter[str] = field(default_factory=Counter)
    """What was killed, or done to it otherwise, and how often."""
    interrupted: set[Attempt] = field(default_factory=set)
    sent: list[Sent] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    """What all servers said that have ended."""
    stopped: set[str] = field(default_factory=set)
    """Runs that met a journal in trouble."""

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._payloads = [payload(number, random.Random(f"{self.seed} {number}")) for number in range(self.deliveries)]
        self._up = threading.Event()
        self._over = threading.Event()
        self._next = iter(range(self.deliveries))
        self._lock = threading.Lock()
        project(self.folder, RULES, self.config)
        (self.folder / "mark.sh").write_text(MARK)
        (self.folder / "marks").touch()

    # What happens.

    def run(self, trouble: Callable[["Torture"], None] | None = None) -> None:
        """`trouble` is what is done again and again; else processes are killed."""
        began = time.monotonic()
        self.start()
        senders = [threading.Thread(target=self._deliver, daemon=True) for _ in range(SENDERS)]
        for sender in senders:
            sender.start()
        try:
            while any(sender.is_alive() for sender in senders) or self.struck.total() < self.kills:
                self._wait_for_progress()
                (trouble or Torture.kill)(self)
            self.seconds["until the last kill"] = round(time.monotonic() - began, 1)
            self.finish()
            self.seconds["until all had ended"] = round(time.monotonic() - began, 1)
        finally:
            self._over.set()
            self._up.set()
            self._close()

    def start(self) -> None:
        self.server = Server(self.folder, command=self.command)
        *ingresses, worker = self.server.pids()
        self._children = {"worker": worker, **dict(zip(("ingress", "other ingress"), ingresses, strict=False))}
        self._up.set()

    def _close(self) -> None:
        if self.server:
            self.server.close()
            self.log += self.server.log

    def kill(self) -> None:
        """All processes, or one. The supervisor is held meanwhile: it would start a process again before the journal was asked."""
        assert self.server is not None
        supervisor = self.server.process.pid
        os.kill(supervisor, signal.SIGSTOP)
        children = self._living_children()
        victim = self._chance.choices(["all", "ingress", "other ingress", "worker"], [3, 1, 1, 2])[0]
        if victim in children:
            strike([children[victim]])
            self.interrupted |= self._running()
            os.kill(supervisor, signal.SIGCONT)
        else:
            victim = "all"
            self._up.clear()
            strike([supervisor, *children.values()])
            self.interrupted |= self._running()
            self._close()
            self.start()
        self.struck[victim] += 1

    def _living_children(self) -> dict[str, int]:
        """By name, where one that was killed is back under another number."""
        assert self.server is not None
        living = {pid for pid in self.server.pids() if alive(pid)}
        kept = {name: pid for name, pid in self._children.items() if pid in living}
        new = living - set(kept.values())
        [*missing] = self._children.keys() - kept.keys()
        self._children |= dict(zip(missing, new, strict=False))
        return {name: pid for name, pid in self._children.items() if pid in living}

    def _wait_for_progress(self) -> None:
        """Until some more was acknowledged, or some more commands have begun, by chance; not for ever, where nothing is left to do."""
        measure = self._chance.choice([lambda: len(self.sent), self._written])
        least = measure() + self._chance.randint(1, max(2 * self.deliveries // self.kills, 1))
        wait_until(lambda: measure() >= least or self.all_delivered(), LONG)

    def all_delivered(self) -> bool:
        return len(self.sent) == self.deliveries

    def _written(self) -> int:
        """Lines of the commands, about."""
        return (self.folder / "marks").stat().st_size // 42

    def _deliver(self) -> None:
        """Each until it is acknowledged, under the same delivery id, as long as the server is there to take it."""
        while not self._over.is_set():
            with self._lock:
                number = next(self._next, None)
            if number is None:
                return
            self._deliver_one(number)

    def _deliver_one(self, number: int) -> None:
        while not self._over.is_set():
            self._up.wait(PATIENCE)
            server = self.server
            try:
                assert server is not None
                status, answer = server.github("push", self._payloads[number], delivery=f"delivery-{number}")
            except (OSError, HTTPException, ValueError):  # it was killed before it answered, or in the middle of that
                status, answer = 0, {}
            if status in (200, 202):
                self.sent.append(Sent(number, self._payloads[number]["kind"], answer["event"]))
                return
            self.refused[status] += 1
            self._over.wait(POLL)

    def finish(self) -> None:
        """Until every run has ended."""
        wait_until(lambda: self._ask("select count(*) from runs where ended_at is null") == [(0,)], LONG)

    # What the journal and the commands say.

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / self.journal, timeout=PATIENCE)) as journal:
            return journal.execute(sql).fetchall()

    def states(self) -> list[str]:
        """Of every run."""
        return [state for (state,) in self._ask("select state from runs")]

    def _running(self) -> set[Attempt]:
        rows = self._ask("select runs.id, key, attempts from steps join runs on runs.seq = run where steps.state = 'running'")
        return {(run, number_of(key), attempts) for run, key, attempts in rows}

    def faults(self) -> list[str]:
        """What did not hold; empty where all did."""
        self.stopped = {json.loads(line)["run"] for line in self.log if STOPPED in line}
        marks = [line.split() for line in (self.folder / "marks").read_text().splitlines()]
        told = [(word, (run, int(step), int(attempt))) for word, run, step, attempt in marks]
        return [*self._lost(), *self._doubled(told), *self._overlapping(told)]

    def _lost(self) -> list[str]:
        """Every acknowledged delivery has its event and one run of each of its rules, which has ended as it should."""
        runs: dict[str, list[tuple[str, str, str | None]]] = defaultdict(list)
        for event, rule, state, error in self._ask("select events.id, rule, runs.state, error from runs join events on events.seq = event"):
            runs[event].append((rule, state, error))
        faults = []
        for sent in self.sent:
            found = runs.pop(sent.event, [])
            if sorted(rule for rule, _, _ in found) != sorted(rules_for(self._payloads[sent.number])):
                faults.append(f"delivery {sent.number}, acknowledged as {sent.event}, has the runs {found}")
            faults += [f"a run of {sent.event} ended as {each}" for each in found if not ended_well(*each)]
        return faults + [f"event {event} was never acknowledged" for event in runs]

    def _doubled(self, told: Sequence[tuple[str, Attempt]]) -> list[str]:
        """An attempt is begun once, and there is one more only where the one before was interrupted, or failed and is tried again."""
        rules = dict(self._ask("select id, rule from runs"))
        asked = "select id, key, attempts from steps join runs on runs.seq = run"
        last = {(run, number_of(key)): attempts for run, key, attempts in self._ask(asked)}
        begun = Counter(attempt for word, attempt in told if word == "begin")
        often = Counter((run, step) for run, step, _ in begun)
        earlier = [(run, step, attempt) for (run, step), attempts in last.items() for attempt in range(1, attempts)]
        return [
            *(f"{attempt} of {rules[attempt[0]]} was begun {count} times" for attempt, count in begun.items() if count > 1),
            *(f"{each} is at most once, and began {n} times" for each, n in often.items() if rules[each[0]] == "once" and n > 1),
            *(f"{each} was begun, and the journal knows nothing of it" for each in begun if each[2] > last.get(each[:2], 0)),
            *(f"{each} of {rules[each[0]]} was not interrupted" for each in earlier if not self._may_be_again(each, rules)),
        ]

    def _may_be_again(self, attempt: Attempt, rules: Mapping[str, str]) -> bool:
        tried_again = rules[attempt[0]] == "retry" and attempt[2] == 1
        return attempt in self.interrupted or attempt[0] in self.stopped or tried_again

    def _overlapping(self, told: Sequence[tuple[str, Attempt]]) -> list[str]:
        """Of a group that queues, nothing begins while another run of it goes on, nor ends after another has begun."""
        groups = dict(self._ask("select id, group_name from runs where rule = 'queue'"))
        faults: list[str] = []
        newest: dict[str, Attempt] = {}
        finished: set[str] = set()
        for word, (run, step, attempt) in told:
            group = groups.get(run)
            if group is None:
                continue
            before = newest.get(group)
            if word == "begin":
                if before and before[0] != run and before[0] not in finished:
                    faults.append(f"{run} began in {group} while {before} went on")
                newest[group] = (run, step, attempt)
            elif before != (run, step, attempt):
                faults.append(f"{(run, step, attempt)} ended in {group} when {before} had begun")
            elif step == 1:
                finished.add(run)
        return faults


def strike(pids: Sequence[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(alive(pid) or has_threads(pid) for pid in pids), PATIENCE)


def has_threads(pid: int) -> bool:
    """Its first thread may be gone while another still writes to the journal."""
    try:
        return len(os.listdir(f"/proc/{pid}/task")) > 1  # noqa: PTH208
    except OSError:
        return False


def wait_until(true: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(POLL)


def number_of(key: str) -> int:
    """`steps[1]` → 1."""
    return int(key.removeprefix("steps[").removesuffix("]"))


def ended_well(rule: str, state: str, error: str | None) -> bool:
    return state == "succeeded" or (rule == "once" and state == "dead" and "at_most_once" in (error or ""))
