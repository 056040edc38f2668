"""A real server in a folder of its own: `hookrules serve`, as a user starts it."""

import hashlib
import hmac
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

SECRET = "a secret that only GitHub and we know"
TOKEN = "a token for the console of tests"
SERVE = (sys.executable, "-m", "hookrules.engine.cli", "serve", "--no-watch", "--log-format", "json")
PATIENCE = 30.0
"""Seconds after which something that should have happened counts as never happening."""

CONFIG = f"""
server: {{listen: 127.0.0.1:0, drain: 5s}}
console: {{listen: 127.0.0.1:0, token: {TOKEN}}}
store: sqlite:///journal.db
rules: rules/
sources:
  github: {{provider: github, secret: {SECRET}}}
  sensors:
    verify: {{hmac: sha256, header: X-Signature, prefix: "sha256="}}
    secret: {SECRET}
    type: $.kind
    delivery_id: header.X-Request-Id
  lab: {{verify: none}}
"""


class Server:
    """`hookrules serve` and what it said."""

    def __init__(self, folder: Path, *arguments: str, command: Sequence[str] = SERVE, ready: str = "listening", **options: Any) -> None:
        """`ready` is what it says when it can do its work. `options` are Popen's."""
        self.folder = folder
        self.log: list[str] = []
        self._said = threading.Condition()
        self.process = subprocess.Popen(
            [*command, *arguments],
            cwd=folder,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        listening = self.wait_for(ready)
        self.hooks, self.console = listening.get("hooks", "").removesuffix("/hooks/<source>"), listening.get("console")

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._said:
                self.log.append(line)
                self._said.notify_all()
        with self._said:
            self.log.append('{"message": "end of log"}')
            self._said.notify_all()

    def lines(self, message: str) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.log if line.startswith("{")]
        return [line for line in found if line["message"] == message]

    def wait_for(self, message: str, count: int = 1) -> dict[str, Any]:
        """The `count`th log line with this message, once it is there."""
        with self._said:
            came = self._said.wait_for(lambda: len(self.lines(message)) >= count or self.lines("end of log"), PATIENCE)
            assert came and len(self.lines(message)) >= count, f"no {message!r} in the log:\n{''.join(self.log)}"
            return self.lines(message)[count - 1]

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        request = urllib.request.Request(self.hooks + path, data=body, headers=dict(headers), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)

    def github(self, event: str, payload: Any, delivery: str | None = None) -> tuple[int, dict[str, Any]]:
        """Deliver as GitHub does."""
        return self.post("/hooks/github", *signed(event, payload, delivery))

    def pids(self) -> list[int]:
        """The ingresses and the worker, in the order in which they were started."""
        listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=False)
        return [int(pid) for pid in listed.stdout.split()]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """All of it, as when the power fails."""
        for pid in [self.process.pid, *self.pids()]:
            with suppress(ProcessLookupError):  # a child that was ending anyway
                os.kill(pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()
        self._reader.join(PATIENCE)
        assert self.process.stderr is not None
        self.process.stderr.close()


def signed(event: str, payload: Any, delivery: str | None = None) -> tuple[bytes, dict[str, str]]:
    body = json.dumps(payload).encode()
    return body, {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery or str(uuid.uuid4()),
        "X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
    }


def project(folder: Path, rules: str, config: str = CONFIG) -> Path:
    """A folder with this configuration and one file of rules."""
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "hookrules.yaml").write_text(textwrap.dedent(config))
    (folder / "rules" / "rules.yaml").write_text(textwrap.dedent(rules))
    return folder


@contextmanager
def serving(folder: Path, *arguments: str, command: Sequence[str] = SERVE, **options: Any) -> Iterator[Server]:
    server = Server(folder, *arguments, command=command, **options)
    try:
        yield server
    finally:
        server.close()


def hookrules(folder: Path, *arguments: str, code: int | None = 0) -> str:
    """What the command line prints to stdout; asserts its exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "hookrules.engine.cli", *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return done.stdout


def json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def port_of(url: str) -> int:
    found = re.search(r":(\d+)$", url)
    assert found
    return int(found[1])
