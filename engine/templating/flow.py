"""Every way in which a template can unfold, told to a reader of the place: what text stands before each value, in each branch."""

from collections.abc import Iterable
from typing import Generic, Protocol, Self, TypeVar

from jinja2 import nodes

from hookrules.engine.errors import TemplateError
from hookrules.engine.templating.generator import is_raw
from hookrules.engine.templating.parsing import fail, together

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
    """Where all ways through the template end. Raises TemplateError, with every value that may not stand where it stands."""
    flow = _Flow[R]()
    try:
        ends = flow.block(tree.body, frozenset([start]))
    except TemplateError as error:
        raise together([*flow.faults.values(), error]) from None
    if flow.faults:
        raise together(flow.faults.values())
    return ends


class _Flow(Generic[R]):
    def __init__(self) -> None:
        self.faults: dict[tuple[int, int], TemplateError] = {}
        """By their place: a value is read once in every state."""

    def block(self, block: Iterable[nodes.Node], states: frozenset[R]) -> frozenset[R]:
        for node in block:
            states = self._node(node, states)
            if len(states) > STATES_LIMIT:
                raise fail(node, "the template has too many branches to follow what its text becomes", "split the step")
        return states

    def _node(self, node: nodes.Node, states: frozenset[R]) -> frozenset[R]:
        match node:
            case nodes.Output():
                for part in node.nodes:
                    states = frozenset(self._part(part, state) for state in states)
            case nodes.If():
                branches = [node.body, *(branch.body for branch in node.elif_), node.else_]
                states = frozenset[R]().union(*(self.block(branch, states) for branch in branches))
            case nodes.For():
                states = self._loop(node, states)
        return states

    def _part(self, part: nodes.Expr, state: R) -> R:
        if isinstance(part, nodes.TemplateData):
            return state.text(part.data)
        if is_raw(part):
            return state.raw()
        try:
            return state.value(part)
        except TemplateError as error:
            self.faults.setdefault((error.line, error.column), error)
            return state.raw()

    def _loop(self, node: nodes.For, states: frozenset[R]) -> frozenset[R]:
        """After no round, one, and so on, until another round comes to nothing new."""
        reached = frontier = states
        while frontier:
            frontier = self.block(node.body, frontier) - reached
            reached |= frontier
            if len(reached) > STATES_LIMIT:
                raise fail(node, "a round of this loop never leaves the text as it was before", "begin and end each round alike")
        return reached | self.block(node.else_, states)
