"""Every benchmark, one after the other; what each prints as JSON is kept in benchmarks/results/.

    python benchmarks/run_all.py [NAME…]

Nothing else should run on the machine meanwhile. benchmarks/README.md says what each of them asks.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "results"
BENCHMARKS = ("intake", "matching", "loading", "start", "spawn", "http_actions", "journal", "regressions")


def measure(name: str) -> bool:
    """Whether it ran, and reached the targets that it knows."""
    print(f"\n{name}", file=sys.stderr)
    done = subprocess.run([sys.executable, str(HERE / f"{name}.py")], stdout=subprocess.PIPE, text=True, check=False)
    try:
        told = json.loads(done.stdout)
    except ValueError:
        print(f"{name} told nothing (exit {done.returncode})", file=sys.stderr)
        return False
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(told, indent=2) + "\n")
    return done.returncode == 0


def main(names: Sequence[str]) -> int:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    missed = [name for name in names or BENCHMARKS if not measure(name)]
    if missed:
        print(f"\nmissed a target, or failed: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
