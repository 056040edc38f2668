"""Rules and configuration that change while the server serves."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import CONFIG, PATIENCE, SERVE, TOKEN, Server, hookrules, json_lines, port_of, project, serving, signed

RULES = """
rules:
  - name: greeting
    on: github.push
    steps: [{log: first}]
"""
BROKEN = RULES + "    stepps: []\n"


def saying(word: str) -> str:
    return RULES.replace("first", word)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path, RULES)


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    with serving(folder, "--watch") as running:
        yield running


def rewrite(path: Path, text: str) -> None:
    """As an editor does that saves without ever having half a file there."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text)
    beside.replace(path)


def metrics(server: Server) -> dict[str, str]:
    with_token = {"Authorization": f"Bearer {TOKEN}"}
    connection = http.client.HTTPConnection("127.0.0.1", port_of(str(server.console)), timeout=PATIENCE)
    connection.request("GET", "/metrics", headers=with_token)
    with connection.getresponse() as answer:
        lines = answer.read().decode().splitlines()
    connection.close()
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))


def test_a_changed_rule_is_in_force_by_itself(server: Server) -> None:
    rewrite(server.folder / "rules" / "rules.yaml", saying("second"))
    told = server.wait_for("reloaded")
    assert (told["rules"], told["added"], told["changed"], told["removed"]) == (1, 0, 1, 0)
    assert server.github("push", {})[0] == 202
    server.wait_for("second")
    assert not server.lines("first")


def test_a_broken_set_is_refused_aloud_and_the_old_one_serves_on(server: Server) -> None:
    rules = server.folder / "rules" / "rules.yaml"
    rewrite(rules, BROKEN)
    server.wait_for("the reload is refused, and what was in force stays")
    server.wait_for("rules/rules.yaml:6:5: error: unknown key 'stepps' in a rule (HR101); did you mean `steps`?")
    assert metrics(server)["hookrules_last_reload_taken"] == "0"
    assert server.github("push", {})[0] == 202
    server.wait_for("first")
    rewrite(rules, saying("mended"))
    server.wait_for("reloaded")
    assert server.github("push", {})[0] == 202
    server.wait_for("mended")
    assert metrics(server)["hookrules_last_reload_taken"] == "1"


def test_the_verb_says_what_became_of_it(folder: Path) -> None:
    with serving(folder) as server:
        (folder / "rules" / "rules.yaml").write_text(BROKEN)
        [answer] = json_lines(hookrules(folder, "reload", "--format", "json", code=1))
        assert (answer["taken"], answer["rules"]) == (False, 1)
        [finding] = [each for each in answer["findings"] if each["level"] == "error"]
        assert (finding["file"], finding["line"], finding["code"]) == (str(folder / "rules" / "rules.yaml"), 6, "HR101")
        assert "rules/rules.yaml:6:5: error: unknown key" in hookrules(folder, "reload", code=1)
        (folder / "rules" / "rules.yaml").write_text(saying("second") + "  - {name: more, on: lab, steps: [{log: more}]}\n")
        [answer] = json_lines(hookrules(folder, "reload", "--format", "json"))
        assert (answer["taken"], answer["rules"]) == (True, 2)
        assert server.github("push", {})[0] == 202
        server.wait_for("second")
        assert server.stop() == 0
    assert list(folder.glob("*.reload")) == []


