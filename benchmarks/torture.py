"""The server killed again and again under load, for longer than a test may take: what was lost, what was doubled, how long it took.

    python benchmarks/torture.py [--deliveries 20000] [--kills 200] [--seed N]

Deliveries are signed as GitHub does; each run's commands write down that they began and ended. JSON goes to stdout; the exit code is 1
where something did not hold.
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from report import conditions
from support_torture import Torture


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--deliveries", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--folder", type=Path, help="Where the journal lies: another disk than that of temporary files.")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=given.folder))
    torture = Torture(folder, given.deliveries, given.kills, given.seed)
    about = conditions()
    try:
        torture.run()
        faults = torture.faults()
        runs = Counter(torture.states())
    finally:
        shutil.rmtree(folder)
    given_counts = {"deliveries": given.deliveries, "kills": given.kills, "seed": given.seed}
    done = {"struck": torture.struck, "acknowledged": len(torture.sent), "runs": runs, "steps interrupted": len(torture.interrupted)}
    print(json.dumps({**about, **given_counts, **done, "seconds": torture.seconds, "faults": faults}, indent=2))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
