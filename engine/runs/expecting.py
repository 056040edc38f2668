"""What a run that waits for an event leaves in the journal, so that whoever looks at events can hold them against its condition."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from hookrules.engine.conditions import compile_condition, value_accessor
from hookrules.engine.conditions.condition import FactUse
from hookrules.engine.conditions.facts import Facts
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Event, Expectation, Json


def with_names(expects: Expectation, names: Mapping[str, Json], mask: Callable[[Json], Json], event: Event) -> Expectation:
    """The expectation with what its condition may name, masked: the journal keeps no secret.

    Raises TemplateError where the condition names one: it would be held against its mask.
    """
    if expects.condition is None:
        return expects
    kept = {name: mask(value) for name, value in names.items()}
    for use in compile_condition(expects.condition, in_step=True).references():
        if use.root in names:
            read = value_accessor(_text(use), in_step=True).read
            if read(Facts(event, 0.0, names)) != read(Facts(event, 0.0, kept)):
                raise TemplateError(
                    f"{_text(use)} holds a secret, and the journal keeps none while a run waits; ask in a later step's `if`"
                )
    return replace(expects, names=kept)


def _text(use: FactUse) -> str:
    return f"{use.root}{'.' if use.rest and not use.rest.startswith('[') else ''}{use.rest}"
