"""Group commit: whoever commits takes all writes that wait, runs them in one transaction, and answers after its commit.

That is a thread of its own, or better someone who is there anyway, since handing over to another thread and back costs as much as a small
write: the first of those who wait for their writes, who commits for the others, too; or an event loop that hands in, where nobody else
writes, for all that some turns of it have gathered. The loop does not wait for the disk: that is another thread's, and the answers with it.
"""

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from typing import Any, Generic, Protocol, TypeVar

from hookrules.engine.errors import JournalError
from hookrules.engine.journal.answer import Answer
from hookrules.engine.journal.syncing import Syncer

Connection = TypeVar("Connection")
Connection_co = TypeVar("Connection_co", covariant=True)
Result = TypeVar("Result")
Item = TypeVar("Item")

MAX_BATCH = 256
"""Writes in one transaction: bounds how long the first of them waits for the last."""
_MOST_TURNS, _IDLE_TURNS = 16, 2
"""Of an event loop, that writes are gathered for at most, and how many in a row that bring none end it: a commit and its sync cost as much
as several small writes. A turn takes one new connection, so that several turns may pass between the deliveries of two.
"""
_SOON, _LATER = 10, 20
"""How often an event loop asks again for a store that another uses: first in its next turns, since small writes are over at once, then
after a pause each time.
"""
_PAUSE = 0.001
"""Seconds."""


class Store(Protocol[Connection_co]):
    """Where the transactions happen. Used by one at a time."""

    @property
    def connection(self) -> Connection_co: ...

    def begin(self) -> None:
        """Start a transaction that may write. Raises where the store can't be written now."""

    def try_begin(self) -> bool:
        """As `begin`, and False at once where another writes. What is committed then is on disk after the next `sync`."""

    def commit(self) -> None:
        """After `begin` it is on disk when this returns."""

    def sync(self) -> None:
        """In any thread, beside whatever else happens. Raises where the disk fails."""

    def rollback(self) -> None:
        """Undo the transaction, where there is one. Never raises."""

    def settle(self) -> None:
        """Called between transactions, after the answers are out: the place for housekeeping. Never raises."""

    def unsettled(self) -> bool:
        """Whether there is something for `settle`."""

    def told(self, error: Exception) -> JournalError:
        """The error in words for a person."""

    def close(self) -> None: ...


