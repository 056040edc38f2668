"""Where `serve` listens: unix sockets, several places, sockets of a service manager, TLS."""

import http.client
import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

from serving import CONFIG, PATIENCE, SERVE, TOKEN, project, serving
from support_certificates import Certificate
from support_processes import on_linux
from support_waiting import until

RULES = "rules: [{name: any, on: lab, steps: [{log: hello}]}]"
JSON = {"Content-Type": "application/json"}
LISTEN = "{listen: 127.0.0.1:0, drain: 5s}"
CONSOLE = "{listen: 127.0.0.1:0, token"


class Unix(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self._path))


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None, headers: Any = None) -> tuple[int, Any]:
    try:
        connection.request(method, path, body, headers or {})
        with connection.getresponse() as answer:
            return answer.status, json.load(answer)
    finally:
        connection.close()


def deliver(connection: http.client.HTTPConnection) -> int:
    return ask(connection, "POST", "/hooks/lab", b"{}", JSON)[0]


def at(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)


def look(connection: http.client.HTTPConnection, host: str = "console.example.com") -> int:
    return ask(connection, "GET", "/api/v1/events", headers={"Authorization": f"Bearer {TOKEN}", "Host": host})[0]


def test_hooks_and_console_over_unix_sockets(tmp_path: Path) -> None:
    config = CONFIG.replace(LISTEN, "{listen: 'unix:hooks.sock', socket_mode: 600}").replace(CONSOLE, "{listen: 'unix:console.sock', token")
    folder = project(tmp_path, RULES, config)
    with serving(folder) as server:
        told = server.wait_for("listening")
        assert told["hooks"] == f"http://unix:{folder}/hooks.sock:/hooks/<source>"
        assert stat.S_IMODE((folder / "hooks.sock").stat().st_mode) == 0o600
        assert stat.S_IMODE((folder / "console.sock").stat().st_mode) == 0o660
        assert deliver(Unix(folder / "hooks.sock")) == 202
        assert look(Unix(folder / "console.sock")) == 200
        said = subprocess.run([*SERVE[:3], "send", "lab", "-"], cwd=folder, input="{}", capture_output=True, text=True, check=False)
        assert "name one with --to" in said.stderr
        assert server.stop() == 0
    assert not (folder / "hooks.sock").exists()
    assert not (folder / "console.sock").exists()


