"""A compiled rule beside the YAML that it was written as, so that what is found out later has its place, too."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding, Level
from hookrules.engine.config.rule import PlannedStep, Rule
from hookrules.engine.config.yaml_nodes import Document, Path


@dataclass(frozen=True, slots=True)
class Known:
    """The names that hookrules.yaml has for rules. None where it can't be read: nothing is said of such names then."""

    sources: Collection[str] | None = None
    schedules: Collection[str] | None = None
    secrets: Collection[str] | None = None
    unproven: Collection[str] = ()
    """The sources that take deliveries from anyone."""


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """`path` leads to the rule in the document."""

    rule: Rule
    document: Document
    path: Path

    def steps(self) -> Iterator[tuple[Path, PlannedStep]]:
        """Every step in the order in which they may run, with the path to it from the rule."""
        for section, steps in self.rule.sections().items():
            for position, step in enumerate(steps):
                yield (section, position), step

    def error(self, code: Code, message: str, path: Path, suggestion: str | None = None, inside: tuple[int, int] = (0, 0)) -> Finding:
        """`path` begins at the rule; `inside` is a line and column in the text there, from 0."""
        line, column = self.document.locate((*self.path, *path), *inside)
        return Finding(self.document.file, line, column, Level.ERROR, code, message, suggestion)

    def warning(self, code: Code, message: str, path: Path, inside: tuple[int, int] = (0, 0)) -> Finding:
        line, column = self.document.locate((*self.path, *path), *inside)
        return Finding(self.document.file, line, column, Level.WARNING, code, message)
