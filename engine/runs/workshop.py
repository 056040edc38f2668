"""What the runs of one worker share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hookrules.actions.action import Call, Services, Surroundings
from hookrules.engine.config.ruleset import PlannedStep
from hookrules.engine.journal import Arrival, Journal
from hookrules.engine.model import Emission, Event, Json, Outcome
from hookrules.engine.runs.outputs import Outputs

Perform = Callable[[PlannedStep, Call, Surroundings], Outcome]
"""What is done about a step's call once its templates are filled in."""


def perform(plan: PlannedStep, call: Call, surroundings: Surroundings) -> Outcome:
    """Does it."""
    del plan
    return call.perform(surroundings)


@dataclass(frozen=True, slots=True)
class Workshop:
    journal: Journal
    folder: Path
    secrets: Mapping[str, str]
    mask: Callable[[Json], Json]
    clock: Callable[[], float]
    random: Callable[[], float]
    log: Callable[[str, str], None]
    emit: Callable[[Emission, Event, str], Arrival]
    """An emission, the run's event and a delivery id → the event to write."""
    outputs: Outputs
    services: Services = field(default_factory=dict)
    console_url: str | None = None
    """Where people reach the console from outside, as far as that is known."""
    perform: Perform = perform
    """`describing` instead does nothing but say what would be done."""
