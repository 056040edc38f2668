"""How soon hookrules is there, and what it holds while nothing happens.

    python benchmarks/start.py [--rounds 5] [--rules 100] [--idle 3]

Verbs on the starter, in turn with an interpreter that does nothing; `serve` with 100 rules from its start to the first 202 of a signed
push; and the memory of its processes after some seconds without work: PSS, which counts what several share once. The table goes to stderr,
JSON to stdout. Figures of one run compare; those of two runs do not. Bytecode is there, as pip leaves it.
"""

import argparse
import hmac
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from processes import children_of, free_port, held_by
from report import conditions, summary
from rule_set import ENVIRONMENT, write_project

TARGETS = {"--help (s)": 0.15, "serve to its first 202 (s)": 1.0, "idle (MiB)": 120.0}
_HOOKRULES = [sys.executable, "-m", "hookrules.engine.cli"]
_BODY = (Path(__file__).parents[1] / "rules/payloads/push.json").read_bytes()
_PATIENCE = 60.0
_ENVIRON = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def verbs(folder: Path, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Seconds of each, by the clock and of the processor."""
    quiet: dict[str, Any] = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": _ENVIRON}
    subprocess.run([*_HOOKRULES, "init", str(folder)], check=True, **quiet)
    commands = {"python alone": [sys.executable, "-c", ""], "--help": [*_HOOKRULES, "--help"]}
    commands |= {verb: [*_HOOKRULES, verb] for verb in ("runs", "events", "validate")}
    found: dict[str, dict[str, list[float]]] = {name: {"clock": [], "processor": []} for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            clock, processor = took(command, quiet)
            found[name]["clock"].append(clock)
            found[name]["processor"].append(processor)
    return found


def took(command: Sequence[str], options: dict[str, Any]) -> tuple[float, float]:
    began = time.perf_counter()
    child = subprocess.Popen(command, **options)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, command
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime


def served(folder: Path, rules: int, idle: float) -> tuple[float, float, dict[str, float]]:
    """Seconds to the first 202, by the clock and of the processor, and MiB of each process after so many seconds."""
    port = free_port()
    config = write_project(folder, rules, (port, free_port()))
    began = time.perf_counter()
    server = subprocess.Popen(
        [*_HOOKRULES, "-c", str(config), "serve"], env={**_ENVIRON, **ENVIRONMENT}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not accepted(port):
            assert server.poll() is None, "serve has ended"
            assert time.perf_counter() - began < _PATIENCE, "serve does not answer"
            time.sleep(0.005)
        there = time.perf_counter() - began
        processor = sum(processor_of(pid) for pid in processes(server.pid).values())
        time.sleep(idle)
        return there, processor, {name: round(held_by(pid), 1) for name, pid in processes(server.pid).items()}
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def accepted(port: int) -> bool:
    signature = hmac.new(ENVIRONMENT["BENCH_SECRET"].encode(), _BODY, sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-GitHub-Event": "push", "X-GitHub-Delivery": "1"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        connection.request("POST", "/hooks/github", _BODY, {**headers, "X-Hub-Signature-256": f"sha256={signature}"})
        answer = connection.getresponse().status
    except OSError:
        return False
    finally:
        connection.close()
    assert answer == 202, answer
    return True


def processes(supervisor: int) -> dict[str, int]:
    """The supervisor, then its children in the order in which it starts them."""
    *ingresses, worker, watcher = children_of(supervisor)
    named = {f"ingress {number}": pid for number, pid in enumerate(ingresses, 1)}
    return {"supervisor": supervisor, **named, "worker": worker, "watcher of files": watcher}


def processor_of(pid: int) -> float:
    """Seconds so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rules", type=int, default=100)
    parser.add_argument("--idle", type=float, default=3.0, help="seconds")
    given = parser.parse_args()
    about = conditions("uvloop", "pydantic", "click")
    with tempfile.TemporaryDirectory() as folder:
        starting = {
            name: {kind: summary(each, 3) for kind, each in found.items()} for name, found in verbs(Path(folder), given.rounds).items()
        }
    rounds = []
    for number in range(given.rounds + 1):
        with tempfile.TemporaryDirectory() as folder:
            round_ = served(Path(folder), given.rules, given.idle if number else 0)
            rounds += [round_] if number else []  # the first one leaves bytecode
    first = {"clock": summary([there for there, _, _ in rounds], 3), "processor": summary([processor for _, processor, _ in rounds], 3)}
    held = {name: summary([each[name] for _, _, each in rounds], 1) for name in rounds[0][2]}
    idle = summary([sum(each.values()) for _, _, each in rounds], 1)
    figures = {
        "--help (s)": starting["--help"]["clock"]["median"],
        "serve to its first 202 (s)": first["clock"]["median"],
        "idle (MiB)": idle["median"],
    }
    for name, result in starting.items():
        print(f"{name:28} {result['clock']['median']:>7.3f} s, of the processor {result['processor']['median']:.3f} s", file=sys.stderr)
    for name, figure in figures.items():
        print(f"{name:28} {figure:>7.3f}   at most {TARGETS[name]} is wanted", file=sys.stderr)
    parts = ", ".join(f"{name} {each['median']}" for name, each in held.items())
    print(f"{'of that':28} {parts}", file=sys.stderr)
    told = {"rules": given.rules, "verbs (s)": starting, "serve to its first 202 (s)": first, "idle (MiB)": {"all": idle, **held}}
    print(json.dumps({**about, **told, "targets": TARGETS}, indent=2))
    return 0 if all(figures[name] <= target for name, target in TARGETS.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
