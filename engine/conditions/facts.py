"""What a condition may ask about: one event, and in a step's `if` also what its run has come to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hookrules.engine.model import Event, Json


@dataclass(frozen=True, slots=True)
class Facts:
    """`payload` answers paths; `event` answers `header.`, `query.`, `event.` and `git.`; `run` holds the roots that only a step knows
    (`steps`, `vars`, `item`, `index`, `run`, `failed`). `now` is the clock of `age()` and `within()`."""

    event: Event
    now: float
    run: Mapping[str, Json] = field(default_factory=dict)

    @property
    def payload(self) -> Json:
        return self.event.payload
