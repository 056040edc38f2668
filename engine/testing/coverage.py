"""Which rules no test fires, and which of their conditions' tests are never true, or never false."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hookrules.engine.config.rule import Rule
from hookrules.engine.config.yaml_nodes import Document, ScalarNode, SequenceNode, child
from hookrules.engine.config.yaml_nodes import Path as Place
from hookrules.engine.config.yaml_reader import read_file
from hookrules.engine.testing.line import Told


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that no test shows, and where it is written."""

    file: str
    line: int
    column: int
    rule: str
    missing: str
    """`no test fires it`, `no test makes it true`, `no test makes it false`."""
    text: str = ""
    """The test of the condition; empty for the rule itself."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """`shown` of `all` outcomes: each rule fires, and each test of its condition is true in one test and false in another."""

    gaps: tuple[Gap, ...]
    shown: int
    all: int

    @property
    def percent(self) -> float:
        return 100.0 * self.shown / self.all if self.all else 100.0


def coverage(rules: Iterable[Rule], told: Iterable[Told]) -> Coverage:
    """Of the rules that are switched on, by what came of all tests' events."""
    rules = [rule for rule in rules if rule.enabled]
    told = list(told)
    fired = {rule for one in told for rule in one.fired}
    seen = _seen(told)
    documents: dict[str, Document] = {}
    gaps = [gap for rule in rules for gap in _gaps(rule, fired, seen, documents)]
    outcomes = sum(1 + 2 * len(rule.when.tests() if rule.when else ()) for rule in rules)
    return Coverage(tuple(gaps), outcomes - len(gaps), outcomes)


_Seen = Mapping[str, Mapping[int, set[bool | None]]]
"""A rule → the number of a test in its condition → what it came out as."""


def _seen(told: Iterable[Told]) -> _Seen:
    seen: defaultdict[str, defaultdict[int, set[bool | None]]] = defaultdict(lambda: defaultdict(set))
    for explanation in (explanation for one in told for explanation in one.rules):
        for number, test in enumerate(explanation.condition.tests() if explanation.condition else ()):
            seen[explanation.name][number].add(test.result)
    return seen


def _gaps(rule: Rule, fired: set[str], seen: _Seen, documents: dict[str, Document]) -> Iterator[Gap]:
    if rule.name not in fired:
        yield Gap(*_place(rule, ("name",), documents), rule.name, "no test fires it")
    for number, test in enumerate(rule.when.tests() if rule.when else ()):
        results = seen.get(rule.name, {}).get(number, set())
        for result, word in ((True, "true"), (False, "false")):
            if result not in results:
                place = _place(rule, ("when", *test.place.path), documents, test.place.column)
                yield Gap(*place, rule.name, f"no test makes it {word}", test.text)


def _place(rule: Rule, path: Place, documents: dict[str, Document], column: int = 0) -> tuple[str, int, int]:
    document = documents.get(rule.file)
    if document is None:
        document = documents[rule.file] = read_file(Path(rule.file))
    return rule.file, *document.locate((*_path_of(rule, document), *path), 0, column)


def _path_of(rule: Rule, document: Document) -> Place:
    listed = child(document.root, "rules") if document.root else None
    for position, node in enumerate(listed.items if isinstance(listed, SequenceNode) else ()):
        name = child(node, "name")
        if isinstance(name, ScalarNode) and name.text == rule.name:
            return "rules", position
    return ()
