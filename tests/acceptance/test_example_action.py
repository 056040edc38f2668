"""The example of a package that brings an action: installed, and then used as any other action."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import CONFIG, PATIENCE, hookrules, project, serving
from support_docs import ROOT, blocks

EXAMPLE = ROOT / "docs" / "example-action"
RULES = """
rules:
  - name: log-pushes
    on: lab
    steps:
      - {id: line, syslog: {server: logs, message: "{{ payload.ref }}"}}
      - log: "sent: {{ steps.line.line }}"
"""
TESTS = """
tests:
  - name: a push is logged
    source: lab
    payload: {ref: main}
    rules: log-pushes
    steps:
      log-pushes:
        - syslog: {server: logs, message: main, severity: info}
        - log: {message: "sent: main"}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package, as pip installs it."""
    copy, target = tmp_path_factory.mktemp("source") / "example", tmp_path_factory.mktemp("target")
    shutil.copytree(EXAMPLE, copy)
    how = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "install", *how, "--target", target, copy], check=True, cwd=copy)
    return target


@pytest.fixture
def there(installed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A project in whose environment the package is installed."""
    monkeypatch.setenv("PYTHONPATH", str(installed))
    return project(tmp_path, RULES, f"{CONFIG}syslog:\n  logs: {{host: 127.0.0.1, port: 9}}\n")


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(PATIENCE)
        yield made


def findings(folder: Path, code: int) -> list[tuple[int, int, str, str]]:
    told = json.loads(hookrules(folder, "validate", "--format", "json", code=code))["findings"]
    known = ("HR401", "HR406", "HR409")  # the project's own: an open source, secrets in the file
    return [(each["line"], each["column"], each["code"], each["message"]) for each in told if each["code"] not in known]


def test_its_own_tests_pass(installed: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={EXAMPLE}", "-c", os.devnull, EXAMPLE]
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_validate_knows_it(there: Path) -> None:
    assert findings(there, code=0) == []


def test_its_mistakes_have_their_places(there: Path) -> None:
    rule = RULES.replace("server: logs", "server: log").replace("message:", "mesage:")
    project(there, rule, (there / "hookrules.yaml").read_text().replace("port: 9", "port: none"))
    assert findings(there, code=1) == [
        (15, 33, "HR104", "a whole number is expected at 'port', not 'none'"),
        (6, 37, "HR312", "there is no 'log' in 'syslog' of hookrules.yaml"),
        (6, 42, "HR101", "unknown key 'mesage' in 'syslog'"),
    ]


def test_an_entry_that_it_names_has_to_be_there(there: Path) -> None:
    project(there, RULES.replace("server: logs", "server: log"), (there / "hookrules.yaml").read_text())
    assert findings(there, code=1) == [(6, 37, "HR312", "there is no 'log' in 'syslog' of hookrules.yaml")]


def test_without_the_package_both_names_are_unknown(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH")
    assert [finding[2:] for finding in findings(there, code=1)] == [
        ("HR101", "unknown key 'syslog' in hookrules.yaml"),
        ("HR302", "'syslog' is neither an action nor a key of a step"),
    ]


def test_tests_of_rules_describe_it(there: Path) -> None:
    (there / "rules" / "rules.test.yaml").write_text(TESTS)
    hookrules(there, "test")


def test_the_schemas_have_it(there: Path) -> None:
    rules, config, tests = (json.loads(hookrules(there, "schema", kind)) for kind in ("rules", "config", "tests"))
    assert "syslog" in rules["$defs"]["Step"]["properties"]
    assert {"required": ["syslog"]} in rules["$defs"]["Step"]["oneOf"]
    assert "syslog" in config["properties"]
    assert "syslog" in tests["$defs"]["Call"]["properties"]


def test_a_server_does_it(there: Path, receiver: socket.socket) -> None:
    project(there, RULES, (there / "hookrules.yaml").read_text().replace("port: 9", f"port: {receiver.getsockname()[1]}"))
    with serving(there) as server:
        server.post("/hooks/lab", b'{"ref": "main"}', {"Content-Type": "application/json"})
        assert receiver.recv(2048).endswith(b" - hookrules - - - main")
        assert server.wait_for("run")["state"] == "succeeded"


def test_what_its_page_shows_can_be_used(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_SECRET", "a secret that is long enough")
    rules, config = (block.text for block in blocks("yaml syslog"))
    project(there, rules, config)
    assert findings(there, code=0) == []
