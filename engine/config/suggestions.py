"""What somebody may have meant."""

import difflib
from collections.abc import Iterable


def closest(given: str, known: Iterable[str]) -> str | None:
    """The known word that is most like the given one, if any is; letter case counts little."""
    by_lower = {word.lower(): word for word in known}
    found = difflib.get_close_matches(given.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None
