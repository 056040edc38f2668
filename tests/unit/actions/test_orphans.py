import subprocess
import sys

from support_processes import on_linux

LEAVES_AN_ORPHAN = """
import threading
from pathlib import Path
from hookrules.actions.orphans import Orphans
from hookrules.actions.process_table import processes
from hookrules.actions.processes import Program, run

import os

def children():
    return [each for each in processes() if each.parent == os.getpid()]

orphans = Orphans()
orphans.adopt()
daemon = "setsid sh -c 'touch there; until [ -e go ]; do sleep 0.01; done' > log 2>&1 & until [ -e there ]; do sleep 0.01; done"
command = Program(["/bin/sh", "-c", daemon], Path(), dict(os.environ))
running = threading.Thread(target=run, args=(command,), kwargs={"timeout": 60, "cancelled": threading.Event()})
running.start()
running.join()
assert len(children()) == 1
orphans.reap()
assert len(children()) == 1
Path("go").touch()
while not all(each.ended for each in children()):
    pass
assert len(children()) == 1, "it waits to be reaped"
orphans.reap()
assert children() == []
"""


@on_linux
def test_a_worker_reaps_what_its_commands_left(tmp_path: object) -> None:
    subprocess.run([sys.executable, "-c", LEAVES_AN_ORPHAN], cwd=str(tmp_path), check=True, timeout=60)
