"""A console that answers real HTTP over a journal in memory, and what a browser or a program would send to it."""

import json
import socket
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from hookrules.engine.config.ruleset import Rule
from hookrules.engine.journal import Journal, Reading, RuleText, Turn
from hookrules.engine.journal.opening import open_journal
from hookrules.engine.model import Event, Match, Run, RunState, Step, StepState
from hookrules.engine.reloads import LastReload
from hookrules.engine.web.console import application
from hookrules.engine.web.console_server import ConsoleServer

TOKEN = "a-token-of-some-length"
NOW = 1_763_938_021.25  # 2025-11-23T22:47:01.250Z
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@dataclass
class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Console:
    port: int
    clock: Clock = field(default_factory=Clock)

    def request(self, method: str, path: str, headers: Mapping[str, str | bytes] | None = None, body: bytes | None = None) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        """As a program that has the token."""
        return self.request("GET", path, BEARER | headers)

    def sign_in(self, token: str = TOKEN, onward: str = "/", **headers: str) -> Answer:
        """As the login page's own form sends it."""
        form = urlencode({"token": token, "next": onward}).encode()
        own = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
        return self.request("POST", "/login", own | {name.replace("_", "-"): value for name, value in headers.items()}, form)


@contextmanager
def served(
    reading: Reading,
    rules: Callable[[], Iterable[Rule]] = tuple,
    hosts: Collection[str] = (),
    address: str = "127.0.0.1",
    last_reload: Callable[[], LastReload | None] = lambda: None,
) -> Iterator[Console]:
    clock = Clock()
    listening = socket.create_server((address, 0))
    port = listening.getsockname()[1]
    server = ConsoleServer(application(reading, rules, TOKEN, clock, hosts, last_reload=last_reload), listening)
    server.start()
    try:
        yield Console(port, clock)
    finally:
        server.stop()


@contextmanager
def journal_in_memory() -> Iterator[Journal]:
    journal = open_journal("sqlite://", Path())
    journal.keep_rules([RuleText("d1", "deploy-main", "{}")])
    try:
        yield journal
    finally:
        journal.close()


def event(number: int = 1, **fields: Any) -> Event:
    given: dict[str, Any] = {
        "id": f"evt_{number}",
        "source": "github",
        "type": "push",
        "payload": {"ref": "refs/heads/main"},
        "body": b'{"ref":"refs/heads/main"}',
        "received_at": NOW - 60 * number,
        "delivery_id": f"delivery-{number}",
        "headers": {"x-github-event": ("push",), "accept": ("text/html", "*/*")},
        "query": {"page": ("3",)},
        "address": "192.0.2.7",
        "git": {"branch": "main"},
    }
    return Event(**given | fields)


def accept(journal: Journal, what: Event, *rules: str) -> list[str]:
    """The ids of the runs that it started."""
    (receipt,) = journal.accept([(what, [Match(rule, "d1") for rule in rules])]).result()
    return [run for _, run in receipt.runs]


def finish(journal: Journal, run_id: str, state: RunState, error: str | None = None, result: Mapping[str, Any] | None = None) -> Run:
    """Work a run off as a worker would: one step, three seconds."""
    (run,) = (run for run in journal.claim("worker-1", NOW, 60.0, Turn(100)) if run.id == run_id)
    step_state = StepState.SUCCEEDED if state is RunState.SUCCEEDED else StepState.FAILED
    step = Step(run.id, "steps[0]", "shell", step_state, 2, NOW, "deploy", NOW + 2.5, result or {}, error)
    journal.write_step(run, step)
    journal.end_run(run, state, NOW + 3, error)
    return run
