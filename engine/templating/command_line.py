"""A command as a list of arguments: no shell reads it, yet `[sh, -c, "… {{ x }}"]` is code all the same."""

from collections.abc import Sequence
from typing import Any

from jinja2 import nodes
from msgspec import Struct

from hookrules.engine.errors import UnsafeValue
from hookrules.engine.templating.argument import Argument
from hookrules.engine.templating.flow import read_all
from hookrules.engine.templating.parsing import parse
from hookrules.engine.templating.shell_commands import directly
from hookrules.engine.templating.shell_frames import REMEDY
from hookrules.engine.templating.shell_words import RAW, VALUE, Command, Unsafe
from hookrules.engine.templating.template import Template


class BadArgument(UnsafeValue):
    """An argument that a value would make code of; `index` counts from 0."""

    def __init__(self, message: str, index: int) -> None:
        super().__init__(message, suggestion=REMEDY)
        self.index = index


class _Word(Struct, frozen=True):
    """An argument in the words of `shell_words`."""

    word: str = ""

    def text(self, text: str) -> "_Word":
        return _Word(self.word + text)

    def value(self, node: nodes.Expr) -> "_Word":  # noqa: ARG002
        return _Word(self.word + VALUE)

    def raw(self) -> "_Word":
        return _Word(self.word + RAW)


def judged(arguments: Sequence[Argument]) -> frozenset[Command]:
    """How the program may have read its arguments, one a branch. Raises BadArgument."""
    commands = frozenset([directly()])
    for index, argument in enumerate(arguments):
        words = read_all(parse(argument.source).tree, _Word())
        try:
            commands = frozenset(command.take(word.word) for command in commands for word in words)
        except Unsafe as error:
            raise BadArgument(f"a value here {error}", index) from None
    return commands


def prints_values(template: Template[Any]) -> bool:
    """Whether it prints what its author did not write, other than by `raw`. Raises TemplateError where it can't be followed."""
    return any(VALUE in word.word for word in read_all(parse(template.source).tree, _Word()))
