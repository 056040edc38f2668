import os

from hookrules.engine.runs.slots import Slots


def test_runs_of_the_worker_before_count_for_the_next_until_they_have_ended() -> None:
    first = Slots()
    second = first.following()
    first.hold(3)
    assert (second.held_by_others(), first.held_by_others()) == (3, 0)
    second.hold(2)
    assert first.held_by_others() == 2
    assert second.following().held_by_others() == 5
    first.hold(0)
    assert second.held_by_others() == 0


def test_a_worker_that_died_holds_nothing() -> None:
    slots = Slots()
    child = os.fork()
    if not child:
        slots.hold(4)
        os._exit(0)
    os.waitpid(child, 0)
    assert slots.following().held_by_others() == 0


def test_generations_without_end_fit() -> None:
    slots = Slots()
    for _ in range(1000):
        slots = slots.following()
        slots.hold(1)
    assert slots.held_by_others() < 1000
