"""Commands that a rule runs, with a real /bin/sh."""

import os
import pwd
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from support_actions import surroundings
from support_processes import FAMILY, as_root, ended, numbers, on_linux, when_there

from hookrules.actions import processes
from hookrules.actions.shell import ShellAction
from hookrules.engine.model import Failure, FailureKind, Outcome, ProcessMark


def run(fields: dict[str, Any], folder: Path, names: dict[str, Any] | None = None, **around: Any) -> Outcome:
    return ShellAction.model_validate(fields).render(names or {}).perform(surroundings(folder, **around))


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


@on_linux
def test_what_left_the_group_of_a_command_is_ended_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GRACE", 0.2)
    (tmp_path / "pids").mkdir()
    assert not run({"command": FAMILY}, tmp_path, cancelled=when_there(tmp_path / "whole")).succeeded
    assert len(numbers(tmp_path)) == 6
    assert [name for name, pid in numbers(tmp_path).items() if not ended(pid)] == []


@on_linux
def test_a_daemon_of_a_command_that_ended_by_itself_lives_on(tmp_path: Path) -> None:
    command = "setsid sh -c 'echo $$ > daemon; exec sleep 1000' > log 2>&1 & until [ -s daemon ]; do sleep 0.01; done"
    assert run({"command": command}, tmp_path).succeeded
    os.kill(int((tmp_path / "daemon").read_text()), signal.SIGKILL)


def test_output_is_told_while_the_command_runs(tmp_path: Path) -> None:
    said: list[tuple[str, str]] = []

    def output(stream: str, text: str) -> None:
        said.append((stream, text))
        (tmp_path / "heard").touch()

    outcome = run({"command": "echo one; until [ -e heard ]; do sleep 0.01; done; echo two >&2"}, tmp_path, output=output)
    assert outcome.succeeded
    assert said == [("stdout", "one\n"), ("stderr", "two\n")]


def test_a_character_that_comes_in_two_pieces_is_told_as_one(tmp_path: Path) -> None:
    said: list[str] = []

    def output(_: str, text: str) -> None:
        said.append(text)
        (tmp_path / f"heard{len(said)}").touch()

    command = r"printf 'a\303'; until [ -e heard1 ]; do sleep 0.01; done; printf '\274b\377'; printf '\303'"
    assert run({"command": command}, tmp_path, output=output).result["stdout"] == "aüb\ufffd\ufffd"
    assert "".join(said) == "aüb\ufffd\ufffd"
    assert said[0] == "a"


def test_a_command_that_lasts_says_how_it_is_known(tmp_path: Path) -> None:
    marks: list[ProcessMark] = []
    outcome = run({"command": "echo $$; sleep 0.3"}, tmp_path, started=marks.append)
    assert [mark.pid for mark in marks] == [int(outcome.result["stdout"])]
    run({"command": ["true"]}, tmp_path, started=marks.append)
    assert len(marks) == 1, "a short one is not told"


def test_a_secret_that_the_cut_goes_through_is_masked(tmp_path: Path) -> None:
    def mask(text: str) -> str:
        return text.replace("a secret of some length", "•••")

    for limit in range(1024, 1064):
        command = "yes 'a secret of some length' | head -n 20000"
        outcome = run({"command": command, "output_limit": f"{limit}B"}, tmp_path, mask=mask)
        kept = outcome.result["stdout"].partition("\n")[2]
        assert "length" not in kept
        assert "\ufffd" not in kept
        assert limit - 3 <= len(kept.encode()) <= limit


def test_the_payload_file_is_for_the_command_alone_and_gone_afterwards(tmp_path: Path) -> None:
    command = 'stat -c %a "$HOOKRULES_PAYLOAD_FILE"; echo "$HOOKRULES_PAYLOAD_FILE"; wc -c < "$HOOKRULES_PAYLOAD_FILE"; exit 3'
    outcome = run({"command": command, "payload_file": True}, tmp_path, body=b"x" * 700)
    mode, path, size = outcome.result["stdout"].split()
    assert (mode, size) == ("600", "700")
    assert not Path(path).exists()
    run({"command": 'echo "$HOOKRULES_PAYLOAD_FILE" > path; sleep 100', "payload_file": True}, tmp_path, timeout=0.3)
    assert not Path((tmp_path / "path").read_text().strip()).exists()
    assert run({"command": 'rm "$HOOKRULES_PAYLOAD_FILE"', "payload_file": True}, tmp_path).succeeded


def test_a_payload_file_that_can_not_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    outcome = run({"command": "true", "payload_file": True}, tmp_path)
    assert (outcome.error, outcome.retryable) == ("payload_file: No such file or directory", True)


