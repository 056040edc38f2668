"""A target that is down, seen from a real worker."""

import socket
from pathlib import Path

from serving import hookrules, json_lines, project, serving

RULES = """
rules:
  - name: tell
    on: lab
    steps: [{{http: {{url: "http://127.0.0.1:{port}/x", allow_private: true}}}}]
"""


def test_a_worker_opens_the_breaker_of_a_host_that_is_down_and_a_person_closes_it(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        folder = project(tmp_path, RULES.format(port=port))
        with serving(folder) as server:
            for number in range(5):
                server.post("/hooks/lab", str(number).encode(), {"Content-Type": "application/json"})
            told = server.wait_for("a breaker is open")
            assert (told["target"], told["failures"]) == (f"http://127.0.0.1:{port}", 5)
            (breaker,) = json_lines(hookrules(folder, "breakers", "--format", "json"))
            assert breaker["state"] == "open"
            hookrules(folder, "breakers", "--reset", breaker["target"])
            assert json_lines(hookrules(folder, "breakers", "--format", "json")) == []


def test_where_nothing_has_run_there_is_no_breaker_to_show(tmp_path: Path) -> None:
    folder = project(tmp_path, RULES.format(port=9))
    assert json_lines(hookrules(folder, "breakers", "--format", "json")) == []
