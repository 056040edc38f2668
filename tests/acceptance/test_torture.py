"""Whatever is done to the server again and again, nothing that it acknowledged is lost or doubled."""

import random
from pathlib import Path

import pytest
from serving import CONFIG, hookrules
from support_clocks import Clock
from support_disks import fill, make_room, small_disk
from support_torture import LONG, Torture, wait_until

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
    holds(torture)
    assert torture.struck.total() >= KILLS
    assert torture.interrupted, "no kill met a running step"


def test_a_disk_that_fills_up_again_and_again_is_no_worse(tmp_path: Path, seed: int) -> None:
    def fill_up(torture: Torture) -> None:
        refused = torture.refused[503]
        fill(disk)
        wait_until(lambda: torture.refused[503] > refused or torture.all_delivered(), LONG)
        make_room(disk)
        torture.struck["disk"] += 1

    with small_disk(tmp_path / "disk", 24) as disk:
        torture = Torture(tmp_path, 400, 8, seed, CONFIG.replace("journal.db", "disk/journal.db"), "disk/journal.db")
        torture.run(fill_up)
        holds(torture)
    assert torture.refused[503]
    assert len([line for line in torture.log if '"listening"' in line]) == 1


def test_a_clock_that_jumps_again_and_again_is_no_worse(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    clock = Clock(tmp_path)

    def jump(torture: Torture) -> None:
        clock.set(chance.choice([-86_400.0, -3600.0, -10.0, 0.0, 10.0, 3600.0, 86_400.0]))
        torture.struck["clock"] += 1

    torture = Torture(tmp_path, 400, 20, seed, command=clock.command("serve"))
    torture.run(jump)
    holds(torture)
    assert [line for line in torture.log if "the clock was set" in line]


def holds(torture: Torture) -> None:
    """What has to, whatever was done."""
    print(dict(torture.struck), torture.seconds, len(torture.interrupted), "steps interrupted", dict(torture.refused))
    assert torture.faults() == []
    assert {sent.number for sent in torture.sent} == set(range(torture.deliveries))
    assert hookrules(torture.folder, "journal", "check").endswith("all is well\n")