@as_root
def test_a_command_runs_as_the_user_that_the_rule_names(tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    tmp_path.chmod(0o755)
    command = "id -u; id -un; id -G; echo $HOME $USER $LOGNAME; echo heard > /dev/stderr; head -c 2 $HOOKRULES_PAYLOAD_FILE"
    fields = {"command": command, "user": "nobody", "payload_file": True, "stdin": "x"}
    outcome = run(fields, tmp_path, body=b"body")
    assert outcome.succeeded, outcome.error
    uid, name, groups, home, rest = outcome.result["stdout"].splitlines()
    assert (int(uid), name, rest) == (nobody.pw_uid, "nobody", "bo")
    assert set(map(int, groups.split())) == set(os.getgrouplist("nobody", nobody.pw_gid))
    assert home == f"{nobody.pw_dir} nobody nobody"
    assert outcome.result["stderr"] == "heard\n"


@as_root
def test_what_another_user_s_command_leaves_is_ended_too(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    outcome = run({"command": "setsid sleep 1000 & echo $! > pid; sleep 1000", "user": "nobody"}, tmp_path, timeout=0.5)
    assert "0.5 s" in str(outcome.error)
    assert ended(int((tmp_path / "pid").read_text()))


def test_a_user_that_there_is_not_is_told_at_load_and_when_it_is_needed(tmp_path: Path) -> None:
    fields = {"command": "true", "user": "no-such-user"}
    (absence,) = ShellAction.model_validate(fields).missing_here()
    assert (absence.field, absence.message) == ("user", "there is no user 'no-such-user' on this machine")
    outcome = run(fields, tmp_path)
    assert (outcome.error, outcome.retryable) == ("user no-such-user: there is no such user on this machine", False)


def test_only_root_may_choose_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    outcome = run({"command": "true", "user": "root"}, tmp_path)
    assert outcome.error == "user root: only root may run a command as another user, and this worker runs as 54321"


def test_the_user_that_it_runs_as_already_needs_no_root(tmp_path: Path) -> None:
    name = pwd.getpwuid(os.geteuid()).pw_name
    assert run({"command": "id -un", "user": name}, tmp_path).result["stdout"].strip() == name


def test_a_home_is_that_of_whom_the_command_runs_as(tmp_path: Path) -> None:
    name = pwd.getpwuid(os.geteuid())
    outcome = run({"command": "pwd", "user": name.pw_name, "cwd": "~"}, tmp_path)
    assert outcome.result["stdout"].strip() == str(Path(name.pw_dir).resolve())


def test_a_fact_that_no_variable_can_hold_is_named(tmp_path: Path) -> None:
    outcome = run({"command": "true"}, tmp_path, facts={"HOOKRULES_EVENT_TYPE": "a\0b"})
    assert outcome.error == "HOOKRULES_EVENT_TYPE holds a NUL, which no program can be given"


def test_a_description_names_the_input_the_file_and_the_user() -> None:
    fields = {"command": "./import.sh", "stdin": {"from": "body"}, "payload_file": True, "user": "nobody"}
    told = ShellAction.model_validate(fields).render({}).describe()
    assert (told["stdin"], told["payload_file"], told["user"]) == ({"from": "body"}, True, "nobody")
    payload = ShellAction.model_validate({"command": "./import.sh", "stdin": {"from": "payload"}}).render({"payload": {"a": [1.5, "ü"]}})
    assert payload.describe()["stdin"] == '{"a":[1.5,"ü"]}'


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
        {"command": "true", "user": "{{ payload.x }}"},
        {"command": "true", "stdin": {"from": "header"}},
        {"command": "true", "stdin": {"from": "body", "to": "x"}},
        {"command": "sh", "stdin": {"from": "body"}},
        {"command": ["bash", "-s"], "stdin": {"from": "payload"}},
        {"command": "true", "env": {"PATH": "{{ payload.x }}:/bin"}},
        {"command": "true", "env": {"LD_PRELOAD": "{{ payload.x }}"}},
        {"command": "true", "env": {"GIT_SSH_COMMAND": "{{ payload.x }}"}},
        {"command": "$X --version", "env": {"X": "{{ payload.x }}"}},
        {"command": 'Y=$X; eval "$Y"', "env": {"X": "{{ payload.x }}"}},
        {"command": './a {{ payload.x }}; sh -c "$X"', "env": {"X": "./b {{ payload.x }}"}},
        {"command": ["flock", "/tmp/l", "-c", "{{ payload.x }}"]},
        {"command": ["docker", "exec", "-i", "web", "sh"], "stdin": "{{ payload.x }}"},
        {"command": 'read -r x; eval "$x"', "stdin": "{{ payload.x }}"},
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
    ShellAction.model_validate({"command": "./deploy.sh", "env": {"GIT_SHA": "{{ payload.x }}", "PATH": "/opt/bin:{{ payload.x | raw }}"}})
    ShellAction.model_validate({"command": "sh", "stdin": "{% if payload.x %}make{% else %}make all{% endif %}"})
    ShellAction.model_validate({"command": ["bash", "./deploy.sh", "{{ payload.x }}"], "stdin": "{{ payload.x }}"})
    ShellAction.model_validate({"command": '$Y "a"; echo "$X"', "env": {"X": "{{ payload.x }}", "Y": "./deploy.sh"}})
    ShellAction.model_validate({"command": "$X", "env": {"X": "{% if payload.x %}./a{% else %}./b{% endif %}"}})
    ShellAction.model_validate({"command": ["docker", "exec", "-i", "web", "./import.sh"], "stdin": "{{ payload.x }}"})
    ShellAction.model_validate({"command": 'while read -r x; do ./a "$x"; done', "stdin": {"from": "body"}})
