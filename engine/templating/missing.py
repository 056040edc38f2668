"""A name that has no value: it may be followed further, tested for, and given a default. All else is an error that names it."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import StrictUndefined
from jinja2.exceptions import TemplateRuntimeError, UndefinedError
from jinja2.utils import missing as absent

_LISTED = 60  # keys longer than this are payload text, not names worth suggesting


class Missing(StrictUndefined):
    """What stands for a missing value while a template renders."""

    __slots__ = ("nearest", "reason")

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = absent,
        name: str | None = None,
        exc: type[TemplateRuntimeError] = UndefinedError,
        *,
        reason: str = "",
        nearest: str | None = None,
    ) -> None:
        super().__init__(hint, obj, name, exc)
        self.reason = reason or hint or ""
        self.nearest = nearest

    @property
    def message(self) -> str:
        if self._undefined_name is None:
            return self.reason or "a value is missing"
        reason = f": {self.reason}" if self.reason else ""
        return f"{self._undefined_name} is missing{reason}"

    def followed(self, written: str) -> "Missing":
        """What lies under a missing value is missing for the same reason."""
        parent = self._undefined_name
        return Missing(name=written, reason=self.reason or f"{parent} has no value", nearest=self.nearest)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was most likely meant to be."""
    names = [text for text in known if isinstance(text, str) and len(text) <= _LISTED]
    found = difflib.get_close_matches(name, names[:1000], n=1, cutoff=0.6)
    return found[0] if found else None


def missing_key(container: Mapping[Any, Any], key: Any, written: str) -> Missing:
    found = nearest(str(key), container)
    if found is None:
        return Missing(name=written)
    if written == str(key):
        return Missing(name=written, nearest=f"did you mean {found}?")
    parent = written.removesuffix(f".{key}").removesuffix(f"[{key!r}]")
    suggestion = f"{parent}.{found}" if found.isidentifier() else f"{parent}[{found!r}]"
    return Missing(name=written, nearest=f"did you mean {suggestion}?")
