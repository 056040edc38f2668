"""What a user gets wrong or finds broken: one clear line that names the thing and the remedy, and no event lost."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from serving import CONFIG, hookrules, project, serving

RULES = "rules: [{name: any, on: lab, steps: [{log: hello}]}]"
JSON = {"Content-Type": "application/json"}


def serve(folder: Path, *arguments: str) -> str:
    """What `serve` says where it does not start."""
    command = [sys.executable, "-m", "hookrules.engine.cli", "serve", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_missing_configuration(tmp_path: Path) -> None:
    assert serve(tmp_path) == "hookrules: there is no hookrules.yaml; `hookrules init` writes a starter, -c names another file\n"


@pytest.mark.parametrize(
    ("config", "place", "words"),
    [
        (CONFIG + "  broken: [\n", "hookrules.yaml:15:1:", "never closed"),
        (CONFIG + "sourcs: {}\n", "hookrules.yaml:14:1:", "did you mean `sources`?"),
        (CONFIG.replace("a secret that only GitHub and we know", "{env: NO_SUCH_VARIABLE}"), "hookrules.yaml:7:", "NO_SUCH_VARIABLE"),
        (CONFIG.replace("  lab: {verify: none}", "  lab: {}"), "hookrules.yaml:13:", "'verify'"),
        (CONFIG.replace("rules: rules/", "rules: nowhere/"), "hookrules.yaml:5:", "nowhere"),
    ],
)
def test_a_configuration_that_can_not_be_used(tmp_path: Path, config: str, place: str, words: str) -> None:
    said = serve(project(tmp_path, RULES, config))
    assert place in said
    assert words in said


def test_a_source_that_no_one_named(tmp_path: Path) -> None:
    said = serve(project(tmp_path, RULES.replace("on: lab", "on: labb")))
    assert "rules/rules.yaml:1:" in said
    assert "did you mean `lab`?" in said


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = serve(project(tmp_path, RULES, CONFIG.replace("{listen: 127.0.0.1:0, drain", f"{{listen: 127.0.0.1:{port}, drain")))
        assert f"can't listen on 127.0.0.1:{port} (server.listen): the port is in use" in said
        assert "--listen" in serve(project(tmp_path, RULES), "--listen", f"127.0.0.1:{port}")


def test_a_journal_that_can_not_be_opened(tmp_path: Path) -> None:
    folder = project(tmp_path, RULES)
    (folder / "journal.db").write_text("this is no database, and was never one\n" * 100)
    said = serve(folder)
    assert "journal.db" in said
    assert "not a SQLite database" in said
    assert said.count("\n") == 1 + said.count("warning")


def test_a_journal_that_goes_away_and_comes_back(tmp_path: Path) -> None:
    folder = project(tmp_path, RULES)
    with serving(folder) as server:
        assert server.post("/hooks/lab", b"{}", JSON)[0] == 202
        server.wait_for("run")
        for name in os.listdir(folder):  # noqa: PTH208
            if name.startswith("journal.db"):
                (folder / name).rename(folder / f"away-{name}")
        status, answer = server.post("/hooks/lab", b"{}", JSON)
        assert status == 503
        assert "journal" in answer["error"]
        for name in os.listdir(folder):  # noqa: PTH208
            if name.startswith("away-"):
                (folder / name).rename(folder / name.removeprefix("away-"))
        assert server.post("/hooks/lab", b"{}", JSON)[0] == 202
        server.wait_for("run", 2)


def test_a_payload_that_no_file_holds(tmp_path: Path) -> None:
    folder = project(tmp_path, RULES)
    done = subprocess.run(
        [sys.executable, "-m", "hookrules.engine.cli", "send", "lab", "nothing.json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "can't read nothing.json: no such file or directory" in done.stderr


def test_a_server_that_does_not_run(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    folder = project(tmp_path, RULES)
    (folder / "payload.json").write_text("{}")
    command = [sys.executable, "-m", "hookrules.engine.cli", "send", "lab", "payload.json", "--to", f"http://127.0.0.1:{port}/hooks/lab"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "start `hookrules serve`" in done.stderr


def test_an_event_and_a_run_that_do_not_exist(tmp_path: Path) -> None:
    folder = project(tmp_path, RULES)
    hookrules(folder, "show", "evt_nothing", code=1)
    hookrules(folder, "explain", "evt_nothing", code=1)
