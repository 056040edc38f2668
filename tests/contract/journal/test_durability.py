"""What was acknowledged is there after a kill -9."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

from hookrules.engine.journal import RunFilter
from hookrules.engine.journal.opening import open_journal

TESTS = Path(__file__).parents[2]

ACCEPTS_AND_DIES = """
import os, signal, sys
from pathlib import Path
from hookrules.engine.journal.opening import open_journal
from support_journal import event, matches

journal = open_journal("sqlite:///journal.db", Path(sys.argv[1]))
answers = [journal.accept([(event(f"evt_{n}", delivery_id=f"d{n}"), matches("deploy", "tell"))]) for n in range(40)]
for answer in answers:
    answer.result()
os.kill(os.getpid(), signal.SIGKILL)
"""

ACCEPTS_UNTIL_KILLED = """
import sys, threading
from pathlib import Path
from hookrules.engine.journal.opening import open_journal
from support_journal import accept, event

journal = open_journal("sqlite:///journal.db", Path(sys.argv[1]))

def deliver(sender):
    number = 0
    while True:
        number += 1
        accept(journal, event(f"evt_{sender}_{number}", body=b"x" * 5000, delivery_id=f"{sender}.{number}"), ["deploy"])
        sys.stdout.write(f"evt_{sender}_{number}\\n")
        sys.stdout.flush()

for sender in range(8):
    threading.Thread(target=deliver, args=(sender,)).start()
"""


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    died = subprocess.run([sys.executable, "-c", ACCEPTS_AND_DIES, str(tmp_path)], cwd=TESTS, check=False, timeout=60)
    assert died.returncode == -9
    with closing(open_journal("sqlite:///journal.db", tmp_path)) as journal:
        runs = journal.runs(RunFilter(limit=1000))
        assert journal.counts()["events"] == 40
    assert {(run.event_id, run.rule) for run in runs} == {(f"evt_{n}", rule) for n in range(40) for rule in ("deploy", "tell")}


def test_a_kill_amid_many_writes_loses_nothing_acknowledged_and_splits_no_event_from_its_run(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ACCEPTS_UNTIL_KILLED, str(tmp_path)], cwd=TESTS, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        acknowledged = [child.stdout.readline().strip() for _ in range(1500)]
        child.kill()
        *whole, _cut_short = child.stdout.read().split("\n")
    with closing(open_journal("sqlite:///journal.db", tmp_path)) as journal:
        started = {run.event_id for run in journal.runs(RunFilter(limit=100_000))}
        assert started >= {*acknowledged, *whole}
        assert journal.counts()["events"] == len(started)
