"""The server is killed again and again, and nothing that it acknowledged is lost or doubled."""

import random
from pathlib import Path

import pytest
from serving import hookrules
from support_torture import Torture

DELIVERIES = 2000
KILLS = 30


@pytest.fixture
def seed() -> int:
    """Printed, so that a failure can be tried again with it; the machine's own timing is never the same."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    return seed


def test_nothing_acknowledged_is_lost_or_doubled_however_often_the_server_is_killed(tmp_path: Path, seed: int) -> None:
    torture = Torture(tmp_path, DELIVERIES, KILLS, seed)
    torture.run()
    print(dict(torture.struck), torture.seconds, len(torture.interrupted), "steps interrupted", dict(torture.refused))
    assert torture.faults() == []
    assert torture.struck.total() >= KILLS
    assert {sent.number for sent in torture.sent} == set(range(DELIVERIES))
    assert torture.interrupted, "no kill met a running step"
    assert hookrules(tmp_path, "journal", "check").endswith("all is well\n")
