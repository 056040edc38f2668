"""The text of a template → Jinja's tree, held to what templates may do, and what it says without being rendered."""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.parser import Parser

from hookrules.engine.errors import TemplateError
from hookrules.engine.templating.environment import ENVIRONMENT
from hookrules.engine.templating.filters import RAW
from hookrules.engine.templating.generator import is_raw, place_of
from hookrules.engine.templating.missing import nearest
from hookrules.engine.templating.names import Reference, references
from hookrules.engine.templating.positions import Position
from hookrules.engine.templating.quick_parsing import quick

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
_TAGS = ("if", "elif", "else", "endif", "for", "endfor", "set", "raw", "endraw")


@dataclass(frozen=True, slots=True)
class Use:
    """A place inside a template's text, counted from 0; `leaf` as in `Reference`."""

    line: int
    column: int
    leaf: tuple[str | int, ...] = ()


@dataclass(frozen=True)
class Parsed:
    """What a template tells, and its tree, which is made when first asked for: most places never ask."""

    grow: Callable[[], nodes.Template]
    lone: bool
    """Whether the template is one expression and nothing else, so that its value can keep its type."""
    references: tuple[Reference, ...] = ()
    raw_uses: tuple[Use, ...] = ()

    @functools.cached_property
    def tree(self) -> nodes.Template:
        return self.grow()


def is_plain(source: str) -> bool:
    """Whether the text has nothing to fill in."""
    return "{" not in source or _MARKS.search(source) is None


@functools.lru_cache(maxsize=4096)
def parse(source: str) -> Parsed:
    """Read and check a template. Raises TemplateError."""
    if is_plain(source):
        return Parsed(lambda: _text(source), lone=False)
    found = quick(source)
    if found is not None:
        return Parsed(found.tree, found.lone, found.references())
    tree = _tree(source)
    raw_uses = tuple(_printed_raw(tree))
    _check(tree)
    return Parsed(lambda: tree, _is_lone(tree), tuple(references(tree)), raw_uses)


def _text(source: str) -> nodes.Template:
    return nodes.Template([nodes.Output([nodes.TemplateData(source)], lineno=Position(1, 0))], lineno=Position(1, 0))


def _is_lone(tree: nodes.Template) -> bool:
    match tree.body:
        case [nodes.Output(nodes=[expression])]:
            return not isinstance(expression, nodes.TemplateData)
    return False


def _tree(source: str) -> nodes.Template:
    try:
        return Parser(ENVIRONMENT, source).parse()
    except TemplateSyntaxError as error:
        raise _syntax(error, source) from None
    except RecursionError:
        raise TemplateError("the template nests too deeply") from None


def _syntax(error: TemplateSyntaxError, source: str) -> TemplateError:
    message = str(error.message or "this is no template").rstrip(".")
    suggestion = None
    if "unknown tag" in message.lower():
        message = message.split(". ")[0].replace("Encountered", "an")
        suggestion = f"templates know {', '.join(f'{{% {tag} %}}' for tag in ('if', 'for', 'set', 'raw'))}"
    elif "comment" in message and "${#" in source:
        suggestion = "{# begins a comment of the template; write {% raw %}${#…}{% endraw %}"
    elif "{{." in source or "{{ ." in source:
        suggestion = "where {{ }} is another program's, write {% raw %}{{.Name}}{% endraw %}"
    return TemplateError(message, line=max(int(error.lineno) - 1, 0), column=getattr(error.lineno, "column", 0), suggestion=suggestion)


def fail(
    node: nodes.Node | Position, message: str, suggestion: str | None = None, kind: type[TemplateError] = TemplateError
) -> TemplateError:
    """The error at a node's place."""
    place = place_of(node) if isinstance(node, nodes.Node) else node
    return kind(message, line=int(place) - 1, column=place.column, suggestion=suggestion)


def _own(node: nodes.Node) -> Position:
    """Where a filter or a test is named, rather than where its expression begins."""
    return node.lineno if isinstance(node.lineno, Position) else Position(node.lineno, 0)


def _printed_raw(tree: nodes.Template) -> list[Use]:
    """Where `| raw` is used: as the last filter of a printed value, and nowhere else."""
    printed = [node for output in tree.find_all(nodes.Output) for node in output.nodes if is_raw(node)]
    known = {id(node) for node in printed}
    for node in tree.find_all(nodes.Filter):
        if node.name == RAW and id(node) not in known:
            raise fail(_own(node), "`raw` comes last inside {{ }}: it marks what is printed as it stands")
        if node.name == RAW and (node.args or node.kwargs):
            raise fail(_own(node), "`raw` takes nothing")
    return [Use(int(place_of(node)) - 1, place_of(node).column) for node in printed]


def _check(node: nodes.Node) -> None:
    tag = _REFUSED.get(type(node))
    if tag is not None:
        raise fail(node, f"{{% {tag} %}} is not for templates of rules", "they know {{ }}, {% if %}, {% for %} and {% set name = value %}")
    match node:
        case nodes.For(recursive=True):
            raise fail(node, "a recursive {% for %} is not for templates of rules")
        case nodes.Assign() if not isinstance(node.target, nodes.Name):
            raise fail(node, "{% set %} names one value: {% set name = value %}")
        case nodes.Filter() if node.name != RAW and node.name not in ENVIRONMENT.filters:
            raise _unknown(node, "filter", (*ENVIRONMENT.filters, RAW))
        case nodes.Test() if node.name not in ENVIRONMENT.tests:
            raise _unknown(node, "test", ENVIRONMENT.tests)
        case nodes.Call():
            _check_call(node)
    for child in node.iter_child_nodes():
        _check(child)


def _unknown(node: nodes.Filter | nodes.Test, what: str, known: object) -> TemplateError:
    found = nearest(node.name, known)  # type: ignore[arg-type]
    return fail(_own(node), f"there is no {what} {node.name!r}", f"did you mean {found}?" if found else None)


def _check_call(node: nodes.Call) -> None:
    match node.node:
        case nodes.Name(name="range"):
            return
        case nodes.Getattr(node=nodes.Name(name="loop"), attr="cycle" | "changed"):
            return
        case nodes.Getattr(attr=method):
            use = f"write | {method}" if method in ENVIRONMENT.filters else "a filter may do it"
            raise fail(node.node, f"templates call no methods, and .{method}() is one", use)
        case nodes.Name(name=name):
            raise fail(node.node, f"there is no function {name}()", f"write | {name}" if name in ENVIRONMENT.filters else None)
    raise fail(node, "templates call no functions but range()")
