"""What may stand at each place of a payload: the kinds of value, the members of objects, the elements of lists."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One place. Without `kinds` nothing is known of it."""

    kinds: frozenset[str] = frozenset()
    """In the words of conditions: text, number, boolean, null, list, object."""
    members: Mapping[str, "Shape"] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    """The members that are not always there."""
    elements: "Shape | None" = None
    """What a list holds."""
    open: bool = False
    """Whether an object may have members of any other name."""
    values: frozenset[str] = frozenset()
    """The only texts that it may be; none where it may be any."""


ANYTHING: Final = Shape()


def union(shapes: Iterable[Shape]) -> Shape:
    """What is of one of these shapes. Nothing is known of it where nothing is known of one of them."""
    distinct = tuple(dict.fromkeys(shapes))
    if len(distinct) == 1:
        return distinct[0]
    if not all(shape.kinds for shape in distinct):
        return ANYTHING
    elements = [shape.elements for shape in distinct if shape.elements]
    texts = [shape.values for shape in distinct if "text" in shape.kinds]
    return Shape(
        frozenset().union(*(shape.kinds for shape in distinct)),
        {name: union(_members(distinct, name)) for name in dict.fromkeys(name for shape in distinct for name in shape.members)},
        _optional(distinct),
        union(elements) if elements else None,
        any(shape.open for shape in distinct),
        frozenset().union(*texts) if all(texts) else frozenset(),
    )


def _members(shapes: Iterable[Shape], name: str) -> list[Shape]:
    return [shape.members[name] for shape in shapes if name in shape.members]


def _optional(shapes: Iterable[Shape]) -> frozenset[str]:
    objects = [shape for shape in shapes if "object" in shape.kinds]
    names = {name for shape in objects for name in shape.members}
    return frozenset(name for name in names if any(name not in shape.members or name in shape.optional for shape in objects))
