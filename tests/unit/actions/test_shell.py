"""Commands that a rule runs, with a real /bin/sh."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from support_actions import surroundings
from support_templating import HOSTILE, recorded, recorder

from hookrules.actions import processes
from hookrules.actions.shell import ShellAction
from hookrules.engine.model import Failure, FailureKind, Outcome


def run(fields: dict[str, Any], folder: Path, names: dict[str, Any] | None = None, **around: Any) -> Outcome:
    return ShellAction.model_validate(fields).render(names or {}).perform(surroundings(folder, **around))


@pytest.mark.parametrize("form", ["text", "list", "env", "stdin"])
def test_every_hostile_value_arrives_byte_for_byte(form: str, tmp_path: Path) -> None:
    programs = recorder(tmp_path)
    fields: dict[str, Any] = {
        "text": {"command": f"{programs}/record {{{{ payload.x }}}}"},
        "list": {"command": [f"{programs}/record", "{{ payload.x }}"]},
        "env": {"command": f'{programs}/record "$X"', "env": {"X": "{{ payload.x }}"}},
        "stdin": {"command": f'{programs}/record "$(cat; printf .)"', "stdin": "{{ payload.x }}"},
    }[form]
    for value in HOSTILE:
        assert run(fields, tmp_path, {"payload": {"x": value}}).succeeded
    end = "." if form == "stdin" else ""
    assert recorded(tmp_path) == [[(value + end).encode()] for value in HOSTILE]


def test_the_result_keeps_both_outputs_apart(tmp_path: Path) -> None:
    outcome = run({"command": "echo out; echo err >&2; exit 3"}, tmp_path)
    assert outcome.result == {"exit_code": 3, "stdout": "out\n", "stderr": "err\n"}
    assert outcome.error == "the command exited with 3: err"
    assert not outcome.succeeded


def test_a_failure_says_what_it_comes_of(tmp_path: Path) -> None:
    assert run({"command": "exit 75"}, tmp_path).failure == Failure(FailureKind.EXIT, 75)
    assert run({"command": ["/bin/sh", "-c", "kill -9 $$"]}, tmp_path).failure == Failure(FailureKind.SIGNAL, 9)
    assert run({"command": "sleep 100"}, tmp_path, timeout=0.1).failure == Failure(FailureKind.TIMEOUT)
    assert run({"command": ["./gone"]}, tmp_path).failure is None


def test_other_exit_codes_can_be_success(tmp_path: Path) -> None:
    assert run({"command": "exit 3", "success_codes": [0, 3]}, tmp_path).succeeded


def test_a_command_sees_no_variable_that_no_rule_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_SECRET", "hunter2")
    outcome = run({"command": "env", "env": {"STAGE": "live"}}, tmp_path, facts={"HOOKRULES_RULE": "deploy"}, attempt=2)
    variables = dict(line.partition("=")[::2] for line in outcome.result["stdout"].splitlines())
    assert set(variables) - {"PWD", "OLDPWD", "SHLVL", "_"} == {
        "PATH",
        "HOME",
        "LANG",
        "STAGE",
        "HOOKRULES_RULE",
        "HOOKRULES_IDEMPOTENCY_KEY",
        "HOOKRULES_ATTEMPT",
    }
    assert (variables["STAGE"], variables["HOOKRULES_ATTEMPT"]) == ("live", "2")


def test_a_relative_folder_starts_where_the_configuration_lies(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert run({"command": "pwd -P", "cwd": "in"}, tmp_path).result["stdout"].strip() == str((tmp_path / "in").resolve())


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"command": ["no-such-program"]}, "no-such-program: there is no such program"),
        ({"command": ["./plain"]}, "./plain: this is not executable"),
        ({"command": ["./empty"]}, "#!/bin/sh"),
        ({"command": "true", "cwd": "nowhere"}, "there is no such folder"),
        ({"command": ["true", *["{{ 'x' * 100000 }}"] * 100]}, "larger than the system takes"),
    ],
)
def test_what_cannot_start_is_one_clear_line(tmp_path: Path, fields: dict[str, Any], words: str) -> None:
    (tmp_path / "plain").write_text("x")
    (tmp_path / "empty").write_text("x")
    (tmp_path / "empty").chmod(0o755)
    outcome = run(fields, tmp_path)
    assert (outcome.succeeded, outcome.retryable) == (False, False)
    assert words in str(outcome.error)
    assert "\n" not in str(outcome.error)


def test_the_tail_of_a_long_output_is_kept_and_said_so(tmp_path: Path) -> None:
    outcome = run({"command": "yes | head -c 400000; echo last", "output_limit": "1KiB"}, tmp_path)
    first, _, rest = outcome.result["stdout"].partition("\n")
    assert first == f"[the first {400005 - 1024} bytes are left out]"
    assert len(rest) == 1024
    assert rest.endswith("last\n")


def test_input_larger_than_a_pipe_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    assert run({"command": "wc -c", "stdin": "x" * 900_000}, tmp_path).result["stdout"].strip() == "900000"
    assert run({"command": "true", "stdin": "x" * 900_000}, tmp_path).succeeded
    assert run({"command": "cat; cat >&2", "stdin": "x" * 900_000, "output_limit": "1MiB"}, tmp_path).result["stdout"] == "x" * 900_000


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] not in "ZX"


def ended(pid: int) -> bool:
    """Whether a killed process is gone; the system takes a moment between closing its files and saying so."""
    return any(not alive(pid) for _ in range(50_000))


def test_a_timeout_ends_the_whole_group(tmp_path: Path) -> None:
    outcome = run({"command": "sleep 100 & echo $!; sleep 100"}, tmp_path, timeout=0.3)
    assert "0.3 s" in str(outcome.error)
    assert outcome.retryable
    assert ended(int(outcome.result["stdout"]))


def test_what_ignores_the_first_signal_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GRACE", 0.2)
    outcome = run({"command": "trap '' TERM; echo ready; while :; do sleep 0.05; done"}, tmp_path, timeout=0.3)
    assert outcome.result["exit_code"] == -9
    assert outcome.result["stdout"] == "ready\n"


def test_a_program_may_clean_up_in_its_grace(tmp_path: Path) -> None:
    outcome = run({"command": "trap 'echo cleaned; exit 0' TERM; while :; do sleep 0.05; done"}, tmp_path, timeout=0.3)
    assert outcome.result["stdout"] == "cleaned\n"
    assert not outcome.succeeded


def test_a_cancelled_run_ends_its_command(tmp_path: Path) -> None:
    cancelled = threading.Event()
    threading.Timer(0.1, cancelled.set).start()
    outcome = run({"command": "sleep 100"}, tmp_path, cancelled=cancelled)
    assert (outcome.succeeded, outcome.retryable) == (False, False)


def test_nothing_is_left_behind_a_command_that_ended(tmp_path: Path) -> None:
    outcome = run({"command": "sleep 100 & echo $!"}, tmp_path)
    assert outcome.succeeded
    assert ended(int(outcome.result["stdout"]))


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    run({"command": "true"}, tmp_path)
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(5):
        run({"command": "sleep 5", "stdin": "x"}, tmp_path, timeout=0.01)
        run({"command": ["no-such-program"]}, tmp_path)
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_it_works_where_there_is_no_pidfd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    assert run({"command": "echo hello; exec >&- 2>&-; sleep 0.1"}, tmp_path).result["stdout"] == "hello\n"
    assert "0.2 s" in str(run({"command": "exec sleep 100"}, tmp_path, timeout=0.2).error)


@pytest.mark.parametrize(
    "fields",
    [
        {"command": "echo '{{ payload.x }}'"},
        {"command": []},
        {"command": True},
        {"command": ["a", None]},
        {"command": ["sh", "-c", "./a {{ payload.x }}"]},
        {"command": ["sudo", "bash", "-c", "{{ payload.x }}"]},
        {"command": ["{{ payload.x }}", "a"]},
        {"command": "sh", "stdin": "{{ payload.x }}"},
        {"command": ["sh"], "stdin": "echo {{ payload.x }}"},
        {"command": "true", "payload_file": "x"},
        {"command": "true", "user": "x"},
        {"command": "true", "output_limit": 5},
        {"command": "true", "success_codes": []},
        {"command": "true", "env": {"HR_1": "x"}},
        {"command": "true", "env": {"A B": "x"}},
        {},
    ],
)
def test_a_bad_description_is_refused_at_load(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ShellAction.model_validate(fields)


def test_a_list_hands_values_to_any_ordinary_program() -> None:
    ShellAction.model_validate({"command": ["./deploy.sh", "{{ payload.x }}"]})
    ShellAction.model_validate({"command": ["{{ payload.x | raw }}", "a"]})
    ShellAction.model_validate({"command": ["bash", "./deploy.sh", "{{ payload.x }}"], "stdin": "{{ payload.x }}"})
