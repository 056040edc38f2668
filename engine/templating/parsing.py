"""The text of a template → Jinja's tree, held to what templates may do, and what it says without being rendered."""

import copy
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from jinja2 import nodes
from msgspec import Struct

from hookrules.engine.errors import TemplateError
from hookrules.engine.templating.environment import ENVIRONMENT
from hookrules.engine.templating.filters import RAW
from hookrules.engine.templating.generator import is_raw, place_of
from hookrules.engine.templating.hyphens import Chain, hyphenated
from hookrules.engine.templating.missing import nearest
from hookrules.engine.templating.names import Reference, references
from hookrules.engine.templating.positions import Position
from hookrules.engine.templating.quick_parsing import quick
from hookrules.engine.templating.syntax import MOST_FAULTS, readable_tree

_MARKS = re.compile(r"\{[{%#]")

_REFUSED: dict[type[nodes.Node], str] = {
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "filter",
    nodes.AssignBlock: "set … endset",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from … import",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.With: "with",
    nodes.ScopedEvalContextModifier: "autoescape",
}


class Use(Struct, frozen=True):
    """A place inside a template's text, counted from 0; `leaf` as in `Reference`."""

    line: int
    column: int
    leaf: tuple[str | int, ...] = ()


class Parsed(Struct, frozen=True, dict=True):
    """What a template tells, and its tree, which is made when first asked for: most places never ask."""

    grow: Callable[[], nodes.Template]
    lone: bool
    """Whether the template is one expression and nothing else, so that its value can keep its type."""
    references: tuple[Reference, ...] = ()
    raw_uses: tuple[Use, ...] = ()
    faults: tuple[TemplateError, ...] = ()
    whole: bool = True
    """Whether all of the text could be read; else the tree lacks what could not."""

    @functools.cached_property
    def tree(self) -> nodes.Template:
        return self.grow()


def is_plain(source: str) -> bool:
    """Whether the text has nothing to fill in."""
    return "{" not in source or _MARKS.search(source) is None


def parse(source: str) -> Parsed:
    """Read and check a template. Raises TemplateError, with all that is wrong."""
    parsed = read(source)
    if parsed.faults:
        raise together(parsed.faults)
    return parsed


@functools.lru_cache(maxsize=4096)
def read(source: str) -> Parsed:
    """The same, with what is wrong in `faults`, and what can be read all the same."""
    if is_plain(source):
        return Parsed(lambda: _text(source), lone=False)
    found = quick(source) if source.count(".") + source.count("|") <= _DEEPEST else None
    if found is not None:
        return Parsed(found.tree, found.lone, found.references())
    tree, unreadable = readable_tree(source)
    deep = _too_deep(tree)
    if deep is not None:
        return Parsed(lambda: nodes.Template([]), lone=False, faults=(*unreadable, deep), whole=False)
    return _checked(source, tree, unreadable)


def _checked(source: str, tree: nodes.Template, unreadable: Sequence[TemplateError]) -> Parsed:
    chains = hyphenated(source, frozenset(name.name for name in tree.find_all(nodes.Name) if name.ctx == "store"))
    told = _outside([*unreadable, *references(tree)], chains)
    found = [*told, *map(_subtraction, chains), *_printed_raw(tree), *_check(tree)]
    faults = sorted((one for one in found if isinstance(one, TemplateError)), key=lambda fault: (fault.line, fault.column))
    return Parsed(
        lambda: tree,
        _is_lone(tree),
        tuple(one for one in found if isinstance(one, Reference)),
        tuple(one for one in found if isinstance(one, Use)),
        tuple(faults[:MOST_FAULTS]),
        whole=not unreadable,
    )


def _outside(found: Iterable[Reference | TemplateError], chains: Sequence[Chain]) -> list[Reference | TemplateError]:
    """Without what comes of reading one of the chains as a subtraction."""
    return [one for one in found if not any(chain.covers(one.line, one.column) for chain in chains)]


def _subtraction(chain: Chain) -> TemplateError:
    message = f"'{chain.text}' is a subtraction here: behind a dot stands a key of letters, digits and '_' alone"
    return fail(chain.place, message, f"write {chain.meant}")


def _text(source: str) -> nodes.Template:
    return nodes.Template([nodes.Output([nodes.TemplateData(source)], lineno=Position(1, 0))], lineno=Position(1, 0))


