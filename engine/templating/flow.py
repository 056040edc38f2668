"""Every way in which a template can unfold, told to a reader of the place: what text stands before each value, in each branch."""

from collections.abc import Iterable
from typing import Protocol, Self, TypeVar

from jinja2 import nodes

from hookrules.engine.templating.generator import is_raw
from hookrules.engine.templating.parsing import fail

STATES_LIMIT = 300
"""How many different states the branches of one template may come to; honest ones come to two or three."""


class Reader(Protocol):
    """Where a reading stands: a frozen value. Equal readers read on equally."""

    def text(self, text: str) -> Self: ...

    def value(self, node: nodes.Expr) -> Self:
        """Read a printed value. Raises TemplateError where none may stand."""

    def raw(self) -> Self:
        """Read text that only the running template knows, and that its author vouches for."""


R = TypeVar("R", bound=Reader)


def read_all(tree: nodes.Template, start: R) -> frozenset[R]:
    """Where all ways through the template end. Raises TemplateError."""
    return _block(tree.body, frozenset([start]))


def _block(block: Iterable[nodes.Node], states: frozenset[R]) -> frozenset[R]:
    for node in block:
        states = _node(node, states)
        if len(states) > STATES_LIMIT:
            raise fail(node, "the template has too many branches to follow what its text becomes", "split the step")
    return states


def _node(node: nodes.Node, states: frozenset[R]) -> frozenset[R]:
    match node:
        case nodes.Output():
            for part in node.nodes:
                states = frozenset(_part(part, state) for state in states)
        case nodes.If():
            branches = [node.body, *(branch.body for branch in node.elif_), node.else_]
            states = frozenset[R]().union(*(_block(branch, states) for branch in branches))
        case nodes.For():
            states = _loop(node, states)
    return states


def _part(part: nodes.Expr, state: R) -> R:
    if isinstance(part, nodes.TemplateData):
        return state.text(part.data)
    return state.raw() if is_raw(part) else state.value(part)


def _loop(node: nodes.For, states: frozenset[R]) -> frozenset[R]:
    """After no round, one, and so on, until another round comes to nothing new."""
    reached = frontier = states
    while frontier:
        frontier = _block(node.body, frontier) - reached
        reached |= frontier
        if len(reached) > STATES_LIMIT:
            raise fail(node, "a round of this loop never leaves the text as it was before", "begin and end each round alike")
    return reached | _block(node.else_, states)
