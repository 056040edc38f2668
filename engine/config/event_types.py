"""Types of events held against those that their source is known to send."""

import functools
from collections.abc import Collection, Mapping

from hookrules.engine.config.suggestions import closest, one_slip_apart
from hookrules.engine.sources.catalogue import Catalogue

_SURE = 0.85
"""How like a known word an unknown one must be to be meant for it where more than one slip lies between them: catalogues are older than the
newest types, which nobody may be told to be mistaken."""
_SHORTEST = 3
"""Letters of a word that one slip does not make another one."""


def unknown_type(source: str, type_: str) -> str:
    return f"no {source} event is known as '{type_}'"


def pattern_meant(pattern: str, catalogues: Mapping[str, Catalogue]) -> str | None:
    """The pattern that was probably meant, where this one names a type that its source is not known to send."""
    source, _, type_ = pattern.partition(".")
    meant = type_meant(type_, catalogues[source]) if type_ and source in catalogues else None
    return meant and f"{source}.{meant}"


@functools.lru_cache(maxsize=4096)
def type_meant(type_: str, catalogue: Catalogue) -> str | None:
    """The known type that one which is not known was probably meant to be; None where it is known, or like none that is.

    Of what was published it is also known where a type ends (`push.created`). What came says little of that, and as little of names that
    differ in one letter (`door-1`).
    """
    parts, names = type_.split("."), [name.split(".") for name in catalogue.events]
    meant: list[str] = []
    for position, part in enumerate(parts):
        names = [name for name in names if len(name) > position]
        words = {name[position] for name in names} - {"*"}
        if not names and not catalogue.seen:
            break
        word = part if part == "*" or part in words else _near(part, words, slips=not catalogue.seen)
        if word is None:
            meant += parts[position:]
            break
        meant.append(word)
        names = [name for name in names if word in ("*", name[position])]
    return None if meant == parts else ".".join(meant)


def _near(part: str, words: Collection[str], *, slips: bool) -> str | None:
    slipped = [word for word in words if one_slip_apart(part.lower(), word)] if slips and len(part) >= _SHORTEST else []
    return closest(part, sorted(slipped), likeness=0) if slipped else closest(part, sorted(words), _SURE)
