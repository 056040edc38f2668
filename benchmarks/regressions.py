"""Whether the hot path has become dearer: machine instructions of five of its parts, each against a limit case in the same process.

    python benchmarks/regressions.py [--rounds 1] [--renew]

match       an event against 100 rules                beside looking the same values up by hand
verify      GitHub's signature of a small body        beside `hmac` of the same bytes
parse       an 8 KB push, with all bounds checked     beside msgspec's bare decoding of it
template    a text with three values filled in        beside jinja2's own rendering of it
commit      an event and its run into the journal     beside an insert and a commit of sqlite3 alone

Instructions are counted by valgrind's callgrind, which repeats to about one in a hundred however busy the machine is; of two lengths of a
loop the difference counts. A ratio that is more than `ROOM` above the one in regressions.json fails. Where a part has to become dearer, or
has become cheaper, `--renew` writes that file anew: the change goes into the same commit as its cause. The table goes to stderr, JSON to
stdout.
"""

import argparse
import hmac
import json
import os
import platform
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import jinja2
import msgspec
from report import conditions
from rule_set import ENVIRONMENT, rules_text, write_project

from hookrules.engine import bodies
from hookrules.engine.config.loading import load
from hookrules.engine.config.wiring import sources_of
from hookrules.engine.intake import asked_of
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.matching.index import Index
from hookrules.engine.model import Delivery, Event, Match
from hookrules.engine.templating import TextTemplate

KEPT = Path(__file__).with_suffix(".json")
ROOM = 1.12
RULES = 100
LOOPS = {"match": 200, "verify": 100, "parse": 20, "template": 100, "commit": 40}
"""Of the shorter loop; the longer one is twice as long."""

Work = Callable[[], object]
_NOW = 1_900_000_000.0
_PUSH = json.loads((Path(__file__).parents[1] / "rules/payloads/push.json").read_text())
_BODY = json.dumps({**_PUSH, "commits": [*_PUSH["commits"]] * 10, "ref": "refs/heads/main"}).encode()
_HEADERS = {"content-type": ("application/json",), "x-github-event": ("push",), "x-github-delivery": ("1",)}


def match(folder: Path) -> tuple[Work, Work]:
    """One of the rules fires, after all of its five tests."""
    index = Index(_loaded(folder).ruleset)
    service, branch, field = re.findall(r"acme/(\S+)\n.*refs/heads/(\S+)\n(?:.*\n)*?.*custom_properties\.(\S+)", rules_text(1))[0]
    payload = msgspec.json.decode(json.dumps(_PUSH))
    payload["ref"] = f"refs/heads/{branch}"
    payload["repository"] |= {"full_name": f"acme/{service}", "custom_properties": {field: "watched"}}
    payload["commits"][-1]["modified"] = [f"services/{service}/app.py"]
    event = Event("evt_1", "github", "push", payload, _BODY, _NOW)
    by_hand = {(f"acme/{service}", f"refs/heads/{branch}"): service}
    assert [rule.name for rule in index.match(event, _NOW)] == [f"deploy-{service}"]
    return lambda: index.match(event, _NOW), lambda: by_hand.get((payload["repository"]["full_name"], payload["ref"]))


def verify(folder: Path) -> tuple[Work, Work]:
    verifier = sources_of(_loaded(folder).settings)["github"].verifier
    body, secret = b'{"zen": "Keep it logically awesome."}', ENVIRONMENT["BENCH_SECRET"].encode()
    signed = verifier.sign(Delivery("github", body, _HEADERS, _NOW), _NOW)
    expected = hmac.new(secret, body, sha256).hexdigest()
    return lambda: verifier.verify(signed, _NOW), lambda: hmac.compare_digest(hmac.new(secret, body, sha256).hexdigest(), expected)


def parse(folder: Path) -> tuple[Work, Work]:
    """As far as the rules and the source ask."""
    loaded, delivery = _loaded(folder), Delivery("github", _BODY, _HEADERS, _NOW)
    excerpt = asked_of(sources_of(loaded.settings)["github"], loaded.ruleset).excerpt
    assert excerpt is not None
    return lambda: bodies.payload_of(delivery, excerpt=excerpt), lambda: msgspec.json.decode(_BODY)


def template(_folder: Path) -> tuple[Work, Work]:
    text = "{{ payload.repository.full_name }} is at {{ payload.after }}, by {{ payload.pusher.name | upper }}"
    ours, alone, names = TextTemplate(text), jinja2.Environment(autoescape=False).from_string(text), {"payload": _PUSH}
    assert ours.render(names) == alone.render(names)
    return lambda: ours.render(names), lambda: alone.render(names)


