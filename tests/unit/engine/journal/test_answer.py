import threading

import pytest

from hookrules.engine.journal import Answer


def test_whoever_asks_waits_until_it_is_given() -> None:
    answer: Answer[str] = Answer()
    told: list[str] = []
    asking = [threading.Thread(target=lambda: told.append(answer.result())) for _ in range(5)]
    for each in asking:
        each.start()
    assert not answer.given()
    answer.give("written")
    for each in asking:
        each.join()
    assert told == ["written"] * 5
    assert answer.result() == "written"
    assert answer.error() is None


def test_an_error_is_raised_for_everyone_who_asks() -> None:
    answer: Answer[str] = Answer.failed(ValueError("full"))
    for _ in range(2):
        with pytest.raises(ValueError, match="full"):
            answer.result()
    assert str(answer.error()) == "full"


def test_whoever_wants_to_be_told_is_told_once_before_and_after() -> None:
    answer: Answer[int] = Answer()
    told: list[tuple[str, int]] = []
    answer.when_given(lambda given: told.append(("before", given.result())))
    assert told == []
    answer.give(1)
    answer.when_given(lambda given: told.append(("after", given.result())))
    assert told == [("before", 1), ("after", 1)]
