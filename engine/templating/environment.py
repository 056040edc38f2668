"""The one Jinja environment of all places: sandboxed, keys before methods, and a missing name is an error that says where it stands."""

import operator
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2.lexer import TokenStream
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import pass_context

from hookrules.engine.errors import TemplateError
from hookrules.engine.templating.filters import FILTERS, TESTS
from hookrules.engine.templating.generator import COUNTED, Generator
from hookrules.engine.templating.missing import Missing, missing_key
from hookrules.engine.templating.positions import positioned
from hookrules.engine.templating.printing import OUTPUT_LIMIT, kind_of, printed

LOOP_FIELDS = frozenset(
    ("cycle", "changed", "depth", "depth0", "first", "index", "index0", "last", "length", "nextitem", "previtem", "revindex", "revindex0")
)
ROUNDS_LIMIT = 200_000
"""How many rounds all loops of one rendering may make together."""
_LARGEST_POWER = 64


@dataclass(frozen=True, slots=True)
class Printed:
    """A value that `{{ }}` prints, as the generated code hands it to the place where it lands."""

    value: Any
    raw: bool = False


class Rendering(Context):
    """One rendering's names, and how many rounds its loops have made."""

    rounds = 0


@pass_context
def counted(context: Rendering, items: Any, written: str) -> Iterator[Any]:
    """A loop's items, with an end to all loops together."""
    if isinstance(items, (str, int, float)) or items is None:
        raise TemplateError(f"{written} is {kind_of(items)}, not a list")
    for item in items:
        context.rounds += 1
        if context.rounds > ROUNDS_LIMIT:
            raise TemplateError(f"the loops of a template make more than {ROUNDS_LIMIT:,} rounds")
        yield item


class Environment(SandboxedEnvironment):
    """See the module. Its code is compiled by `compile` and yields text (as written) and `Printed` values in turn."""

    code_generator_class = Generator
    context_class = Rendering
    intercepted_binops = frozenset({"*", "**", "%"})
    printed = staticmethod(Printed)

    def __init__(self) -> None:
        super().__init__(undefined=Missing, keep_trailing_newline=True, optimized=False, cache_size=0)
        self.filters = {**FILTERS, COUNTED: counted}
        self.tests = dict(TESTS)
        self.globals = {"range": self.globals["range"]}

    def _tokenize(self, source: str, name: str | None, filename: str | None = None, state: str | None = None) -> TokenStream:
        return TokenStream(positioned(self.lexer, source, state), name, filename)

    def present(self, value: Any, line: int, column: int) -> Any:
        """The value, or the error that it is missing."""
        if isinstance(value, Missing):
            raise TemplateError(value.message, line=line - 1, column=column, suggestion=value.nearest)
        return value

    def follow(self, value: Any, key: Any, name: str) -> Any:
        """What `value` holds under `key`: keys of objects, numbers of lists, and nothing of anything else."""
        if isinstance(value, Missing):
            return value.followed(name)
        if isinstance(value, Mapping):
            return _of_mapping(value, key, name)
        if isinstance(value, (list, tuple)):
            return _of_list(value, key, name)
        if isinstance(value, LoopContext) and key in LOOP_FIELDS:
            return getattr(value, key)
        return Missing(name=name, reason=self._no_fields(value, key, name))

    def _no_fields(self, value: Any, key: Any, name: str) -> str:
        if isinstance(value, str):
            use = f"write | {key}" if key in self.filters else "a filter may do it, such as | upper or | length"
            return f"text has no fields; {use}"
        return f"{name.rpartition('.')[0] or name} is {kind_of(value)}"

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.follow(obj, attribute, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        return self.follow(obj, argument, str(argument))

    def joined(self, parts: Iterable[Any]) -> str:
        return "".join(printed(part) for part in parts)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002
        return _bounded_operation(operator, left, right)


def _of_mapping(value: Mapping[Any, Any], key: Any, name: str) -> Any:
    for candidate in (key, str(key)):
        try:
            return value[candidate]
        except (KeyError, TypeError):
            continue
    return missing_key(value, key, name)


def _of_list(value: list[Any] | tuple[Any, ...], key: Any, name: str) -> Any:
    if isinstance(key, int):
        return value[key] if -len(value) <= key < len(value) else Missing(name=name, reason=f"the list has {len(value)} items")
    return Missing(name=name, reason=f"a list has items, not fields; write [0] or | map(attribute={key!r})")


def _bounded_operation(name: str, left: Any, right: Any) -> Any:
    """`*`, `**` and `%`, kept from making something that fills the memory."""
    if name == "%" and isinstance(left, str):
        raise TemplateError("% formats no text; join with ~")
    if name == "**" and abs(right) > _LARGEST_POWER:
        raise TemplateError(f"a power above {_LARGEST_POWER}")
    if name == "*" and _length(left, right) * abs(_number(left, right)) > OUTPUT_LIMIT:
        raise TemplateError(f"a repetition longer than {OUTPUT_LIMIT:,}")
    return {"*": operator.mul, "**": operator.pow, "%": operator.mod}[name](left, right)


def _length(*values: Any) -> int:
    return max((len(value) for value in values if isinstance(value, (str, list, tuple))), default=0)


def _number(*values: Any) -> float:
    return max((value for value in values if isinstance(value, (int, float))), default=0)


ENVIRONMENT = Environment()
