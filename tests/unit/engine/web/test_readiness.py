"""Whether an ingress is ready, over a real journal that others write, too."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from support_front import receiving, request
from support_runs import Clock

from hookrules.engine.errors import JournalError
from hookrules.engine.journal import Answer
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.web.readiness import Readiness


class Asked:
    """A journal that can be taken away, and what an ingress over it says."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._journal = SqliteJournal(path)
        self._clock = Clock()
        self._readiness = Readiness(self._try_writing, self._clock)
        self.tried = 0

    async def _try_writing(self) -> None:
        self.tried += 1
        self._journal.try_writing().result()

    def error(self) -> str | None:
        (error,) = self.errors(1)
        return error

    def errors(self, number: int) -> list[str | None]:
        """Asked at once."""

        async def ask() -> list[str | None]:
            return await asyncio.gather(*(self._readiness.error() for _ in range(number)))

        return asyncio.run(ask())

    def later(self, seconds: float) -> None:
        self._clock.now += seconds

    def failed(self) -> None:
        self._readiness.failed()

    def written(self) -> None:
        self._readiness.written()

    def take_away(self) -> None:
        self._path.rename(self._path.with_suffix(".away"))

    def put_back(self) -> None:
        self._path.with_suffix(".away").rename(self._path)

    def close(self) -> None:
        self._journal.close()


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    asked = Asked(tmp_path / "journal.db")
    yield asked
    asked.close()


def test_it_is_tried_at_the_first_question_and_after_a_second_again(asked: Asked) -> None:
    assert asked.error() is None
    asked.take_away()
    asked.later(1)
    assert "its file was moved" in (asked.error() or "")


def test_who_asks_more_often_makes_no_more_writes(asked: Asked) -> None:
    assert {asked.error() for _ in range(100)} == {None}
    assert asked.tried == 1


def test_whoever_asks_meanwhile_waits_for_the_same_write(asked: Asked) -> None:
    assert set(asked.errors(100)) == {None}
    assert asked.tried == 1


def test_a_delivery_that_was_written_speaks_for_the_next(asked: Asked) -> None:
    asked.written()
    assert (asked.error(), asked.tried) == (None, 0)


def test_a_delivery_that_failed_is_believed_until_a_write_succeeds(asked: Asked) -> None:
    asked.written()
    asked.failed()
    asked.take_away()
    assert asked.error()
    assert asked.error()
    asked.put_back()
    assert asked.error() is None


def test_readyz_goes_by_the_deliveries_as_long_as_they_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Answer[None]:
        return Answer.failed(JournalError("the disk is full"))

    with receiving("sources: {lab: {verify: none}}\n") as receiver:

        def ready() -> int:
            return receiver.raw(request("/readyz", b"", method="GET")).status

        monkeypatch.setattr(receiver.journal, "try_writing", full)
        assert ready() == 503
        assert (receiver.post("/hooks/lab").status, ready()) == (202, 200)
        monkeypatch.setattr(receiver.journal, "accept", full)
        assert (receiver.post("/hooks/lab").status, ready()) == (503, 503)
