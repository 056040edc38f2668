"""What is said of a name that there is not."""

from collections.abc import Collection

from hookrules.engine.config.suggestions import closest

_MOST = 10
"""Names that are listed where none is like the one that was asked for."""


def meant(name: str, known: Collection[str]) -> str:
    """Behind "there is no …": what may have been meant, or else what there is."""
    near = closest(name, known)
    if near:
        return f"; did you mean '{near}'?"
    more = f" and {len(known) - _MOST} more" if len(known) > _MOST else ""
    return f"; known: {', '.join(list(known)[:_MOST]) or 'none'}{more}"
