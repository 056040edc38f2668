"""What other packages bring: entry points of `hookrules.actions` (a kind) and `hookrules.services` (a section of hookrules.yaml).

They are looked up when something first asks for a name that hookrules does not have itself, and imported when that name is used.
"""

import functools
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

from hookrules.engine.errors import HookrulesError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ACTIONS = "hookrules.actions"
SERVICES = "hookrules.services"
_WHAT = {ACTIONS: "action", SERVICES: "section"}
_NAME = re.compile(r"[a-z][a-z0-9_]*")
Model = TypeVar("Model")


class UnusablePackage(HookrulesError):
    """What another package brings can't be used."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One entry point."""

    entry: "EntryPoint"

    @property
    def package(self) -> str:
        """Its name and version, as pip has them."""
        return f"{self.entry.dist.name} {self.entry.dist.version}" if self.entry.dist else "an unnamed package"

    def __str__(self) -> str:
        return f"{_WHAT[self.entry.group]} '{self.entry.name}' of package {self.package}"


@functools.cache
def offers(group: str) -> Mapping[str, tuple[Offer, ...]]:
    """A name → who offers it. The first look at what is installed takes some 10 ms."""
    from importlib.metadata import entry_points

    found: dict[str, tuple[Offer, ...]] = {}
    for entry in entry_points(group=group):
        found[entry.name] = (*found.get(entry.name, ()), Offer(entry))
    return found


def usable(group: str, taken: Collection[str]) -> Mapping[str, Offer]:
    """Those of which one package has the name, and hookrules has not."""
    return {name: found[0] for name, found in offers(group).items() if _refusal(name, found, taken) is None}


def refusals(group: str, taken: Collection[str]) -> list[str]:
    """Why the others are not used, each in a sentence."""
    found = (_refusal(name, each, taken) for name, each in offers(group).items())
    return [told for told in found if told is not None]


def _refusal(name: str, found: tuple[Offer, ...], taken: Collection[str]) -> str | None:
    if name in taken:
        return f"{found[0]} is not used: hookrules has that name itself"
    if _NAME.fullmatch(name) is None:
        return f"{found[0]} is not used: a name is small letters, digits and '_'"
    if len(found) > 1:
        return f"{found[0]} is not used: {found[1].package} brings one of that name, too; uninstall one of them"
    return None


def model(offer: Offer, base: type[Model]) -> type[Model]:
    """The class behind it, imported. Raises UnusablePackage."""
    found = _imported(offer)
    why = found if isinstance(found, str) else _unfit(offer, found, base)
    if why is not None:
        raise UnusablePackage(f"{offer} can't be used: {why}")
    return cast("type[Model]", found)


@functools.cache
def _imported(offer: Offer) -> object:
    """What the entry point names, or in a text why that can't be had: a module that failed is not run again by each rule that names it."""
    try:
        return offer.entry.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001  a stranger's module may raise anything
        return f"importing it fails with {type(error).__name__}: {error}"


def _unfit(offer: Offer, found: object, base: type[object]) -> str | None:
    """Why this is not what such an entry point names."""
    if not isinstance(found, type) or not issubclass(found, base):
        return f"{offer.entry.value} is no subclass of hookrules.actions.{base.__name__}"
    said = getattr(found, "kind", None) if offer.entry.group == ACTIONS else offer.entry.name
    return None if said == offer.entry.name else f"the 'kind' of {offer.entry.value} is {said!r}"