def test_the_verb_without_a_server_says_so(folder: Path) -> None:
    with serving(folder, "--watch") as server:
        server.kill()
    done = subprocess.run([*SERVE[:3], "reload"], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "no server of this machine works with" in done.stderr


def test_a_hangup_reloads_and_a_service_manager_is_told(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(str(folder / "notify"))
        notified.settimeout(PATIENCE)
        with serving(folder, env={**os.environ, "NOTIFY_SOCKET": str(folder / "notify")}) as server:
            assert notified.recv(100) == b"READY=1"
            (folder / "rules" / "rules.yaml").write_text(saying("second"))
            server.process.send_signal(signal.SIGHUP)
            reloading, at = notified.recv(100).decode().splitlines()
            assert reloading == "RELOADING=1"
            assert at.removeprefix("MONOTONIC_USEC=").isdigit()
            assert notified.recv(100) == b"READY=1"
            server.wait_for("reloaded")


def test_what_takes_a_restart_is_said_and_the_rest_is_taken(folder: Path) -> None:
    with serving(folder) as server:
        config = CONFIG.replace("{listen: 127.0.0.1:0, drain: 5s}", "{listen: 127.0.0.1:1, drain: 5s}")
        (folder / "hookrules.yaml").write_text(config.replace("journal.db", "other.db").replace("  lab:", "  more: {verify: none}\n  lab:"))
        told = server.wait_for("listening")
        said = subprocess.run([*SERVE[:3], "reload"], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
        assert "no server of this machine" in said.stderr  # the verb looks where the journal is said to be
        server.process.send_signal(signal.SIGHUP)
        server.wait_for("reloaded")
        for name in ("store", "server.listen"):
            assert server.lines(f"{name} has changed, and that takes a restart; until then the one before stays")
        assert told == server.wait_for("listening")
        assert server.post("/hooks/more", b"{}", {"Content-Type": "application/json"})[0] == 202
    assert not (folder / "other.db").exists()


def test_a_secrets_file_that_changes_is_read_again(folder: Path) -> None:
    from serving import SECRET

    (folder / "secret").write_text("another secret that is long enough")
    github = f"{{provider: github, secret: {SECRET}}}"
    config = CONFIG.replace(github, "{provider: github, secret: {file: secret}}")
    (folder / "hookrules.yaml").write_text(config)
    with serving(folder, "--watch") as server:
        assert server.github("push", {})[0] == 401
        rewrite(folder / "secret", SECRET)
        server.wait_for("reloaded")
        assert server.github("push", {})[0] == 202


def volume(folder: Path, name: str, rules: str) -> None:
    """A ConfigMap as Kubernetes mounts it: names are links through `..data`, which is swapped."""
    content = folder / f"..{name}"
    content.mkdir(parents=True)
    (content / "rules.yaml").write_text(rules)
    before = (folder / "..data").readlink() if (folder / "..data").is_symlink() else None
    (folder / "..data_tmp").symlink_to(content.name)
    (folder / "..data_tmp").replace(folder / "..data")
    if not (folder / "rules.yaml").is_symlink():
        (folder / "rules.yaml").symlink_to("..data/rules.yaml")
    if before:
        shutil.rmtree(folder / before)


def test_a_volume_whose_content_is_swapped(folder: Path) -> None:
    (folder / "rules" / "rules.yaml").unlink()
    volume(folder / "rules", "2026_11_30", RULES)
    with serving(folder, "--watch") as server:
        for number, word in enumerate(("second", "third"), 1):
            volume(folder / "rules", f"later_{number}", saying(word))
            server.wait_for("reloaded", number)
            assert server.github("push", {})[0] == 202
            server.wait_for(word)


def test_a_folder_of_rules_that_comes_goes_and_is_a_link(folder: Path) -> None:
    with serving(folder, "--watch") as server:
        (folder / "rules" / "more").mkdir()
        (folder / "rules" / "more" / "a.yaml").write_text("rules: [{name: more, on: lab, steps: [{log: more}]}]")
        assert server.wait_for("reloaded")["added"] == 1
        shutil.rmtree(folder / "rules" / "more")
        assert server.wait_for("reloaded", 2)["removed"] == 1
        (folder / "rules").rename(folder / "release-1")
        server.wait_for("the reload is refused, and what was in force stays")
        (folder / "rules").symlink_to("release-1")
        server.wait_for("reloaded", 3)
        (folder / "release-2").mkdir()
        project(folder / "release-2", saying("second"))
        (folder / "link").symlink_to("release-2/rules")
        (folder / "link").replace(folder / "rules")
        assert server.wait_for("reloaded", 4)["changed"] == 1


def test_a_run_that_goes_on_keeps_its_rule_and_is_not_cut(folder: Path) -> None:
    waiting = """
    rules:
      - name: long
        on: lab
        steps:
          - shell: while [ ! -e go ]; do sleep 0.05; done
          - log: old
    """
    project(folder, waiting)
    with serving(folder, "--watch") as server:
        assert server.post("/hooks/lab", b"{}", {"Content-Type": "application/json"})[0] == 202
        while json_lines(hookrules(folder, "runs", "--format", "json"))[0]["state"] != "running":
            pass
        project(folder, waiting.replace("log: old", "log: new"))
        server.wait_for("reloaded")
        assert server.post("/hooks/lab", b"{}", {"Content-Type": "application/json"})[0] == 202
        (folder / "go").touch()
        server.wait_for("run", 2)
        assert len(server.lines("old")) == len(server.lines("new")) == 1


def test_slots_hold_over_a_reload(folder: Path) -> None:
    """What the old worker still runs counts for the new one."""
    waiting = """
    rules:
      - {name: long, on: lab, steps: [{shell: "while [ ! -e go ]; do sleep 0.05; done"}]}
      - {name: short, on: github.push, steps: [{log: short}]}
    """
    project(folder, waiting, CONFIG.replace("drain: 5s", "drain: 5s, slots: 1"))
    with serving(folder) as server:
        server.post("/hooks/lab", b"{}", {"Content-Type": "application/json"})
        while json_lines(hookrules(folder, "runs", "--format", "json"))[0]["state"] != "running":
            pass
        hookrules(folder, "reload")
        server.github("push", {})
        hookrules(folder, "reload")
        assert [run["state"] for run in json_lines(hookrules(folder, "runs", "--format", "json"))] == ["queued", "running"]
        (folder / "go").touch()
        assert [server.wait_for("run", number)["rule"] for number in (1, 2)] == ["long", "short"]


class Senders:
    """Deliver without end, two over connections of their own and two over one that they keep as long as they may."""

    def __init__(self, server: Server) -> None:
        self.answers: list[tuple[int, Any]] = []
        self.faults: list[BaseException] = []
        self._port = port_of(server.hooks)
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._deliver, args=(kept,)) for kept in (True, True, False, False)]
        for each in self._threads:
            each.start()

    def _deliver(self, kept: bool) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        while not self._over.is_set():
            try:
                connection.request("POST", "/hooks/github", *signed("push", {"a": 1}))
                with connection.getresponse() as answer:
                    self.answers.append((answer.status, json.load(answer)))
            except (OSError, http.client.HTTPException) as fault:
                self.faults.append(fault)
                connection.close()
            if not kept:
                connection.close()
        connection.close()

    def stop(self) -> None:
        self._over.set()
        for each in self._threads:
            each.join()


def test_no_delivery_is_refused_or_lost_over_many_reloads(folder: Path) -> None:
    reloads = 12
    with serving(folder) as server:
        senders = Senders(server)
        for number in range(1, reloads + 1):
            project(folder, saying(f"word {number}"))
            server.process.send_signal(signal.SIGHUP)
            server.wait_for("reloaded", number)
        senders.stop()
        senders.answers.append(server.github("push", {}))
        assert senders.faults == []
        assert {status for status, _ in senders.answers} == {202}
        started = {run["id"] for _, answer in senders.answers for run in answer["runs"]}
        assert len(started) == len(senders.answers) > reloads
        server.wait_for("run", len(started))
        assert {line["id"] for line in server.lines("run") if line["state"] == "succeeded"} == started
        assert server.lines(f"word {reloads}")
        assert server.stop() == 0
    assert not [line for line in server.log if "a process died" in line]


def test_a_worker_alone_reloads(folder: Path) -> None:
    with serving(folder, "--watch", "--no-worker") as server:
        worker = subprocess.Popen([*SERVE[:3], "work", "--log-format", "json"], cwd=folder, stderr=subprocess.PIPE, text=True)
        assert worker.stderr is not None
        told = iter(worker.stderr)
        next(line for line in told if "working" in line)
        rewrite(folder / "rules" / "rules.yaml", saying("second"))
        server.wait_for("reloaded")
        next(line for line in told if "reloaded" in line)
        assert len(json_lines(hookrules(folder, "reload", "--format", "json"))) == 2
        assert server.github("push", {})[0] == 202
        assert next(json.loads(line) for line in told if '"second"' in line)
        worker.terminate()
        assert worker.wait(PATIENCE) == 0
        worker.stderr.close()
