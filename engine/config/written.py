"""A compiled rule beside the YAML that it was written as, so that what is found out later has its place, too."""

import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hookrules.actions import Services
from hookrules.engine.conditions import Condition
from hookrules.engine.config.codes import Code
from hookrules.engine.config.correlating import Absence, Part
from hookrules.engine.config.findings import Finding, Level
from hookrules.engine.config.rule import PlannedStep, Rule
from hookrules.engine.config.templated import Placed, templates_of
from hookrules.engine.config.values import Value
from hookrules.engine.config.yaml_nodes import Document, Path
from hookrules.engine.model import Json
from hookrules.engine.sources.catalogue import Catalogue
from hookrules.engine.templating import Leftover


@dataclass(frozen=True, slots=True)
class Known:
    """The names that hookrules.yaml has for rules. None where it can't be read: nothing is said of such names then."""

    sources: Collection[str] | None = None
    schedules: Collection[str] | None = None
    secrets: Collection[str] | None = None
    unproven: Collection[str] = ()
    """The sources that take deliveries from anyone."""
    services: Mapping[str, Collection[str]] | None = None
    """What actions may use: a section of hookrules.yaml → the names in it."""
    configured: Services | None = None
    """The same, as they are set up there; None where that can't be read."""
    catalogues: Mapping[str, Catalogue] = field(default_factory=dict)
    """What the events of a source look like, where that is known and asked for."""


@dataclass(frozen=True)
class WrittenRule:
    """`path` leads to the rule in the document."""

    rule: Rule
    document: Document
    path: Path
    taken: Mapping[Path, Json] = field(default_factory=dict)
    """Parts of the rule that are at fault, and so not in `rule`."""
    touched: Collection[Path] = ()
    """Their places, and those of what is missing: what `rule` has there nobody wrote."""
    whole: bool = True
    """Whether the rule is all that was written; with an error in it, it is what is left."""

    @functools.cached_property
    def steps(self) -> tuple[tuple[Path, PlannedStep], ...]:
        """Every step in the order in which they may run, with the path to it from the rule."""
        sections = self.rule.sections().items()
        return tuple(((section, position), step) for section, steps in sections for position, step in enumerate(steps))

    @functools.cached_property
    def patterns(self) -> tuple[tuple[Path, str], ...]:
        """Every event pattern, likewise: those of `on`, `correlate`, `absent` and of steps that wait."""
        return tuple(((*path, position), pattern) for path, on in self._named_events() for position, pattern in enumerate(on))

    def _named_events(self) -> Iterator[tuple[Path, Sequence[str]]]:
        yield ("on",), self.rule.on
        for path, part in self._parts():
            yield (*path, "on"), part.on
        for path, step in self.steps:
            expected = step.action.expects()
            if expected:
                yield (*path, step.kind, "for", "on"), expected.events

    @functools.cached_property
    def keys(self) -> Sequence[Placed]:
        """What events are told apart by: `group` of `concurrency`, `per` of `throttle`, `by` of `correlate` and `absent`."""
        order, limit = self.rule.concurrency, self.rule.throttle
        found: list[tuple[Path, Value | None]] = [(("concurrency", "group"), order.group)] if order else []
        found += [(("throttle", "per"), limit.per)] if limit else []
        found += [((*path, "by"), part.by) for path, part in self._parts()]
        return [(path, value) for path, value in found if value]

    def _parts(self) -> Iterator[tuple[Path, Part | Absence]]:
        """What a rule that fires for several events, or for none, is about."""
        correlation, absence = self.rule.correlate, self.rule.absent
        for position, part in enumerate(correlation.parts if correlation else ()):
            yield ("correlate", "sequence" if correlation and correlation.ordered else "all", position), part
        if absence:
            yield ("absent",), absence

    @functools.cached_property
    def conditions(self) -> tuple[tuple[Path, Condition], ...]:
        """`when` and every `if`, likewise."""
        ifs = [((*path, "if"), step.condition) for path, step in self.steps if step.condition is not None]
        return ((("when",), self.rule.when), *ifs) if self.rule.when is not None else tuple(ifs)

    @functools.cached_property
    def templates(self) -> Mapping[Path, Sequence[Placed]]:
        """Those of the variables, under `("vars",)`, and of each step, under the path to it."""
        variables = [(("vars", name), value) for name, value in self.rule.vars.items()]
        return {("vars",): variables, **{path: [*templates_of(path, step)] for path, step in self.steps}}

    def leftovers(self, *path: int | str) -> Iterator[tuple[Path, Leftover]]:
        """The templates among what is taken out below the path: they name what is checked all the same."""
        for place, written in self.taken.items():
            if place[: len(path)] == path and "if" not in place:
                yield place, Leftover(written)

    def is_touched(self, *path: int | str) -> bool:
        return any(path[: len(place)] == place for place in self.touched)

    def error(self, code: Code, message: str, path: Path, suggestion: str | None = None, inside: tuple[int, int] = (0, 0)) -> Finding:
        """`path` begins at the rule; `inside` is a line and column in the text there, from 0."""
        line, column = self.document.locate((*self.path, *path), *inside)
        return Finding(self.document.file, line, column, Level.ERROR, code, message, suggestion)

    def warning(self, code: Code, message: str, path: Path, inside: tuple[int, int] = (0, 0), suggestion: str | None = None) -> Finding:
        line, column = self.document.locate((*self.path, *path), *inside)
        return Finding(self.document.file, line, column, Level.WARNING, code, message, suggestion)
