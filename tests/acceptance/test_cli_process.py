"""What only a process of its own can show of the command line."""

import json
import os
import signal
from pathlib import Path

from support_cli import hookrules, start

from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.model import Event


def test_a_verb_runs_as_a_module_and_its_exit_code_is_the_process_s(tmp_path: Path) -> None:
    process = start("validate", folder=tmp_path)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert err.startswith("hookrules: there is no hookrules.yaml")


def test_a_reader_that_goes_away_is_no_reason_for_words(tmp_path: Path) -> None:
    hookrules("init", folder=tmp_path)
    journal = SqliteJournal(tmp_path / "hookrules.db")
    payload = {"lines": ["x" * 100] * 10_000}  # far more than a pipe holds
    journal.accept(Event("evt_long", "github", "push", payload, json.dumps(payload).encode(), 0.0), []).result()
    journal.close()
    for form in ("text", "json"):
        process = start("show", "evt_long", "--format", form, folder=tmp_path)
        assert process.stdout is not None
        assert process.stdout.read(5)
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.wait(timeout=60) == 1
        process.stderr.close()


def test_ctrl_c_is_130_and_no_traceback(tmp_path: Path) -> None:
    hookrules("init", folder=tmp_path)
    fifo = tmp_path / "payload.json"
    os.mkfifo(fifo)
    process = start("explain", "payload.json", "--event", "push", folder=tmp_path)
    with fifo.open("w"):  # opens when the verb has begun to read
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.strip() == ""
