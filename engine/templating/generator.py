"""Jinja's compiler, told what templates of rules mean by a value: it must be there, and it leaves the code apart from text."""

from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame

from hookrules.engine.templating.filters import RAW, TOLERANT_FILTERS, TOLERANT_TESTS
from hookrules.engine.templating.positions import Position

COUNTED = "counted rounds"
"""The filter around what a loop goes through. It is no identifier, so no template can name it."""


class Generator(CodeGenerator):
    """Jinja's own, save that values are yielded apart from text, and that each value but a tolerated one must be present."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._tolerated: set[int] = set()

    def _tolerate(self, node: nodes.Node | None) -> None:
        self._tolerated.add(id(node))

    def _opened(self, node: nodes.Node) -> bool:
        """Begin the check that the value of `node` is there, unless its absence is fine."""
        if id(node) in self._tolerated:
            return False
        self.write("environment.present(")
        return True

    def _closed(self, node: nodes.Node, *, opened: bool) -> None:
        if opened:
            place = place_of(node)
            self.write(f", {int(place)}, {place.column})")

    def visit_Name(self, node: nodes.Name, frame: Frame) -> None:  # noqa: N802
        if node.ctx != "load":
            super().visit_Name(node, frame)
            return
        opened = self._opened(node)
        super().visit_Name(node, frame)
        self._closed(node, opened=opened)

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802
        self._follow(node, nodes.Const(node.attr), frame)

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:  # noqa: N802
        if isinstance(node.arg, nodes.Slice):
            super().visit_Getitem(node, frame)
        else:
            self._follow(node, node.arg, frame)

    def _follow(self, node: nodes.Getattr | nodes.Getitem, key: nodes.Expr, frame: Frame) -> None:
        opened = self._opened(node)
        self._tolerate(node.node)
        self.write("environment.follow(")
        self.visit(node.node, frame)
        self.write(", ")
        self.visit(key, frame)
        self.write(f", {written(node)!r})")
        self._closed(node, opened=opened)

    def visit_Filter(self, node: nodes.Filter, frame: Frame) -> None:  # noqa: N802
        if node.name == RAW and node.node is not None:
            self.visit(node.node, frame)
            return
        if node.name in TOLERANT_FILTERS:
            self._tolerate(node.node)
        opened = self._opened(node)
        super().visit_Filter(node, frame)
        self._closed(node, opened=opened)

    def visit_Test(self, node: nodes.Test, frame: Frame) -> None:  # noqa: N802
        if node.name in TOLERANT_TESTS:
            self._tolerate(node.node)
        super().visit_Test(node, frame)

    def visit_CondExpr(self, node: nodes.CondExpr, frame: Frame) -> None:  # noqa: N802
        opened = self._opened(node)
        if not opened:
            self._tolerate(node.expr1)
            self._tolerate(node.expr2)
        super().visit_CondExpr(node, frame)
        self._closed(node, opened=opened)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802
        self.write("environment.joined((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")

    def visit_Assign(self, node: nodes.Assign, frame: Frame) -> None:  # noqa: N802
        self._tolerate(node.node)
        super().visit_Assign(node, frame)

    def visit_For(self, node: nodes.For, frame: Frame) -> None:  # noqa: N802
        items = nodes.Filter(node.iter, COUNTED, [nodes.Const(written(node.iter))], [], None, None, lineno=node.iter.lineno)
        whole = nodes.For(node.target, items, node.body, node.else_, node.test, node.recursive, lineno=node.lineno)
        self.pull_dependencies([items])
        super().visit_For(whole, frame)

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> str:  # noqa: ARG002
        if isinstance(node, nodes.TemplateData):
            return node.data
        raise nodes.Impossible

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:  # noqa: ARG002
        self.write("environment.printed(")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:  # noqa: ARG002
        self.write(f", {is_raw(node)!r})")


def is_raw(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Filter) and node.name == RAW


def place_of(node: nodes.Node) -> Position:
    """Where an expression begins; Jinja's own number for `payload.ref` is the dot's."""
    while isinstance(node, (nodes.Getattr, nodes.Getitem, nodes.Filter)) and node.node is not None:
        node = node.node
    return node.lineno if isinstance(node.lineno, Position) else Position(node.lineno, 0)


def written(node: nodes.Node | None) -> str:
    """A name as the author wrote it: `payload.commits[0].id`."""
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            return f"{written(node.node)}.{node.attr}"
        case nodes.Getitem(arg=nodes.Const(value=key)):
            return f"{written(node.node)}[{key!r}]"
        case nodes.Getitem():
            return f"{written(node.node)}[{written(node.arg)}]"
        case nodes.Filter():
            return f"{written(node.node)} | {node.name}"
    return "…"
