"""What a step can do: one module a kind, named here and nowhere else. A kind is imported when a rule first uses it."""

import difflib
import importlib
from typing import cast

from hookrules.actions.action import Action, Call, Names, Surroundings
from hookrules.engine.errors import HookrulesError

KINDS = {
    "shell": "hookrules.actions.shell:ShellAction",
    "http": "hookrules.actions.http_request:HttpAction",
    "log": "hookrules.actions.log:LogAction",
}


class UnknownKind(HookrulesError):
    """No action has this name. `suggestion` is the one that was probably meant."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no action {name!r}; known are {', '.join(KINDS)}")
        found = difflib.get_close_matches(name, KINDS, n=1)
        self.suggestion = f"did you mean {found[0]}?" if found else None


def kinds() -> tuple[str, ...]:
    """The names of all kinds, as they stand in YAML."""
    return tuple(KINDS)


def kind(name: str) -> type[Action]:
    """The model of a kind. Raises UnknownKind."""
    if name not in KINDS:
        raise UnknownKind(name)
    module, _, model = KINDS[name].partition(":")
    return cast("type[Action]", getattr(importlib.import_module(module), model))


__all__ = ["KINDS", "Action", "Call", "Names", "Surroundings", "UnknownKind", "kind", "kinds"]