def _is_lone(tree: nodes.Template) -> bool:
    match tree.body:
        case [nodes.Output(nodes=[expression])]:
            return not isinstance(expression, nodes.TemplateData)
    return False


_DEEPEST = 60
_MOST_LOOPS = 15
"""Nodes and loops within one another. Compiled to Python they become parentheses, of which 200, and blocks, of which 20 may nest."""


def _too_deep(tree: nodes.Template) -> TemplateError | None:
    waiting: list[tuple[nodes.Node, int, int]] = [(tree, 0, 0)]
    while waiting:
        node, depth, loops = waiting.pop()
        loops += isinstance(node, nodes.For)
        if depth > _DEEPEST or loops > _MOST_LOOPS:
            return fail(node, f"the template nests too deeply: at most {_DEEPEST} parts and {_MOST_LOOPS} loops within one another")
        waiting += [(child, depth + 1, loops) for child in node.iter_child_nodes()]
    return None


def together(faults: Iterable[TemplateError]) -> TemplateError:
    """The first of them, which knows of the others."""
    first, *others = (each for fault in faults for each in (fault, *fault.others))
    error = copy.copy(first)
    error.others = tuple(others)
    return error


def fail(
    node: nodes.Node | Position, message: str, suggestion: str | None = None, kind: type[TemplateError] = TemplateError
) -> TemplateError:
    """The error at a node's place."""
    place = place_of(node) if isinstance(node, nodes.Node) else node
    return kind(message, line=int(place) - 1, column=place.column, suggestion=suggestion)


def _own(node: nodes.Node) -> Position:
    """Where a filter or a test is named, rather than where its expression begins."""
    return node.lineno if isinstance(node.lineno, Position) else Position(node.lineno, 0)


def _printed_raw(tree: nodes.Template) -> Iterator[Use | TemplateError]:
    """Where `| raw` is used: as the last filter of a printed value, and nowhere else."""
    printed = [node for output in tree.find_all(nodes.Output) for node in output.nodes if is_raw(node)]
    known = {id(node) for node in printed}
    for node in tree.find_all(nodes.Filter):
        if node.name == RAW and id(node) not in known:
            yield fail(_own(node), "`raw` comes last inside {{ }}: it marks what is printed as it stands")
        elif node.name == RAW and (node.args or node.kwargs):
            yield fail(_own(node), "`raw` takes nothing")
    for use in printed:
        yield Use(int(place_of(use)) - 1, place_of(use).column)


def _check(node: nodes.Node) -> Iterator[TemplateError]:
    tag = _REFUSED.get(type(node))
    if tag is not None:
        yield fail(node, f"{{% {tag} %}} is not for templates of rules", "they know {{ }}, {% if %}, {% for %} and {% set name = value %}")
        return
    match node:
        case nodes.For(recursive=True):
            yield fail(node, "a recursive {% for %} is not for templates of rules")
        case nodes.Assign() if not isinstance(node.target, nodes.Name):
            yield fail(node, "{% set %} names one value: {% set name = value %}")
        case nodes.Filter() if node.name != RAW and node.name not in ENVIRONMENT.filters:
            yield _unknown(node, "filter", (*ENVIRONMENT.filters, RAW))
        case nodes.Test() if node.name not in ENVIRONMENT.tests:
            yield _unknown(node, "test", ENVIRONMENT.tests)
        case nodes.Call():
            yield from _check_call(node)
    for child in node.iter_child_nodes():
        yield from _check(child)


def _unknown(node: nodes.Filter | nodes.Test, what: str, known: object) -> TemplateError:
    found = nearest(node.name, known)  # type: ignore[arg-type]
    return fail(_own(node), f"there is no {what} {node.name!r}", f"did you mean {found}?" if found else None)


def _check_call(node: nodes.Call) -> Iterator[TemplateError]:
    match node.node:
        case nodes.Name(name="range") | nodes.Getattr(node=nodes.Name(name="loop"), attr="cycle" | "changed"):
            pass
        case nodes.Getattr(attr=method):
            use = f"write | {method}" if method in ENVIRONMENT.filters else "a filter may do it"
            yield fail(node.node, f"templates call no methods, and .{method}() is one", use)
        case nodes.Name(name=name):
            yield fail(node.node, f"there is no function {name}()", f"write | {name}" if name in ENVIRONMENT.filters else None)
        case _:
            yield fail(node, "templates call no functions but range()")
