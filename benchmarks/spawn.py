"""How fast commands are run: ours, beside what Python and the system can do alone. Prints JSON.

`python benchmarks/spawn.py [--commands N] [--rounds N] [--threads N]`. The candidates take turns in each round, so that what else goes on
on the machine meets all of them; a ratio is that of the medians.

popen         subprocess.Popen(...).wait(), output to /dev/null: no deadline, nothing kept
posix_spawn   os.posix_spawn and waitpid
ours          hookrules.actions.processes.run: own session, both outputs kept, a deadline
marked        the same, with the process of every command written to a journal on disk, also where it does not last
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from report import conditions, summary

from hookrules.actions import processes
from hookrules.actions.process_table import mark
from hookrules.actions.processes import Audience, Program, run
from hookrules.actions.remnants import variables
from hookrules.engine.journal import Turn
from hookrules.engine.journal.opening import open_journal
from hookrules.engine.model import Event, Match

COMMAND = "/bin/true"
ENVIRONMENT = {"PATH": os.environ["PATH"]}
NEVER = threading.Event()

Candidate = Callable[[], object]


def popen() -> None:
    nothing = subprocess.DEVNULL
    subprocess.Popen([COMMAND], env=ENVIRONMENT, stdin=nothing, stdout=nothing, stderr=nothing).wait()


def posix_spawn() -> None:
    os.waitpid(os.posix_spawn(COMMAND, [COMMAND], ENVIRONMENT), 0)


PROGRAM = Program([COMMAND], Path("/"), ENVIRONMENT, known_by=variables("run_1-steps[0]", 1))


def ours() -> None:
    run(PROGRAM, timeout=60, cancelled=NEVER)


@contextmanager
def marking(folder: Path) -> Iterator[Candidate]:
    with closing(open_journal("sqlite:///journal.db", folder)) as journal:
        event = Event("evt_1", "lab", "", None, b"", 0.0)
        journal.accept([(event, [Match("bench", "digest")])]).result()
        (held,) = journal.claim("bench", 1.0, 1e9, Turn(1))

        def lasts(pid: int) -> None:
            found = mark(pid)
            if found is not None:
                journal.write_process(held, f"steps[{threading.get_ident()}]", found)

        yield lambda: run(PROGRAM, timeout=60, cancelled=NEVER, audience=Audience(lasts=lasts))


def rate(candidate: Candidate, commands: int, threads: int) -> float:
    """Commands a second."""

    def work() -> None:
        for _ in range(commands // threads):
            candidate()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return commands // threads * threads / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commands", type=int, default=2000, help="of each candidate in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=8)
    options = parser.parse_args()
    about = conditions()
    rates: dict[str, list[float]] = {}
    usual = processes.LASTING
    with tempfile.TemporaryDirectory() as folder, marking(Path(folder)) as marked:
        candidates = {"popen": popen, "posix_spawn": posix_spawn, "ours": ours, "marked": marked}
        for _ in range(options.rounds):
            for name, candidate in candidates.items():
                processes.LASTING = 0.0 if name == "marked" else usual
                rates.setdefault(name, []).append(rate(candidate, options.commands, options.threads))
    medians = {name: statistics.median(found) for name, found in rates.items()}
    told = {
        **about,
        "command": COMMAND,
        "commands_a_second": {name: summary(found) for name, found in rates.items()},
        "ours_to_popen": round(medians["ours"] / medians["popen"], 2),
        "marked_to_ours": round(medians["marked"] / medians["ours"], 2),
        "threads": options.threads,
    }
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
