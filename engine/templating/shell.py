"""Shell text: values travel in the environment, and the text names them, so that no value is ever shell source."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hookrules.engine.errors import TemplateError
from hookrules.engine.templating.argument import passable
from hookrules.engine.templating.environment import Printed
from hookrules.engine.templating.flow import read_all
from hookrules.engine.templating.parsing import Parsed, is_plain, parse, read
from hookrules.engine.templating.positions import Position
from hookrules.engine.templating.rendering import Piece
from hookrules.engine.templating.shell_frames import Frame
from hookrules.engine.templating.shell_lexer import ShellReader
from hookrules.engine.templating.shell_variables import Variables
from hookrules.engine.templating.template import Template, joined, text_of

VARIABLE = "HR_"
"""What the names of the values' variables begin with."""


@dataclass(frozen=True, slots=True)
class ShellCommand:
    """What `/bin/sh -c` is given, and the variables that it names."""

    text: str
    environment: Mapping[str, str]


class ShellText(Template[ShellCommand]):
    __slots__ = ()
    what = "A shell command in which {{ }} fills in values, each as one word that the shell does not read as code."

    def check(self, parsed: Parsed) -> None:
        del parsed
        if not is_plain(self.source):
            _judged(self.source)

    def misuse(self, variable: str) -> str:
        """What is said of a value in a variable that the text is given, where the text runs what that holds; else empty."""
        return _judged(self.source).misuse(variable)

    def runs_input(self) -> bool:
        """Whether what the command is given to read would be run as code."""
        try:
            start = ShellReader(Variables(), (Frame(piped=Position(1, 0)),))
            for end in read_all(parse(self.source).tree, start):
                end.ended()
        except TemplateError:
            return True
        return False

    def fill(self, parts: Sequence[Piece]) -> ShellCommand:
        environment: dict[str, str] = {}
        text = joined(_source(part, environment) for part in parts)
        joined(environment.values())
        return ShellCommand(passable(text, "the command"), environment)


@functools.lru_cache(maxsize=4096)
def _judged(source: str) -> Variables:
    """What the text does with variables. Rules share many of their commands: each is read once. Raises TemplateError."""
    variables = Variables()
    for end in read_all(read(source).tree, ShellReader(variables)):
        end.ended()
    return variables


def _source(part: Piece, environment: dict[str, str]) -> str:
    if not isinstance(part, Printed) or part.raw:
        return text_of(part)
    name = f"{VARIABLE}{len(environment) + 1}"
    environment[name] = passable(text_of(part), "a value")
    return f'"${{{name}}}"'