def commit(folder: Path) -> tuple[Work, Work]:
    journal = SqliteJournal(folder / "journal.db")
    alone = sqlite3.connect(folder / "alone.db", isolation_level=None)
    for pragma in ("journal_mode = wal", "synchronous = full", "wal_autocheckpoint = 0"):
        alone.execute(f"pragma {pragma}")
    alone.execute("create table events (id text primary key, body blob)")
    numbers = count()

    def accept() -> None:
        number = str(next(numbers))
        event = Event(f"evt_{number}", "github", "push", None, _BODY, _NOW, delivery_id=number)
        journal.accept([(event, [Match("rule", "digest")])]).result()

    def insert() -> None:
        alone.execute("begin")
        alone.execute("insert into events values (?, ?)", (str(next(numbers)), _BODY))
        alone.execute("commit")

    return accept, insert


CASES: dict[str, Callable[[Path], tuple[Work, Work]]] = {
    "match": match,
    "verify": verify,
    "parse": parse,
    "template": template,
    "commit": commit,
}


def _loaded(folder: Path) -> Any:
    return load(write_project(folder, RULES), environ=ENVIRONMENT)


def work_through(folder: Path) -> None:
    """What runs inside of valgrind: each loop between two marks. What is not measured is not counted either, and quicker so."""
    works = [(LOOPS[name], work) for name, case in CASES.items() for work in case(folder)]
    for loops, work in works:
        _repeat(work, loops // 4)  # caches filled, files opened
    with _counting():
        for loops, work in works:
            for length in (loops, 2 * loops):
                os.getppid()  # the mark: valgrind writes down what it has counted, and begins again
                _repeat(work, length)
        os.getppid()
    os._exit(0)


def _repeat(work: Work, times: int) -> None:
    for _ in range(times):
        work()


@contextmanager
def _counting() -> Iterator[None]:
    switch = subprocess.Popen(["vgdb", f"--pid={os.getpid()}", "instrumentation", "on"], stdout=subprocess.DEVNULL)
    while switch.poll() is None:  # valgrind listens while it has something to do
        pass
    assert switch.returncode == 0, "valgrind does not count"
    yield


def counted() -> dict[str, tuple[float, float]]:
    """Instructions of one round of each case: ours, and the limit's."""
    folder = Path(tempfile.mkdtemp())
    command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--dump-before=getppid", f"--callgrind-out-file={folder}/counted"]
    try:
        ran = subprocess.run(
            [*command, sys.executable, __file__, "--inside", str(folder)],
            env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        marks = [_counted_in(folder / f"counted.{number}") for number in range(2, 2 + 4 * len(CASES))]
    except FileNotFoundError as missing:
        raise SystemExit(f"{missing}\n{ran.stderr if missing.filename != 'valgrind' else 'install valgrind: .ci/services does'}") from None
    finally:
        shutil.rmtree(folder)
    found = {}
    for position, (name, loops) in enumerate((name, LOOPS[name]) for name in CASES):
        short, long, short_limit, long_limit = marks[4 * position : 4 * position + 4]
        found[name] = ((long - short) / loops, (long_limit - short_limit) / loops)
    return found


def _counted_in(file: Path) -> int:
    return next(int(line.partition(":")[2]) for line in file.read_text().splitlines() if line.startswith("totals:"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--renew", action="store_true", help="write regressions.json anew")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        work_through(given.inside)
    about = conditions("jinja2", "msgspec")
    rounds = [counted() for _ in range(given.rounds)]
    ratios = {name: round(statistics.median(each[name][0] / each[name][1] for each in rounds), 3) for name in CASES}
    python = ".".join(platform.python_version_tuple()[:2])
    if given.renew:
        KEPT.write_text(json.dumps({"python": python, "ratios": ratios}, indent=2) + "\n")
    kept = json.loads(KEPT.read_text())
    if kept["python"] != python:
        print(f"{KEPT.name} is of Python {kept['python']}, and this is {python}: nothing is compared", file=sys.stderr)
        return 2
    dearer = [name for name, ratio in ratios.items() if ratio > kept["ratios"][name] * ROOM]
    for name, ratio in ratios.items():
        ours, limit = rounds[0][name]
        said = f"more than {ROOM} × {kept['ratios'][name]}: dearer than it was" if name in dearer else f"was {kept['ratios'][name]}"
        print(f"{name:10} {ours:>10,.0f} instructions, the limit {limit:>9,.0f}: ratio {ratio:>7.2f}   {said}", file=sys.stderr)
    print(json.dumps({**about, "ratios": ratios, "kept": kept["ratios"], "room": ROOM, "dearer": dearer}, indent=2))
    return 1 if dearer else 0


if __name__ == "__main__":
    sys.exit(main())
