"""Many commands that are ended, and one that says very much. HOOKRULES_LONG=1 makes both as long as is promised."""

import os
import random
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support_processes import on_linux

from hookrules.actions import processes, remnants
from hookrules.actions.process_table import has_variables
from hookrules.actions.process_table import processes as all_processes
from hookrules.actions.processes import Ending, Program, run

LONG = os.environ.get("HOOKRULES_LONG") == "1"
COMMANDS = 1000 if LONG else 50
MEBIBYTES = 1024 if LONG else 64

FORKS = """
sleep 1000 &
sh -c 'sleep 1000 & sleep 1000 & wait' &
setsid sleep 1000 &
(setsid sh -c 'sleep 1000 & wait' &)
setsid sh -c 'trap "" TERM; sleep 1000; sleep 1000' &
while :; do sleep 0.02 & wait $!; done
"""


@on_linux
def test_commands_that_fork_and_time_out_leave_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GRACE", 0.1)
    moments = random.Random(0)
    timeouts = [moments.uniform(0.02, 0.4) for _ in range(COMMANDS)]
    witness = f"WITNESS={tmp_path}"

    def time_out(number: int) -> Ending:
        key = f"run_{number}-steps[0]"
        environment = {"PATH": os.environ["PATH"], "WITNESS": str(tmp_path)}
        program = Program(["/bin/sh", "-c", FORKS], tmp_path, environment, known_by=remnants.variables(key, 1))
        return run(program, timeout=timeouts[number], cancelled=threading.Event()).ending

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(time_out, range(COMMANDS))) == {Ending.TIMED_OUT}
    assert [each for each in all_processes() if not each.ended and has_variables(each.pid, [witness])] == []


SAYS_MUCH = """
import resource, sys, threading
from functools import partial
from pathlib import Path
from hookrules.engine.journal import RunFilter
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.runs.masking import Stream
from hookrules.engine.runs.outputs import Outputs
from support_runs import Bench

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (2**20 if sys.platform == "darwin" else 2**10)

bench = Bench(Path(), {"chat": "a secret for the chat"})
bench.journal = SqliteJournal(Path("journal.db"))
bench.outputs = Outputs(bench.journal, partial(Stream, ["a secret for the chat"]))
over = threading.Event()

def follow():
    while not over.wait(0.25):
        bench.outputs.flush()

threading.Thread(target=follow).start()
before = peak()
bench.run("steps: [{id: much, shell: 'yes 0123456789 | head -c %d'}]")
run, = bench.journal.runs(RunFilter())
over.set()
kept = bench.journal.steps(run.id)[0].result["stdout"]
bench.journal.close()
print(run.state, len(kept), peak() - before, Path("journal.db").stat().st_size // 2**20)
"""


def test_much_output_keeps_memory_and_journal_flat(tmp_path: Path) -> None:
    tests = Path(__file__).parents[2]
    script = SAYS_MUCH % (MEBIBYTES * 2**20)
    environment = {**os.environ, "PYTHONPATH": str(tests)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600, check=True
    )
    state, kept, grown, journal = done.stdout.split()
    print(f"{MEBIBYTES} MiB: memory grew by {grown} MiB, the journal to {journal} MiB")
    assert state == "succeeded"
    assert 256 * 1024 <= int(kept) < 260 * 1024
    assert int(grown) < 32
    assert int(journal) < 16
