"""The names that a template may begin with, and what it says of them without being rendered."""

from collections.abc import Iterable, Iterator

from jinja2 import nodes
from msgspec import Struct

from hookrules.engine.errors import TemplateError
from hookrules.engine.templating.missing import nearest

KNOWN = ("payload", "header", "query", "event", "git", "rule", "run", "steps", "vars", "secrets", "item", "index", "failed", "events")
_FUNCTIONS = ("range",)


class Reference(Struct, frozen=True):
    """A name that a template reads, as far as it is written out: `payload.commits[0].id` → ("payload", "commits", "0", "id").

    `line` and `column` count from 0 inside the leaf's text; `leaf` leads to that leaf where the template is a structure.
    """

    path: tuple[str, ...]
    line: int
    column: int
    leaf: tuple[str | int, ...] = ()


Found = Iterator[Reference | TemplateError]


def references(tree: nodes.Template) -> Found:
    """What the tree reads; for a name that no event and no run has, what is wrong with it."""
    return _in_block(tree.body, frozenset())


def _in_block(block: Iterable[nodes.Node], local: frozenset[str]) -> Found:
    for node in block:
        yield from _in_node(node, local)
        local |= _assigned(node)


def _assigned(node: nodes.Node) -> frozenset[str]:
    """The names that hold after the node: those of `set`, also from within `if`, but not from within `for`."""
    match node:
        case nodes.Assign():
            return frozenset(name.name for name in _names(node.target))
        case nodes.If():
            inner = [*node.body, *node.elif_, *node.else_]
            return frozenset[str]().union(*(_assigned(part) for part in inner))
    return frozenset()


def _names(target: nodes.Node) -> list[nodes.Name]:
    return [target] if isinstance(target, nodes.Name) else list(target.find_all(nodes.Name))


def _in_node(node: nodes.Node, local: frozenset[str]) -> Found:
    match node:
        case nodes.For():
            yield from _in_for(node, local)
        case nodes.If():
            yield from _in_node(node.test, local)
            for block in (node.body, node.elif_, node.else_):
                yield from _in_block(block, local)
        case nodes.Assign():
            yield from _in_node(node.node, local)
        case nodes.Name() | nodes.Getattr() | nodes.Getitem():
            yield from _in_path(node, local)
        case nodes.Call(node=nodes.Name()):
            yield from _in_arguments(node, local)
        case nodes.Call(node=nodes.Getattr() as method):
            yield from _in_node(method.node, local)
            yield from _in_arguments(node, local)
        case _:
            for child in node.iter_child_nodes():
                yield from _in_node(child, local)


def _in_arguments(call: nodes.Call, local: frozenset[str]) -> Found:
    """What is called is none of the names."""
    for argument in call.iter_child_nodes(exclude=("node",)):
        yield from _in_node(argument, local)


def _in_for(node: nodes.For, local: frozenset[str]) -> Found:
    yield from _in_node(node.iter, local)
    inside = local | {"loop"} | {name.name for name in _names(node.target)}
    if node.test is not None:
        yield from _in_node(node.test, inside)
    yield from _in_block(node.body, inside)
    yield from _in_block(node.else_, local)


def _in_path(node: nodes.Expr, local: frozenset[str]) -> Found:
    keys: list[str] = []
    while isinstance(node, (nodes.Getattr, nodes.Getitem)):
        key = node.attr if isinstance(node, nodes.Getattr) else _constant(node.arg)
        keys = [] if key is None else [key, *keys]
        if isinstance(node, nodes.Getitem):
            yield from _in_node(node.arg, local)
        node = node.node
    if not isinstance(node, nodes.Name):
        yield from _in_node(node, local)
    elif node.name in KNOWN and node.name not in local:
        yield Reference((node.name, *keys), int(node.lineno) - 1, getattr(node.lineno, "column", 0))
    elif node.name not in local and node.name not in _FUNCTIONS:
        yield _unknown(node)


def _constant(key: nodes.Expr) -> str | None:
    known = isinstance(key, nodes.Const) and isinstance(key.value, (str, int))
    return str(key.value) if known and isinstance(key, nodes.Const) else None


def _unknown(node: nodes.Name) -> TemplateError:
    found = nearest(node.name, KNOWN)
    suggestion = f"did you mean {found}?" if found else f"known are {', '.join(KNOWN)}"
    column = getattr(node.lineno, "column", 0)
    return TemplateError(f"there is no name {node.name!r}", line=int(node.lineno) - 1, column=column, suggestion=suggestion)
