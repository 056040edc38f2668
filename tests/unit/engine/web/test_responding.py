"""What a request that waits for its run is told, over a journal at which no worker works."""

import asyncio
from collections.abc import Iterator

import pytest
from support_journal import NOW, claim, claim_one, event

from hookrules.engine.errors import JournalError
from hookrules.engine.journal import Journal
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.model import Group, Match, Mode, Reply, RunState
from hookrules.engine.web.responding import Responses

PATIENCE = 60.0
REPLY = Reply(200, b"done")
LATEST = Match("deploy", "d", group=Group("live", Mode.LATEST))
SKIP = Match("deploy", "d", group=Group("live", Mode.SKIP))


@pytest.fixture
def journal() -> Iterator[Journal]:
    journal = SqliteJournal(None)
    yield journal
    journal.close()


def start(journal: Journal, number: int, match: Match) -> str:
    (receipt,) = journal.accept([(event(f"evt_{number}"), [match])]).result()
    ((_, run_id),) = receipt.runs
    return run_id


def waited_for(journal: Journal, run_id: str, seconds: float = PATIENCE) -> Reply | RunState | None:
    return asyncio.run(Responses(journal).response(run_id, seconds))


def test_a_run_that_is_to_end_without_a_step_is_not_waited_for(journal: Journal) -> None:
    start(journal, 1, SKIP)
    assert waited_for(journal, start(journal, 2, SKIP)) is RunState.SKIPPED


def test_a_run_that_is_replaced_while_it_is_waited_for_is_not_any_longer(journal: Journal) -> None:
    start(journal, 0, LATEST)
    replaced = start(journal, 1, LATEST)

    async def replace_it() -> Reply | RunState | None:
        waiting = asyncio.create_task(Responses(journal).response(replaced, PATIENCE))
        await asyncio.to_thread(start, journal, 2, LATEST)
        return await waiting

    assert asyncio.run(replace_it()) is RunState.SUPERSEDED


class EndsAfterALook(SqliteJournal):
    """Its run ends as soon as someone has looked whether it has."""

    def response(self, run_id: str) -> Reply | None:
        found = super().response(run_id)
        for run in claim(self):
            self.end_run(run, RunState.SUCCEEDED, NOW, response=REPLY)
        return found


def test_what_is_written_right_after_the_first_look_is_seen() -> None:
    journal = EndsAfterALook(None)
    assert waited_for(journal, start(journal, 0, LATEST)) == REPLY
    journal.close()


@pytest.mark.parametrize("reply", [REPLY, None])
def test_what_a_run_answers_counts_and_else_how_it_ended(journal: Journal, reply: Reply | None) -> None:
    run_id = start(journal, 0, LATEST)
    journal.end_run(claim_one(journal), RunState.DEAD, NOW, response=reply)
    assert waited_for(journal, run_id) == (reply or RunState.DEAD)


def test_a_run_whose_key_can_not_be_worked_out_is_waited_for_since_its_failure_may_be_handled(journal: Journal) -> None:
    run_id = start(journal, 0, Match("deploy", "d", fault="payload.name is missing"))
    assert waited_for(journal, run_id, seconds=0.0) is None
    journal.end_run(claim_one(journal), RunState.FAILED, NOW, response=REPLY)
    assert waited_for(journal, run_id) == REPLY


class FailsOnce(SqliteJournal):
    """It can't be read when it is looked at for the second time."""

    looks = 0

    def version(self) -> int:
        self.looks += 1
        if self.looks == 2:
            raise JournalError("it can't be read")
        return super().version()


def test_a_journal_that_can_not_be_read_for_once_keeps_nobody_waiting() -> None:
    journal = FailsOnce(None)
    run_id = start(journal, 0, LATEST)

    async def end_it() -> Reply | RunState | None:
        responses = Responses(journal)
        async with asyncio.timeout(PATIENCE):
            first = asyncio.create_task(responses.response(run_id, PATIENCE))
            while journal.looks < 2:
                await asyncio.sleep(0)
            second = asyncio.create_task(responses.response(run_id, PATIENCE))
            while journal.looks < 3:
                await asyncio.sleep(0)
            await asyncio.to_thread(lambda: journal.end_run(claim_one(journal), RunState.SUCCEEDED, NOW, response=REPLY))
            await first
            return await second

    assert asyncio.run(end_it()) == REPLY
    journal.close()


def test_a_run_that_goes_on_says_nothing_in_time(journal: Journal) -> None:
    assert waited_for(journal, start(journal, 0, LATEST), seconds=0.0) is None
