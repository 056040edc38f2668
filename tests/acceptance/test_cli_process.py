"""What only a process of its own can show of the command line."""

import signal
from pathlib import Path

import pytest
from support_cli import hookrules, start

from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.model import Event


def test_a_verb_runs_as_a_module_and_its_exit_code_is_the_process_s(tmp_path: Path) -> None:
    with start("validate", folder=tmp_path) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert err.startswith("hookrules: there is no hookrules.yaml")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_reader_that_goes_away_is_no_reason_for_words(tmp_path: Path, form: str) -> None:
    hookrules("init", folder=tmp_path)
    journal = SqliteJournal(tmp_path / "hookrules.db")
    for number in range(2000):  # far more than a pipe holds
        journal.accept([(Event(f"evt_{number}", "github", "push", {}, b"{}", 0.0, delivery_id=f"{number:0100}"), [])])
    journal.close()
    with start("events", "--limit", "2000", "--format", form, folder=tmp_path) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=60) == 1


def test_ctrl_c_is_130_and_no_traceback(tmp_path: Path) -> None:
    hookrules("init", folder=tmp_path)
    with start("explain", "-", "--event", "push", folder=tmp_path) as process:
        assert process.stdin is not None
        process.stdin.write(" " * 1_000_000)  # more than a pipe holds: done only when the verb is reading
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.strip()) == (130, "", "")


def test_a_terminal_without_the_marks_is_shown_their_codes(tmp_path: Path) -> None:
    hookrules("init", folder=tmp_path)
    arguments = ("explain", "rules/payloads/push.json", "--event", "push")
    with start(*arguments, folder=tmp_path, PYTHONIOENCODING="ascii") as process:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "\\u2713 announce-push fires" in out
