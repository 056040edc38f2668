"""Group commit over a store that writes to a list: what is committed together, and who hears of what."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from hookrules.engine.errors import JournalError, LeaseLost
from hookrules.engine.journal.answer import Answer
from hookrules.engine.journal.committer import _IDLE_TURNS, _MOST_TURNS, _SOON, MAX_BATCH, Committer
from hookrules.engine.web.waking import Waking

Pages = list[str]


class ListStore:
    """A transaction appends to `connection`; a commit moves it to `committed`, one list each."""

    def __init__(self) -> None:
        self.connection: Pages = []
        self.committed: list[Pages] = []
        self.broken: set[str] = set()
        self.closed = False
        self.busy: list[bool] = []
        """What is said to those who ask whether they may begin."""
        self.settled = threading.Event()
        self.disk = threading.Event()
        """Set while it takes what it is given."""
        self.disk.set()

    def begin(self) -> None:
        self._may("begin")

    def try_begin(self) -> bool:
        self.begin()
        return not (self.busy and self.busy.pop())

    def commit(self) -> None:
        self._may("commit")
        if self.connection:
            self.committed.append(self.connection.copy())
            self.connection.clear()

    def sync(self) -> None:
        assert self.disk.wait(30)
        self._may("sync")

    def rollback(self) -> None:
        self.connection.clear()

    def settle(self) -> None:
        assert not self.connection
        self.settled.set()

    def unsettled(self) -> bool:
        return not self.settled.is_set()

    def told(self, error: Exception) -> JournalError:
        return JournalError(f"told: {error}")

    def close(self) -> None:
        self.closed = True

    def _may(self, what: str) -> None:
        if what in self.broken:
            raise OSError(f"no {what}")


@pytest.fixture
def store() -> ListStore:
    return ListStore()


@pytest.fixture
def committer(store: ListStore) -> Iterator[Committer[Pages]]:
    made = Committer[Pages](store, "test")
    yield made
    made.close()


class Held:
    """Keeps the committing thread inside a write until released, so that others gather behind it."""

    def __init__(self, committer: Committer[Pages]) -> None:
        self._go, entered = threading.Event(), threading.Event()

        def wait(_pages: Pages) -> None:
            entered.set()
            self._go.wait(30)

        self.answer = committer.submit(wait)
        assert entered.wait(30)

    def release(self) -> None:
        self._go.set()
        self.answer.result()


def append(text: str) -> Callable[[Pages], str]:
    def write(pages: Pages) -> str:
        pages.append(text)
        return text

    return write


def fail(error: Exception) -> Callable[[Pages], None]:
    def write(pages: Pages) -> None:
        pages.append("half a write")
        raise error

    return write


def outcome(answer: Answer[str]) -> str:
    error = answer.error()
    return f"{type(error).__name__}: {error}" if error else answer.result()


def test_all_that_wait_share_one_commit(committer: Committer[Pages], store: ListStore) -> None:
    held = Held(committer)
    answers = [committer.submit(append(str(number))) for number in range(50)]
    held.release()
    assert [outcome(answer) for answer in answers] == [str(number) for number in range(50)]
    assert store.committed == [[str(number) for number in range(50)]]
    assert committer.commits == 2


def test_one_transaction_is_bounded(committer: Committer[Pages], store: ListStore) -> None:
    held = Held(committer)
    answers = [committer.submit(append("x")) for _ in range(MAX_BATCH + 1)]
    held.release()
    assert {outcome(answer) for answer in answers} == {"x"}
    assert [len(pages) for pages in store.committed] == [MAX_BATCH, 1]


def test_a_failing_write_leaves_its_neighbours_and_nothing_of_itself(committer: Committer[Pages], store: ListStore) -> None:
    held = Held(committer)
    answers = [committer.submit(write) for write in (append("a"), fail(TypeError("odd")), append("b"))]
    held.release()
    assert [outcome(answer) for answer in answers] == ["a", "JournalError: told: odd", "b"]
    assert store.committed == [["a"], ["b"]]


def test_a_refused_write_does_not_disturb_the_batch(committer: Committer[Pages], store: ListStore) -> None:
    def refuse(_pages: Pages) -> None:
        raise LeaseLost("gone")

    held = Held(committer)
    answers = [committer.submit(write) for write in (append("a"), refuse, append("b"))]
    held.release()
    assert [outcome(answer) for answer in answers] == ["a", "LeaseLost: gone", "b"]
    assert store.committed == [["a", "b"]]


@pytest.mark.parametrize("fault", ["begin", "commit"])
def test_a_fault_of_the_store_fails_all_that_wait_and_is_over_when_it_is_over(
    committer: Committer[Pages], store: ListStore, fault: str
) -> None:
    held = Held(committer)
    answers = [committer.submit(append(text)) for text in "ab"]
    store.broken.add(fault)
    held._go.set()
    assert [outcome(answer) for answer in answers] == [f"JournalError: told: no {fault}"] * 2
    assert store.committed == []
    store.broken.clear()
    assert outcome(committer.submit(append("c"))) == "c"
    assert store.committed == [["c"]]


def test_nothing_is_answered_before_the_commit(committer: Committer[Pages], store: ListStore) -> None:
    seen: list[list[Pages]] = []
    answer = committer.submit(append("a"))
    answer.when_given(lambda _answer: seen.append(list(store.committed)))
    outcome(answer)
    committer.close()
    assert seen == [[["a"]]]


def test_closing_finishes_what_waits_and_refuses_the_rest(committer: Committer[Pages], store: ListStore) -> None:
    held = Held(committer)
    answers = [committer.submit(append("a")), committer.submit(append("b"))]
    closing = threading.Thread(target=committer.close)
    closing.start()
    held.release()
    closing.join(30)
    assert [outcome(answer) for answer in answers] == ["a", "b"]
    assert store.closed
    assert outcome(committer.submit(append("late"))) == "JournalError: the journal is closed"


def append_all(pages: Pages, texts: Sequence[str]) -> list[str]:
    """A write that takes many; each answer names the thread that wrote."""
    if "odd" in texts and len(texts) > 1:
        raise TypeError("odd")
    pages += texts
    return [threading.current_thread().name] * len(texts)


def from_a_loop(committer: Committer[Pages], *texts: str) -> list[str]:
    """Who wrote them, handed in within one turn of an event loop."""

    async def hand_in() -> list[str]:
        answers = [committer.submit_alike(append_all, text) for text in texts]
        waking = Waking()
        return [await waking.result(answer) for answer in answers]

    return asyncio.run(hand_in())


def test_writes_of_one_kind_that_wait_are_one_write(committer: Committer[Pages], store: ListStore) -> None:
    held = Held(committer)
    answers = [committer.submit_alike(append_all, text) for text in "abc"]
    held.release()
    assert [outcome(answer) for answer in answers] == ["test"] * 3
    assert store.committed == [["a", "b", "c"]]


def test_an_event_loop_commits_by_itself_what_one_turn_has_gathered(committer: Committer[Pages], store: ListStore) -> None:
    assert from_a_loop(committer, "a", "b", "c") == [threading.current_thread().name] * 3
    assert store.committed == [["a", "b", "c"]]
    assert committer.commits == 1


@pytest.mark.parametrize(
    ("writes", "apart", "transactions"),
    [(2, 1, [2]), (_MOST_TURNS + 4, 1, [_MOST_TURNS, 4]), (3, _IDLE_TURNS, [3]), (3, _IDLE_TURNS + 1, [1, 1, 1])],
)
def test_turns_of_a_loop_that_bring_more_are_gathered_some_of_them(
    committer: Committer[Pages], store: ListStore, writes: int, apart: int, transactions: list[int]
) -> None:
    """`apart`: so many turns after the one before."""

    async def hand_in() -> None:
        answers = []
        for _ in range(writes):
            answers.append(committer.submit_alike(append_all, "x"))
            for _ in range(apart):
                await asyncio.sleep(0)
        for answer in answers:
            await Waking().result(answer)

    asyncio.run(hand_in())
    assert [len(pages) for pages in store.committed] == transactions


def test_what_is_left_to_settle_is_not_the_loops(committer: Committer[Pages], store: ListStore) -> None:
    from_a_loop(committer, "a")
    assert store.settled.wait(30)
    assert store.committed == [["a"]]


def test_where_another_writes_the_loop_goes_on_and_asks_again(committer: Committer[Pages], store: ListStore) -> None:
    store.busy = [True] * (_SOON + 2)
    assert from_a_loop(committer, "a", "b") == [threading.current_thread().name] * 2
    assert store.committed == [["a", "b"]]


def test_where_another_writes_for_long_the_thread_waits_for_it(committer: Committer[Pages], store: ListStore) -> None:
    store.busy = [True] * 1000
    assert from_a_loop(committer, "a", "b") == ["test"] * 2


def test_one_transaction_of_a_loop_is_bounded_as_well(committer: Committer[Pages], store: ListStore) -> None:
    store.settled.set()
    from_a_loop(committer, *"x" * (MAX_BATCH + 1))
    assert [len(pages) for pages in store.committed] == [MAX_BATCH, 1]


def test_where_the_thread_is_at_it_the_loop_asks_again(
    committer: Committer[Pages], store: ListStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hookrules.engine.journal.committer._LATER", 10_000)  # however long the thread takes to let go of the store

    async def hand_in() -> str:
        held = Held(committer)
        answer = committer.submit_alike(append_all, "a")
        await asyncio.sleep(0)
        held.release()
        return await Waking().result(answer)

    assert asyncio.run(hand_in()) == threading.current_thread().name
    assert store.committed == [["a"]]


def test_a_failure_in_the_loop_is_told_by_the_thread_that_tries_each_alone(committer: Committer[Pages], store: ListStore) -> None:
    assert from_a_loop(committer, "a", "odd", "b") == ["test"] * 3
    assert store.committed == [["a"], ["odd"], ["b"]]
    store.broken.add("commit")
    with pytest.raises(JournalError, match="told: no commit"):
        from_a_loop(committer, "c")


def test_the_loop_goes_on_while_the_disk_is_slow_and_nothing_is_answered_before(committer: Committer[Pages], store: ListStore) -> None:
    async def story() -> list[str]:
        waking = Waking()
        store.settled.set()
        store.disk.clear()
        first = committer.submit_alike(append_all, "a")
        while not store.committed:
            await asyncio.sleep(0)
        second = committer.submit_alike(append_all, "b")
        while len(store.committed) < 2:
            await asyncio.sleep(0)
        assert not first.given()
        assert not second.given()
        store.disk.set()
        return [await waking.result(first), await waking.result(second)]

    assert asyncio.run(story()) == [threading.current_thread().name] * 2
    assert store.committed == [["a"], ["b"]]


def test_what_could_not_be_synced_is_told(committer: Committer[Pages], store: ListStore) -> None:
    store.settled.set()
    store.broken.add("sync")
    with pytest.raises(JournalError, match="told: no sync"):
        from_a_loop(committer, "a", "b")
    store.broken.clear()
    assert from_a_loop(committer, "c") == [threading.current_thread().name]


def test_what_a_loop_that_has_ended_had_gathered_is_finished(store: ListStore) -> None:
    committer = Committer[Pages](store, "test")
    store.busy = [True] * 1000

    async def hand_in() -> Answer[str]:
        answer = committer.submit_alike(append_all, "a")
        await asyncio.sleep(0)
        return answer

    answer = asyncio.run(hand_in())
    committer.close()
    assert answer.result() == "test"
    assert store.committed == [["a"]]


def test_a_loop_that_has_ended_is_told_nothing_and_keeps_no_one_from_being_told(committer: Committer[Pages], store: ListStore) -> None:
    async def leave() -> None:
        store.disk.clear()
        waiting = asyncio.create_task(Waking().result(committer.submit_alike(append_all, "a")))
        while not store.committed:
            await asyncio.sleep(0)
        waiting.cancel()

    asyncio.run(leave())
    store.disk.set()
    assert from_a_loop(committer, "b") == [threading.current_thread().name]
    assert committer.perform(append("c")) == "c"


def test_a_write_that_leaves_someone_without_an_answer_fails(committer: Committer[Pages], store: ListStore) -> None:
    def forgetful(pages: Pages, texts: Sequence[str]) -> list[str]:
        return append_all(pages, texts)[1:]

    held = Held(committer)
    answers = [committer.submit_alike(forgetful, text) for text in "ab"]
    held.release()
    assert {outcome(answer) for answer in answers} == {"JournalError: told: 1 writes gave 0 answers"}
    assert store.committed == []


class Performing:
    """Threads that do a write each, and wait for it."""

    def __init__(self, committer: Committer[Pages], *writes: Callable[[Pages], object]) -> None:
        self._told: list[str] = [""] * len(writes)
        self._threads = [threading.Thread(target=self._perform, args=(committer, *each)) for each in enumerate(writes)]
        for thread in self._threads:
            thread.start()
        while len(committer._attended) < len(writes):
            pass

    def _perform(self, committer: Committer[Pages], number: int, write: Callable[[Pages], object]) -> None:
        try:
            self._told[number] = str(committer.perform(write))
        except JournalError as error:
            self._told[number] = f"{type(error).__name__}: {error}"

    def told(self) -> list[str]:
        for thread in self._threads:
            thread.join()
        return self._told


def test_whoever_waits_commits_by_itself(committer: Committer[Pages], store: ListStore) -> None:
    assert committer.perform(lambda pages: pages.append("a") or threading.current_thread().name) == threading.current_thread().name
    assert store.committed == [["a"]]
    assert store.settled.wait(30)


def test_the_first_who_waits_commits_for_the_others(committer: Committer[Pages], store: ListStore) -> None:
    held = Held(committer)
    performing = Performing(committer, *(append(str(number)) for number in range(5)))
    held.release()
    assert performing.told() == ["0", "1", "2", "3", "4"]
    assert [sorted(pages) for pages in store.committed] == [["0", "1", "2", "3", "4"]]


def test_who_fails_fails_alone(committer: Committer[Pages], store: ListStore) -> None:
    held = Held(committer)
    performing = Performing(committer, append("a"), fail(TypeError("odd")), append("b"))
    held.release()
    assert performing.told() == ["a", "JournalError: told: odd", "b"]
    assert sorted(store.committed) == [["a"], ["b"]]


def test_a_signal_in_the_middle_of_a_write_leaves_nothing_of_it_and_nobody_waiting(committer: Committer[Pages], store: ListStore) -> None:
    with pytest.raises(KeyboardInterrupt):
        committer.perform(fail(KeyboardInterrupt()))  # type: ignore[arg-type]
    assert committer.perform(append("after")) == "after"
    assert store.committed == [["after"]]


def test_closing_finishes_those_who_wait(committer: Committer[Pages], store: ListStore) -> None:
    held = Held(committer)
    performing = Performing(committer, append("a"), append("b"))
    closing = threading.Thread(target=committer.close)
    closing.start()
    held.release()
    closing.join()
    assert sorted(performing.told()) == ["a", "b"]
    with pytest.raises(JournalError, match="closed"):
        committer.perform(append("late"))
