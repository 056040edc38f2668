"""The clock of real processes, set while they run: what `time.time` tells them is offset by a file. What has passed, has passed."""

import sys
from pathlib import Path

_BY_A_FILE = """
import sys, time
true, offset = time.time, sys.argv.pop(1)

def told():
    with open(offset) as file:
        return true() + float(file.read())

time.time = told  # before anything of ours is imported
from hookrules.engine.cli import main
main()
"""


class Clock:
    """`command` starts hookrules so that it goes by this clock."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.set(0)

    def command(self, verb: str) -> tuple[str, ...]:
        return (sys.executable, "-c", _BY_A_FILE, str(self._file), verb, "--no-watch", "--log-format", "json")

    def set(self, seconds: float) -> None:
        """So many seconds before or behind the true time. At once, since nobody may read half of it."""
        new = self._file.with_suffix(".new")
        new.write_text(str(seconds))
        new.replace(self._file)
