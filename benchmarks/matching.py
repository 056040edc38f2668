"""Matching against its limits: what an event costs from its body to the rules that fire, beside `msgspec.json.decode` of the body alone.

    python benchmarks/matching.py [--rounds 25] [--rules 10000] [--most 100000] [--event-ruler CLASSPATH]

All cases take turns in each round, in CPU time of one process. `--event-ruler` runs aws/event-ruler (Java) in the same turns: CLASSPATH
holds its classes and those of Jackson. The table goes to stderr, JSON to stdout. Figures of one run compare; those of two runs do not.
"""

import argparse
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pushes
from jsonpath_ng.ext import parse
from processes import processor_seconds
from report import conditions, summary

from hookrules.engine import bodies
from hookrules.engine.conditions import compile_condition
from hookrules.engine.config.ruleset import Rule
from hookrules.engine.intake import asked_of
from hookrules.engine.matching.index import Index
from hookrules.engine.model import Delivery, Event
from hookrules.engine.sources.github import GitHub
from hookrules.engine.sources.source import Verifier

SECONDS = 0.1
"""Of one contender in one round, at least; one call where that takes longer."""
REF, REPOSITORY = pushes.REF, pushes.REPOSITORY
CONTRACT = 110_000
"""Events that aws/event-ruler matched a second when the target was set; measured anew where `--event-ruler` is given."""

RULER_EVENTS = 5000
"""It matches in one turn."""

Ask = Callable[[], object]


def push() -> dict[str, Any]:
    """Of 7 KB."""
    sent = pushes.push()
    return {**sent, "commits": sent["commits"][-6:]}


BODY = msgspec.json.encode(push())
DELIVERY = Delivery("github", BODY, {"content-type": ("application/json",), "x-github-event": ("push",)}, 0.0)
SOURCE = GitHub("github", Verifier())


def rule(number: int, when: Any) -> Rule:
    return Rule(name=f"rule-{number}", digest="", text="", on=("github.push",), steps=(), when=compile_condition(when))


def others(number: int) -> list[Rule]:
    """Rules of other branches and repositories."""
    return [rule(each, [f"$.ref == refs/heads/{each % 500}", f"$.repository.full_name == acme/shop-{each}"]) for each in range(number)]


def of_main(number: int) -> list[Rule]:
    """Rules that have the event's branch in common."""
    return [rule(each, [f"$.ref == {REF}", f"$.repository.full_name == acme/shop-{each}"]) for each in range(number)]


def firing(number: int) -> list[Rule]:
    return [*others(number - 1), rule(number, [f"$.ref == {REF}", f"$.repository.full_name == {REPOSITORY}"])]


def at(path: str) -> list[Rule]:
    return [rule(each, f"{path} == author-{each}@example.com") for each in range(1000)]


def patterns() -> list[Rule]:
    globs = [rule(each, f"$.ref like **/feature-{each}-*") for each in range(1000)]
    return [*globs, *(rule(each, f"$.repository.full_name matches [a-z]+-{each}$") for each in range(1000, 2000))]


def read_and_match(rules: Iterable[Rule], fires: int = 0) -> Ask:
    index = Index(rules)
    excerpt = asked_of(SOURCE, index.rules).excerpt

    def ask() -> int:
        return len(index.match(event_of(bodies.payload_of(DELIVERY, excerpt=excerpt)), 0.0))

    assert ask() == fires
    return ask


def match_alone(rules: Iterable[Rule]) -> Ask:
    index, event = Index(rules), event_of(msgspec.json.decode(BODY))
    assert index.match(event, 0.0) == []
    return lambda: index.match(event, 0.0)


def event_of(payload: Any) -> Event:
    return Event("evt_1", "github", SOURCE.event_type(DELIVERY, payload), payload, BODY, 0.0)


def read_in_part(number: int) -> Ask:
    excerpt = asked_of(SOURCE, others(number)).excerpt
    return lambda: bodies.payload_of(DELIVERY, excerpt=excerpt)


def jsonpath_ng(number: int) -> Ask:
    """Each rule asked by itself, both of its paths parsed once."""
    ref, name, payload = parse("$.ref"), parse("$.repository.full_name"), msgspec.json.decode(BODY)
    wanted = [(f"refs/heads/{each % 500}", f"acme/shop-{each}") for each in range(number)]

    def ask() -> bool:
        return any([found.value for found in ref.find(payload)] == [branch] and
                   [found.value for found in name.find(payload)] == [repository] for branch, repository in wanted)  # fmt: skip

    return ask


def per_call(ask: Ask) -> float:
    """Seconds of CPU time."""
    calls, spent = 0, 0.0
    begin = time.process_time()
    while spent < SECONDS:
        for _ in range(max(1, calls)):
            ask()
        calls += max(1, calls)
        spent = time.process_time() - begin
    return spent / calls


@contextmanager
def event_ruler(classpath: str, rules: int) -> Iterator[Callable[[], float]]:
    """A Java process that matches the same body against the same number of rules when it is told to: CPU time of all its threads, since
    its collector works for the events, too, as Python's does.
    """
    with tempfile.NamedTemporaryFile(suffix=".json") as body:
        Path(body.name).write_bytes(BODY)
        command = ["java", "-XX:+UseSerialGC", "-cp", classpath, str(Path(__file__).with_name("EventRuler.java")), body.name, str(rules)]
        java = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert java.stdin is not None
        assert java.stdout is not None
        told, asks = java.stdout, java.stdin

        def once() -> float:
            before = processor_seconds(java.pid)
            asks.write(f"{RULER_EVENTS}\n")
            asks.flush()
            assert told.readline() == "\n"
            return (processor_seconds(java.pid) - before) / RULER_EVENTS

        try:
            yield once
        finally:
            java.kill()
            java.wait()


