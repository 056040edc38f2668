"""Commands whose processes go their own ways, and whether they are still there."""

import os
import sys
import threading
from pathlib import Path

import pytest

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the table of processes is read from Linux's /proc")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may run a command as another user")

_STUBBORN = """
setsid sh -c 'trap "" TERM HUP INT; echo $$ > pids/stubborn; while :; do sleep 0.1; done' &
"""
GENTLE = """
echo $$ > pids/leader
sleep 1000 & echo $! > pids/in_group
setsid sh -c 'echo $$ > pids/left_group; exec sleep 1000' &
(setsid sh -c 'echo $$ > pids/daemon; exec sleep 1000' &)
env -i setsid /bin/sh -c 'echo $$ > pids/without_environment; exec sleep 1000' &
while [ "$(cat pids/* | wc -w)" -lt 5 ]; do sleep 0.01; done
touch whole
wait
"""
"""One process of every kind; all have begun when the file `whole` is there."""
FAMILY = _STUBBORN + GENTLE.replace("-lt 5", "-lt 6")
"""And one that does not end when it is asked to."""


def numbers(folder: Path) -> dict[str, int]:
    return {path.name: int(path.read_text()) for path in (folder / "pids").iterdir() if path.read_text().strip()}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    try:
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def ended(pid: int) -> bool:
    """Whether a killed process is gone; the system takes a moment between closing its files and saying so."""
    return any(not alive(pid) for _ in range(50_000))


def when_there(path: Path) -> threading.Event:
    """An event that is set once the file is there."""
    there = threading.Event()

    def look() -> None:
        while not path.exists() and not there.wait(0.01):
            pass
        there.set()

    threading.Thread(target=look, daemon=True).start()
    return there
