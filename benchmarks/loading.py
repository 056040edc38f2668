"""`hookrules validate` of 10,000 rules, beside libyaml's parse of the same file alone.

    python benchmarks/loading.py [--rounds 3] [--rules 10000]

The rules are those of rule_set.py: five kinds, each rule with its own name, paths and templates, four to six tests, two steps, two
variables and a retry. Both are processes of their own, in turn; what counts is the processor's time in user mode, start included. The
table goes to stderr, JSON to stdout. Figures of one run compare; those of two runs do not.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from report import conditions, summary
from rule_set import ENVIRONMENT, write_project

TARGET = 8.0
"""Seconds."""
_LIBYAML = "import sys, yaml; loader = yaml.CSafeLoader(open(sys.argv[1]).read()); any(loader.get_event() is None for _ in iter(int, 1))"


def measured(command: Sequence[str]) -> tuple[float, int]:
    """Seconds in user mode, and the most memory that was held at once, in MiB."""
    child = subprocess.Popen(command, env={**os.environ, **ENVIRONMENT}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, said
    return usage.ru_utime, usage.ru_maxrss // 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rules", type=int, default=10_000)
    given = parser.parse_args()
    about = conditions("pyyaml", "pydantic", "jinja2")
    seconds: dict[str, list[float]] = {}
    memory: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        config = write_project(Path(folder), given.rules)
        file = config.parent / "rules/all.yaml"
        size = file.stat().st_size
        commands = {
            "libyaml alone": [sys.executable, "-c", _LIBYAML, str(file)],
            "validate": [sys.executable, "-m", "hookrules.engine.cli", "-c", str(config), "validate"],
        }
        for _ in range(given.rounds):
            for name, command in commands.items():
                took, memory[name] = measured(command)
                seconds.setdefault(name, []).append(took)
    results = {name: {**summary(took, 3), "MiB": memory[name]} for name, took in seconds.items()}
    ratio = round(results["validate"]["median"] / results["libyaml alone"]["median"], 2)
    each = round(results["validate"]["median"] / given.rules * 1000, 3)
    for name, result in results.items():
        print(f"{name:14} {result['median']:>6.2f} s   {result['lowest']} to {result['highest']}, {result['MiB']} MiB", file=sys.stderr)
    print(f"{'ratio':14} {ratio:>6.2f}     {each} ms a rule; {given.rules:,} rules are to take less than {TARGET} s", file=sys.stderr)
    counts = {"rules": given.rules, "bytes": size, "seconds in user mode": results, "ratio": ratio, "ms a rule": each, "target": TARGET}
    print(json.dumps({**about, **counts}, indent=2))
    return 0 if results["validate"]["median"] < TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