@dataclass(frozen=True)
class Case:
    name: str
    seconds: Callable[[], float]
    """Of one event."""


@dataclass(frozen=True)
class Target:
    what: str
    reached: float
    wanted: float
    unit: str
    at_most: bool = False

    @property
    def met(self) -> bool:
        return self.reached <= self.wanted if self.at_most else self.reached >= self.wanted


def cases(rules: int, most: int) -> Iterator[Case]:
    asks: dict[str, Ask] = {
        "decode alone": lambda: msgspec.json.decode(BODY),
        "read whole": lambda: bodies.payload_of(DELIVERY),
        "read in part": read_in_part(rules),
        "none fires": read_and_match(others(rules)),
        "one fires": read_and_match(firing(rules), fires=1),
        "index alone": match_alone(others(rules)),
        "100 rules": read_and_match(others(100)),
        f"{most} rules": read_and_match(others(most)),
        "100 rules of main": read_and_match(of_main(100)),
        f"{most} rules of main": read_and_match(of_main(most)),
        "plain path": read_and_match(at("$.after")),
        "wildcard path": read_and_match(at("$.commits[*].author.email")),
        "2000 patterns": read_and_match(patterns()),
        "jsonpath-ng a rule": jsonpath_ng(rules),
    }
    for name, ask in asks.items():
        yield Case(name, lambda ask=ask: per_call(ask))  # type: ignore[misc]


def targets(seconds: dict[str, float], most: int) -> list[Target]:
    ruler = 1 / seconds["event-ruler"] if "event-ruler" in seconds else CONTRACT
    measured = "as measured here" if "event-ruler" in seconds else "the contract's figure"
    return [
        Target(f"none fires, events/s, 1.5 × event-ruler ({measured})", 1 / seconds["none fires"], 1.5 * ruler, "/s"),
        Target("the index's own share", seconds["index alone"] * 1e6, 1, "µs", at_most=True),
        Target("one fires, of decode alone", seconds["decode alone"] / seconds["one fires"], 0.8, "×"),
        Target(f"100 → {most} rules", seconds[f"{most} rules"] / seconds["100 rules"], 1.5, "×", at_most=True),
        Target(f"100 → {most} rules of main", seconds[f"{most} rules of main"] / seconds["100 rules of main"], 1.5, "×", at_most=True),
        Target("wildcard path, of a plain path", seconds["wildcard path"] / seconds["plain path"], 3, "×", at_most=True),
        Target("2000 patterns", seconds["2000 patterns"] * 1e6, 250, "µs", at_most=True),
    ]


def median_of(rounds: Sequence[Target]) -> Target:
    """What was reached beside the others in the same round, so that a machine that others slow down compares like with like."""
    reached, wanted = (statistics.median(values) for values in zip(*((each.reached, each.wanted) for each in rounds), strict=True))
    return replace(rounds[0], reached=reached, wanted=wanted)


def measured(contenders: list[Case], rounds: int) -> dict[str, list[float]]:
    """A B A B …, after a round that only warms up."""
    gc.freeze()  # what the rules take is not looked at again, as in a process that serves
    figures: dict[str, list[float]] = {case.name: [] for case in contenders}
    for number in range(rounds + 1):
        for case in contenders:
            figure = case.seconds()
            if number:
                figures[case.name].append(figure)
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--rules", type=int, default=10_000)
    parser.add_argument("--most", type=int, default=100_000)
    parser.add_argument("--event-ruler", metavar="CLASSPATH")
    given = parser.parse_args()
    about = conditions("msgspec", "jsonpath-ng", "google-re2")
    with ExitStack() as stack:
        contenders = list(cases(given.rules, given.most))
        if given.event_ruler:
            contenders.insert(1, Case("event-ruler", stack.enter_context(event_ruler(given.event_ruler, given.rules))))
        figures = measured(contenders, given.rounds)
    seconds = {name: statistics.median(each) for name, each in figures.items()}
    rounds = [dict(zip(figures, each, strict=True)) for each in zip(*figures.values(), strict=True)]
    for name, each in figures.items():
        ratio = seconds[name] / seconds["decode alone"]
        print(f"{name:22} {seconds[name] * 1e6:>10.2f} µs  {min(each) * 1e6:.2f} to {max(each) * 1e6:.2f}  {ratio:.2f} ×", file=sys.stderr)
    aims = [median_of(each) for each in zip(*(targets(each, given.most) for each in rounds), strict=True)]
    for aim in aims:
        bound = "at most" if aim.at_most else "at least"
        print(f"{'met' if aim.met else 'MISSED':6} {aim.what}: {aim.reached:,.2f} {aim.unit}, {bound} {aim.wanted:,.2f}", file=sys.stderr)
    spread = {name: summary([figure * 1e6 for figure in each], 3) for name, each in figures.items()}
    goals = [{"what": aim.what, "reached": round(aim.reached, 3), "wanted": aim.wanted, "unit": aim.unit, "met": aim.met} for aim in aims]
    told = {**about, "body": len(BODY), "rules": given.rules, "microseconds": spread, "targets": goals}
    print(json.dumps(told, indent=2, ensure_ascii=False))
    return 0 if all(aim.met for aim in aims) else 1


if __name__ == "__main__":
    sys.exit(main())
