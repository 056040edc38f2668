"""When the journal is tidied, and of what."""

import pytest

from hookrules.engine.config.ruleset import build_rule
from hookrules.engine.config.settings import Retention
from hookrules.engine.journal import Bounds, Mark, Shelf, Tidied
from hookrules.engine.runs.housekeeping import Housekeeping

NOW = 1_700_000_000.0
DAY = 86_400.0


class Journal:
    """Has so many slices, and remembers what it was asked."""

    def __init__(self, slices: int) -> None:
        self.left = slices
        self.asked: list[tuple[Bounds, Mark]] = []

    def tidy(self, bounds: Bounds, mark: Mark) -> Tidied:
        self.asked.append((bounds, mark))
        self.left -= 1
        return Tidied(1, Mark(Shelf.WHOLE, at=float(self.left)) if self.left else None)


def test_slices_come_with_pauses_and_then_there_is_rest() -> None:
    journal = Journal(slices=3)
    keeping = Housekeeping(journal, Retention(), [])
    now, turns = NOW, []
    for _ in range(3):
        keeping.tidy(now)
        keeping.tidy(now)  # a worker's turn may come at any time
        turns.append(keeping.next_due() - now)
        now = keeping.next_due()
    assert [mark for _, mark in journal.asked] == [Mark(), Mark(Shelf.WHOLE, at=2.0), Mark(Shelf.WHOLE, at=1.0)]
    assert turns == pytest.approx([0.02, 0.02, 60.0], abs=1e-3)


def test_a_clock_that_jumps_back_stops_nothing() -> None:
    journal = Journal(slices=9)
    keeping = Housekeeping(journal, Retention(), [])
    keeping.tidy(NOW)
    keeping.tidy(NOW - DAY)
    assert len(journal.asked) == 2


def test_nothing_that_came_is_removed_unless_the_configuration_says_so() -> None:
    journal = Journal(slices=1)
    Housekeeping(journal, Retention(), []).tidy(NOW)
    ((bounds, _),) = journal.asked
    assert (bounds.events, bounds.payloads, bounds.cursors) == (None, None, ())
    assert bounds.outputs == NOW - 3600


def test_moments_follow_from_the_configuration_and_the_rules() -> None:
    parts = [{"on": "lab.a", "by": "$.id"}, {"on": "lab.b", "by": "$.id"}]
    rule = build_rule({"name": "both", "correlate": {"all": parts, "within": "2d"}, "steps": [{"log": "both"}]})
    journal = Journal(slices=1)
    Housekeeping(journal, Retention(events="30d", payloads="7d"), [rule]).tidy(NOW)
    ((bounds, _),) = journal.asked
    assert (bounds.events, bounds.payloads) == (NOW - 30 * DAY, NOW - 7 * DAY)
    assert bounds.partials is not None
    assert NOW - 5 * DAY < bounds.partials < NOW - 4 * DAY
    assert bounds.cursors == ("correlate",)