def test_a_server_that_was_killed_leaves_a_file_that_the_next_one_takes_over(tmp_path: Path) -> None:
    folder = project(tmp_path, RULES, CONFIG.replace(LISTEN, "{listen: 'unix:hooks.sock', drain: 5s}"))
    with serving(folder) as server:
        again = subprocess.run(SERVE, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
        assert again.returncode == 1
        assert "can't listen on unix:hooks.sock (server.listen): somebody listens there" in again.stderr
        server.kill()
    assert (folder / "hooks.sock").exists()
    with serving(folder):
        assert deliver(Unix(folder / "hooks.sock")) == 202


def test_several_places_at_once(tmp_path: Path) -> None:
    folder = project(tmp_path, RULES, CONFIG.replace(LISTEN, "{listen: ['127.0.0.1:0', 'unix:hooks.sock', '127.0.0.1:0'], drain: 5s}"))
    with serving(folder) as server:
        first, unix, second = server.wait_for("listening")["hooks"].split(", ")
        assert "unix:" in unix
        for url in (first, second):
            assert deliver(at(int(url.split(":")[2].partition("/")[0]))) == 202
        assert deliver(Unix(folder / "hooks.sock")) == 202


def activated(folder: Path, sockets: Sequence[socket.socket], names: str = "", *more: str, **environ: str) -> dict[str, Any]:
    """How a service manager starts it: the sockets at the numbers from 3 on, and whom they are meant for."""
    numbers = [each.fileno() for each in sockets]
    moved = " ".join(f"{3 + at}<&{number}" for at, number in enumerate(numbers))
    command = " ".join([*SERVE, *more])
    program = f"exec {moved}; export LISTEN_PID=$$ LISTEN_FDS={len(numbers)} LISTEN_FDNAMES={names}; exec {command}"
    return {"command": ("bash", "-c", program), "pass_fds": numbers, "env": {**os.environ, **environ}}


def test_sockets_of_a_service_manager_outlive_the_server(tmp_path: Path) -> None:
    folder = project(tmp_path, RULES, CONFIG.replace(LISTEN, "{listen: 'unix:unused.sock', drain: 5s}"))
    notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notified.bind(str(tmp_path / "notify"))
    notified.settimeout(PATIENCE)
    with socket.create_server(("127.0.0.1", 0)) as hooks, socket.create_server(("127.0.0.1", 0)) as console, notified:
        ports = hooks.getsockname()[1], console.getsockname()[1]
        start = activated(folder, [console, hooks], "console:hooks", NOTIFY_SOCKET=str(tmp_path / "notify"))
        with serving(folder, **start) as server:
            assert notified.recv(100) == b"READY=1"
            assert deliver(at(ports[0])) == 202
            assert look(at(ports[1]), "127.0.0.1") == 200
            assert not (folder / "unused.sock").exists()
            assert server.stop() == 0
            assert notified.recv(100) == b"STOPPING=1"
        waiting = at(ports[0])
        waiting.connect()  # nobody serves, and nobody is refused
        with serving(folder, **activated(folder, [hooks])):
            assert deliver(waiting) == 202


def test_an_address_beside_sockets_that_were_handed_over_is_a_contradiction(tmp_path: Path) -> None:
    folder = project(tmp_path, RULES)
    with socket.create_server(("127.0.0.1", 0)) as hooks:
        start = activated(folder, [hooks], "", "--listen", "127.0.0.1:0")
        done = subprocess.run(start.pop("command"), cwd=folder, capture_output=True, text=True, timeout=60, check=False, **start)
        assert done.returncode == 1
        assert "--listen has no use here" in done.stderr


def test_a_certificate_is_renewed_in_a_running_server(tmp_path: Path) -> None:
    authority = Certificate.made("authority")
    authority.write(tmp_path, "authority")
    Certificate.made("first", authority).write(tmp_path, "ours")
    config = CONFIG.replace(LISTEN, "{listen: 127.0.0.1:0, drain: 5s, tls: {certificate: ours.pem, key: ours.key}}")
    folder = project(tmp_path, RULES, config)
    context = ssl.create_default_context(cafile=str(tmp_path / "authority.pem"))

    def delivered(url: str) -> int:
        request = urllib.request.Request(f"{url}/hooks/lab", b"{}", JSON)
        with urllib.request.urlopen(request, timeout=PATIENCE, context=context) as answer:
            return int(answer.status)

    with serving(folder) as server:
        assert server.hooks.startswith("https://127.0.0.1:")
        assert delivered(server.hooks) == 202
        ingress, *_ = server.pids()
        Certificate.made("second", authority).write(tmp_path, "ours")
        server.wait_for("the certificate is renewed")
        assert delivered(server.hooks) == 202
        assert server.pids()[0] == ingress


def test_several_processes_receive_for_one_journal_and_one_that_dies_is_missed_by_nobody(tmp_path: Path) -> None:
    folder = project(tmp_path, RULES, CONFIG.replace(LISTEN, "{listen: 127.0.0.1:0, ingresses: 2}"))
    with serving(folder) as server, ThreadPoolExecutor(8) as pool:
        first, second, _ = server.pids()
        came = list(pool.map(lambda number: server.post("/hooks/lab", b"{}", JSON | {"X-Request-Id": str(number)}), range(50)))
        os.kill(first, signal.SIGKILL)
        server.wait_for("a process died and is started again")
        came += pool.map(lambda number: server.post("/hooks/lab", b"{}", JSON | {"X-Request-Id": str(number)}), range(50, 100))
        assert {status for status, _ in came} == {202}
        assert second in server.pids()
        server.wait_for("run", len(came))
    assert len({answer["event"] for _, answer in came}) == 100


def sockets_of(pid: int) -> int:
    found = 0
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found += str(each.readlink()).startswith("socket:")
    return found


@on_linux
def test_connections_that_stay_open_are_shared_out_among_the_processes(tmp_path: Path) -> None:
    folder = project(tmp_path, RULES, CONFIG.replace(LISTEN, "{listen: 127.0.0.1:0, ingresses: 2}"))
    with serving(folder) as server, ExitStack() as stack:
        first, second, _ = server.pids()
        before = {pid: sockets_of(pid) for pid in (first, second)}
        kept = [stack.enter_context(closing(at(int(server.hooks.rpartition(":")[2])))) for _ in range(12)]

        def deliver_over_each() -> list[int]:
            for each in kept:
                each.request("POST", "/hooks/lab", b"{}", JSON)
                with each.getresponse() as answer:
                    assert (answer.status, bool(answer.read())) == (202, True)
            return [sockets_of(pid) - before[pid] for pid in before]

        os.kill(first, signal.SIGSTOP)
        assert deliver_over_each() == [0, 12]
        os.kill(first, signal.SIGCONT)
        until(lambda: min(deliver_over_each()) >= 4)


def test_a_server_with_a_certificate_that_is_not_there_does_not_start(tmp_path: Path) -> None:
    config = CONFIG.replace(LISTEN, "{listen: 127.0.0.1:0, tls: {certificate: nowhere.pem, key: nowhere.key}}")
    done = subprocess.run(SERVE, cwd=project(tmp_path, RULES, config), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "hookrules.yaml:2:" in done.stderr
    assert "nowhere.pem can't be read (no such file or directory)" in done.stderr
    assert "nowhere.key can't be read" in done.stderr


def test_a_relay_needs_an_address_to_deliver_to(tmp_path: Path) -> None:
    folder = project(tmp_path, RULES, CONFIG.replace(LISTEN, "{listen: 'unix:hooks.sock', drain: 5s}"))
    command = [*SERVE, "--tunnel", "lab=http://127.0.0.1:9/channel"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "--tunnel delivers to this server over plain HTTP" in done.stderr
    assert not (folder / "hooks.sock").exists()