class Committer(Generic[Connection]):
    """Takes writes from any thread. A write is a function of the connection; a `JournalError` that it raises means that it has
    written nothing and is its answer. Any other exception undoes the transaction, and each of its writes is tried alone.

    Every statement gives the interpreter's lock away and waits to have it back, so that many small writes of one kind are better made one.
    """

    def __init__(self, store: Store[Connection], name: str) -> None:
        self._store = store
        self._queue: queue.SimpleQueue[_Handed[Connection] | None] = queue.SimpleQueue()
        self._using = threading.Lock()
        """Held by whoever uses the store."""
        self._attended: deque[_Handed[Connection]] = deque()
        """Writes whose threads wait for `_using`."""
        self._gathered: list[_Handed[Connection]] = []
        """In these turns of the event loop."""
        self._gathering: asyncio.AbstractEventLoop | None = None
        """The loop that has been asked to commit them."""
        self._syncer = Syncer(store.sync, name=f"{name}-sync")
        self._closing = False
        self._ended = False
        self.commits = 0
        """Transactions committed so far."""
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def perform(self, write: Callable[[Connection], Result]) -> Result:
        """Do a write, and return once the commit that holds it has. Raises JournalError."""
        handed: _Handed[Connection] = _Handed(write)
        self._attended.append(handed)
        with self._using:
            while self._attended and not handed.answer.given():  # by one who came before
                self._commit_attended()
        result: Result = handed.answer.result()
        return result

    def _commit_attended(self) -> None:
        batch = [self._attended.popleft() for _ in range(min(len(self._attended), MAX_BATCH))]
        if self._ended:
            _refuse(batch, "the journal is closed")
            return
        try:
            self._commit_together(batch)
        except BaseException:  # a signal's, in the thread that it is raised in
            self._store.rollback()
            _refuse([handed for handed in batch if not handed.answer.given()], "the write was interrupted")
            raise
        self._have_settled()

    def _have_settled(self) -> None:
        """By the thread, where there is something to settle."""
        if self._store.unsettled():
            self._queue.put(_nothing())

    def submit(self, write: Callable[[Connection], Result]) -> Answer[Result]:
        """Hand in a write; it is answered once the commit that holds it has returned."""
        return self._hand_in(_Handed(write))

    def submit_alike(self, write: "Together[Connection, Item, Result]", item: Item) -> Answer[Result]:
        """Hand in an item of a write that takes many, with an answer for each; those that wait are written by one call of it.

        Unlike a write that `submit` takes, it may not raise JournalError for having written nothing. In an event loop the answer comes in
        a later turn of it, so that it has to be awaited there and not waited for.
        """
        handed: _Handed[Connection] = _Handed(write, (item,))
        loop = _running_loop()
        if loop is None:
            return self._hand_in(handed)
        self._gathered.append(handed)
        if self._gathering is not loop:
            self._gathering = loop
            loop.call_soon(self._gather, loop)
        return handed.answer

    def _hand_in(self, handed: "_Handed[Connection]") -> Answer[Any]:
        self._queue.put(handed)
        if self._ended:
            self._refuse_the_rest()
        return handed.answer

    def close(self) -> None:
        """Finish what was handed in, end the thread and close the store."""
        if not self._closing:
            self._closing = True
            self._hand_in_gathered()  # of a loop that has ended
            self._queue.put(None)
        self._thread.join()

    def _gather(self, loop: asyncio.AbstractEventLoop, before: int = 0, turns: int = 1, idle: int = 0) -> None:
        """At the end of a turn of the event loop: the next may bring more."""
        gathered = len(self._gathered)
        idle = 0 if gathered > before else idle + 1
        if turns < _MOST_TURNS and idle < _IDLE_TURNS and gathered < MAX_BATCH:
            loop.call_soon(self._gather, loop, gathered, turns + 1, idle)
        else:
            self._commit_gathered(loop)

    def _commit_gathered(self, loop: asyncio.AbstractEventLoop, asked: int = 0) -> None:
        """In the event loop. Where another uses the store it is asked again, some times, since mostly that is over at
        once; what can't be done then is the thread's, with all its patience."""
        if self._using.acquire(blocking=False):
            try:
                done = self._committed_at_once(self._gathered[:MAX_BATCH])
            finally:
                self._using.release()
        else:
            done = None
        if done is None and asked < _SOON + _LATER and not self._closing:
            again = loop.call_soon if asked < _SOON else partial(loop.call_later, _PAUSE)
            again(self._commit_gathered, loop, asked + 1)
            return
        if done:
            del self._gathered[:MAX_BATCH]
        else:
            self._hand_in_gathered()
        self._gathering = loop if self._gathered else None
        if self._gathered:
            loop.call_soon(self._commit_gathered, loop)

    def _hand_in_gathered(self) -> None:
        batch, self._gathered = self._gathered, []
        for handed in batch:
            self._hand_in(handed)

    def _committed_at_once(self, batch: "Sequence[_Handed[Connection]]") -> bool | None:
        """None where another uses the store."""
        try:
            self._syncer.start()
            if not self._store.try_begin():
                return None
            answers = _answers(batch, self._store.connection)
            self._store.commit()
        except Exception:  # noqa: BLE001 - the thread meets it again, and tells those who wait
            self._store.rollback()
            return False
        self.commits += 1
        self._syncer.add(partial(self._synced, batch, answers))
        self._have_settled()
        return True

    def _synced(self, batch: "Sequence[_Handed[Connection]]", answers: Sequence[Any], error: Exception | None) -> None:
        if error is not None:
            self._fail(batch, error)
        else:
            _give(batch, answers)

    def _work(self) -> None:
        open_for_more = True
        while open_for_more:
            batch = self._next_batch()
            open_for_more = None not in batch
            with self._using:
                self._commit_together([handed for handed in batch if handed is not None and not handed.answer.given()])
                self._store.settle()
        with self._using:
            while self._attended:
                self._commit_attended()
            self._syncer.close()
            self._store.close()
            self._ended = True
        self._refuse_the_rest()

    def _next_batch(self) -> list["_Handed[Connection] | None"]:
        batch = [self._queue.get()]
        while len(batch) < MAX_BATCH and not self._queue.empty():
            batch.append(self._queue.get())
        return batch

    def _commit_together(self, batch: Sequence["_Handed[Connection]"]) -> None:
        if not batch:
            return
        try:
            self._store.begin()
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            self._fail(batch, error)
            return
        try:
            answers = _answers(batch, self._store.connection)
            self._store.commit()
        except Exception as error:  # noqa: BLE001
            self._store.rollback()
            self._commit_apart(batch, error)
            return
        self.commits += 1
        _give(batch, answers)

    def _commit_apart(self, batch: Sequence["_Handed[Connection]"], error: Exception) -> None:
        if len(batch) == 1:
            self._fail(batch, error)
            return
        for handed in batch:
            self._commit_together([handed])

    def _fail(self, batch: Sequence["_Handed[Connection]"], error: Exception) -> None:
        for handed in batch:
            told = self._store.told(error)
            told.__cause__ = error
            handed.answer.fail(told)

    def _refuse_the_rest(self) -> None:
        while True:
            try:
                handed = self._queue.get_nowait()
            except queue.Empty:
                return
            if handed is not None:
                _refuse([handed], "the journal is closed")


Together = Callable[[Connection, Sequence[Item]], Sequence[Result]]


class _Handed(Generic[Connection]):
    """One write and its answer to come. `items` is its one item, where it is a write that takes many."""

    __slots__ = ("answer", "items", "write")

    def __init__(self, write: Callable[..., Any], items: tuple[Any, ...] | None = None) -> None:
        self.write = write
        self.items = items
        self.answer: Answer[Any] = Answer()

    def kind(self) -> object:
        """The same for neighbours that are written together."""
        return self if self.items is None else self.write

    def give(self, answer: Any) -> None:
        if isinstance(answer, JournalError):
            self.answer.fail(answer)
        else:
            self.answer.give(answer)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _nothing() -> _Handed[Any]:
    """What wakes the thread, so that it settles."""
    handed: _Handed[Any] = _Handed(lambda _connection: None)
    handed.answer.give(None)
    return handed


def _give(batch: Sequence[_Handed[Any]], answers: Sequence[Any]) -> None:
    for handed, answer in zip(batch, answers, strict=True):
        handed.give(answer)


def _refuse(batch: Sequence[_Handed[Any]], why: str) -> None:
    for handed in batch:
        handed.answer.fail(JournalError(why))


def _answers(batch: "Sequence[_Handed[Connection]]", connection: Connection) -> list[Any]:
    answers: list[Any] = []
    for _, alike in groupby(batch, key=_Handed.kind):
        first, *others = alike
        if first.items is None:
            answers.append(_attempt(first.write, connection))
        else:
            answers += first.write(connection, [item for handed in (first, *others) for item in handed.items or ()])
    if len(answers) != len(batch):
        raise ValueError(f"{len(batch)} writes gave {len(answers)} answers")
    return answers


def _attempt(write: Callable[[Connection], Result], connection: Connection) -> Result | JournalError:
    try:
        return write(connection)
    except JournalError as refusal:
        return refusal
