"""What the configuration asks of a source's deliveries, whoever sends them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hookrules.engine.model import Json
from hookrules.engine.sources.allowed_addresses import AllowedAddresses

Split = Callable[[Json], Sequence[Json] | None]
"""A payload → the payloads of the events that it carries; None where it is one event itself."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`allow_from`, `split`, `dedupe` and `redeliver` of a source."""

    allowed: AllowedAddresses | None = None
    """Where deliveries may come from; None: from anywhere."""
    split: Split | None = None
    drops_repeated_bodies: bool = False
    """Whether a body that came before, under another delivery id, is no event."""
    ignores_redeliveries: bool = False
    """Whether a delivery id that came before starts nothing, also no rule that had no run for it."""


USUAL = Policy()
