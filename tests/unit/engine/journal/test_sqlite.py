"""What only the SQLite journal promises: group commit, faults of the disk, the other process, plans of queries."""

import asyncio
import hashlib
import os
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from support_journal import NOW, accept, claim, event, matches

from hookrules.engine.errors import JournalError
from hookrules.engine.journal import Answer, RunFilter
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.journal.sqlite_file import WAL_BYTES
from hookrules.engine.journal.sqlite_writes import SQL
from hookrules.engine.model import Receipt
from hookrules.engine.web.waking import Waking

BIG = hashlib.shake_256(b"big").digest(300_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[SqliteJournal]:
    opened = SqliteJournal(path, patience=0.05)
    yield opened
    opened.close()


def on_writer(journal: SqliteJournal, statement: str) -> list[Any]:
    return journal._write(lambda connection: connection.execute(statement).fetchall())


def result(answer: Answer[tuple[Receipt, ...]]) -> Receipt:
    (receipt,) = answer.result()
    return receipt


@contextmanager
def writer_held(journal: SqliteJournal) -> Iterator[None]:
    """Keeps the committing thread inside a write, so that others gather behind it."""
    entered, go = threading.Event(), threading.Event()

    def wait(_connection: sqlite3.Connection) -> None:
        entered.set()
        go.wait(30)

    held = journal._committer.submit(wait)
    assert entered.wait(30)
    yield
    go.set()
    held.result()


def test_events_that_wait_together_are_one_commit(journal: SqliteJournal) -> None:
    said: list[str] = []
    journal._write(lambda connection: connection.set_trace_callback(said.append))
    before = journal.commits
    with writer_held(journal):
        answers = [journal.accept([(event(f"evt_{n}"), matches("deploy"))]) for n in range(64)]
    assert [receipt.event_id for answer in answers for receipt in answer.result()] == [f"evt_{n}" for n in range(64)]
    assert journal.commits == before + 2
    assert [line.lower() for line in said].count("commit") == 3  # of setting the callback, of what held, of all others


def test_deliveries_of_one_commit_come_one_after_the_other(journal: SqliteJournal) -> None:
    with writer_held(journal):
        first = journal.accept([(event("evt_1", delivery_id="d"), matches("deploy"))])
        again = journal.accept([(event("evt_2", delivery_id="d"), matches("deploy", "tell"))])
        other_body = journal.accept([(event("evt_3", delivery_id="d", body=b"[]"), matches("deploy", "tell", "sweep"))])
    told = [(receipt.event_id, receipt.known, [rule for rule, _ in receipt.runs]) for receipt in map(result, (first, again, other_body))]
    assert told == [("evt_1", False, ["deploy"]), ("evt_1", True, ["tell"]), ("evt_3", False, ["sweep"])]


def test_every_commit_reaches_the_disk(journal: SqliteJournal) -> None:
    settings = {name: on_writer(journal, f"pragma {name}") for name in ("journal_mode", "synchronous", "fullfsync", "foreign_keys")}
    assert settings == {"journal_mode": [("wal",)], "synchronous": [(2,)], "fullfsync": [(1,)], "foreign_keys": [(1,)]}


@pytest.mark.skipif(sys.platform != "linux", reason="/proc says which file it is")
def test_what_an_event_loop_commits_is_answered_once_its_log_is_on_disk(journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[str, int]] = []

    def fdatasync(fd: int) -> None:
        ((written,),) = journal._reads.read(lambda connection: connection.execute("select count(*) from events").fetchall())
        synced.append((Path(f"/proc/self/fd/{fd}").readlink().name, written))

    async def story() -> str:
        (receipt,) = await Waking().result(journal.accept([(event("evt_1"), [])]))
        return receipt.event_id

    monkeypatch.setattr(os, "fdatasync", fdatasync)
    assert asyncio.run(story()) == "evt_1"
    assert synced == [("journal.db-wal", 1)]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is synced in another way")
def test_nothing_is_acknowledged_behind_what_the_disk_failed_to_take(
    journal: SqliteJournal, path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def failing(_fd: int) -> None:
        raise OSError(5, "Input/output error")

    async def accepted(event_id: str) -> None:
        await Waking().result(journal.accept([(event(event_id), [])]))

    async def story() -> None:
        with monkeypatch.context() as broken:
            broken.setattr(os, "fdatasync", failing)
            with pytest.raises(JournalError, match="Input/output error"):
                await accepted("evt_1")
        await accepted("evt_2")

    asyncio.run(story())
    on_disk = tmp_path / "on_disk.db"
    on_disk.write_bytes(path.read_bytes())
    Path(f"{on_disk}-wal").write_bytes(Path(f"{path}-wal").read_bytes())
    with closing(sqlite3.connect(on_disk)) as after_a_crash:
        assert after_a_crash.execute("select id from events order by seq").fetchall() == [("evt_1",), ("evt_2",)]
    assert b"evt_1" in path.read_bytes()  # and no longer only in the log that may have a hole


def test_where_the_disk_goes_on_failing_nothing_is_taken(journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_fd: int) -> None:
        raise OSError(5, "Input/output error")

    async def accepted(event_id: str) -> None:
        await Waking().result(journal.accept([(event(event_id), [])]))

    async def story() -> None:
        monkeypatch.setattr(os, "fdatasync", failing)
        with pytest.raises(JournalError, match="Input/output error"):
            await accepted("evt_1")
        reading = journal._reads._take()  # type: ignore[attr-defined]
        reading.execute("begin")
        reading.execute("select count(*) from events").fetchall()  # whoever reads an older state keeps the log from beginning anew
        with pytest.raises(JournalError, match="has not taken it since"):
            await accepted("evt_2")
        reading.execute("rollback")

    asyncio.run(story())


def test_a_body_that_is_its_payload_is_stored_once(journal: SqliteJournal) -> None:
    accept(journal, event("evt_1", body=b'{"a":1}', payload={"a": 1}))
    accept(journal, event("evt_2", body=b'{ "a": 1}', payload={"a": 1}))
    assert on_writer(journal, "select payload from events order by seq") == [(None,), (b'{"a":1}',)]


def test_a_full_disk_is_told_and_is_over_when_there_is_room(journal: SqliteJournal, path: Path) -> None:
    accept(journal, event("evt_1"), ["deploy"])
    ((pages,),) = on_writer(journal, "pragma page_count")
    on_writer(journal, f"pragma max_page_count = {pages}")
    with writer_held(journal):
        answers = [journal.accept([(event(f"evt_big{n}", body=BIG), matches("deploy"))]) for n in range(3)]
    for answer in answers:
        with pytest.raises(JournalError, match=f"{path}: the disk is full; make room"):
            answer.result()
    on_writer(journal, "pragma max_page_count = 1000000")
    assert not accept(journal, event("evt_2", body=BIG), ["deploy"]).known
    assert [run.event_id for run in journal.runs(RunFilter())] == ["evt_2", "evt_1"]
    assert on_writer(journal, "pragma integrity_check") == [("ok",)]


MEETS_A_LIMIT = """
import os, resource, sys
from pathlib import Path
from hookrules.engine.errors import JournalError
from hookrules.engine.journal.sqlite import SqliteJournal
from support_journal import accept, event

journal = SqliteJournal(Path(sys.argv[1]))
accept(journal, event("evt_1"))
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))
for number in range(2, 5):
    try:
        accept(journal, event(f"evt_{number}", body=os.urandom(600_000)), ["deploy"])
        print("accepted")
    except JournalError as error:
        print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
accept(journal, event("evt_5", body=os.urandom(600_000)), ["deploy"])
journal.close()
"""


def test_a_file_that_may_not_grow_refuses_and_loses_nothing(path: Path) -> None:
    tests = Path(__file__).parents[3]
    ran = subprocess.run(
        [sys.executable, "-c", MEETS_A_LIMIT, str(path)], cwd=tests, capture_output=True, text=True, check=True, timeout=60
    )
    assert len(ran.stdout.splitlines()) == 3
    assert all(f"{path}: the disk can't be read or written" in line for line in ran.stdout.splitlines())
    with closing(SqliteJournal(path)) as journal:
        assert [journal.event(f"evt_{number}") is not None for number in range(1, 6)] == [True, False, False, False, True]
        assert [run.event_id for run in journal.runs(RunFilter())] == ["evt_5"]


def test_a_lock_of_another_process_is_waited_for_told_and_over_when_it_is_over(journal: SqliteJournal, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        with pytest.raises(JournalError, match=f"{path}: another process holds its lock"):
            accept(journal, event("evt_1"))
        assert journal.event("evt_1") is None  # readers go on
        other.execute("rollback")
    accept(journal, event("evt_1"))


def test_what_may_not_be_written_is_told(journal: SqliteJournal, path: Path) -> None:
    journal._committer._store.connection.execute("pragma query_only = on")
    with pytest.raises(JournalError, match=f"{path}: it may not be written; give this user"):
        accept(journal, event("evt_1"))
    journal._committer._store.connection.execute("pragma query_only = off")
    accept(journal, event("evt_1"))


def test_a_journal_moved_away_takes_no_more_until_it_is_back(journal: SqliteJournal, path: Path) -> None:
    path.rename(path.with_suffix(".away"))
    with pytest.raises(JournalError, match=f"{path}: its file was moved"):
        accept(journal, event("evt_1"))
    path.with_suffix(".away").rename(path)
    accept(journal, event("evt_1"))


def test_who_looks_at_a_journal_that_was_moved_away_takes_nothing_from_it(journal: SqliteJournal, path: Path) -> None:
    accept(journal, event("evt_1"))  # it lies in the write-ahead log, which SQLite removes beside an empty file
    path.rename(path.with_suffix(".away"))
    for look in (lambda: journal.event("evt_1"), journal.version):
        with pytest.raises(JournalError, match="it can't be opened"):
            look()
    with pytest.raises(JournalError, match=r"its file is gone, and journal\.db-wal with what was written last is still there"):
        SqliteJournal(path)
    assert not path.exists()
    path.with_suffix(".away").rename(path)
    with closing(SqliteJournal(path)) as other:
        assert other.event("evt_1") == event("evt_1")


def test_another_process_sees_what_was_written_and_that_it_was(journal: SqliteJournal, path: Path) -> None:
    with closing(SqliteJournal(path)) as worker:
        before = worker.version()
        accept(journal, event("evt_1"), ["deploy"])
        assert worker.version() != before
        assert [run.event_id for run in claim(worker)] == ["evt_1"]


def test_a_reader_sees_only_what_was_committed_and_never_waits_for_the_writer(journal: SqliteJournal) -> None:
    entered, go = threading.Event(), threading.Event()

    def write_and_wait(connection: sqlite3.Connection) -> None:
        connection.execute("insert into rules values ('d', 'deploy', '{}')")
        entered.set()
        go.wait(30)

    answer = journal._committer.submit(write_and_wait)
    assert entered.wait(30)
    assert journal.rule_text("d") is None
    go.set()
    answer.result()
    assert journal.rule_text("d") is not None


def test_the_write_ahead_log_is_copied_and_begun_anew(journal: SqliteJournal, path: Path) -> None:
    wal = Path(f"{path}-wal")
    for number in range(4 * WAL_BYTES // len(BIG)):
        accept(journal, event(f"evt_{number}", body=BIG))
    on_writer(journal, "select 1")  # what comes after an answer is done before the next write
    assert wal.stat().st_size < WAL_BYTES + 2 * len(BIG)
    assert path.stat().st_size > 2 * WAL_BYTES


def test_the_log_is_not_copied_while_another_process_writes(journal: SqliteJournal, path: Path) -> None:
    for number in range(WAL_BYTES // len(BIG) // 2):
        accept(journal, event(f"evt_{number}", body=BIG))
    copied = path.stat().st_size
    file = journal._committer._store._file
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        file._due_at = 0
        file.checkpoint_if_due(journal._committer._store.connection)
        assert path.stat().st_size == copied
        other.execute("rollback")
    file.checkpoint_if_due(journal._committer._store.connection)
    assert path.stat().st_size > copied


PLANS = {
    "lapsed_runs": ["SEARCH runs USING INDEX runs_lapsing (lease_until<?)"],
    "ready_rules": ["SEARCH runs USING INDEX runs_ready (rule>?)"],
    "anything_due": ["SEARCH runs USING INDEX runs_due (due_at<?)"],
    "longest_due_rules": ["SEARCH runs USING INDEX runs_due (due_at<?)"],
    "ready_runs": ["SEARCH runs USING INDEX runs_ready (rule=? AND due_at<?)"],
    "next_due": ["SEARCH runs USING INDEX runs_due (due_at>?)", "SEARCH runs USING INDEX runs_lapsing (lease_until>?)"],
    "renew_leases": ["SEARCH runs USING INDEX runs_held (worker=?)"],
    "find_delivery": ["USING INDEX events_by_delivery (source=? AND delivery_id=? AND digest=?)"],
    "write_step": ["SEARCH runs USING INDEX sqlite_autoindex_runs_1 (id=?)"],
}


def plan(journal: SqliteJournal, sql: str) -> str:
    names = dict.fromkeys(re.findall(r":([a-z_]+)", sql))
    values: Any = (None,) * sql.count("?") or names
    rows = journal._rows(f"explain query plan {sql}", values)
    return "\n".join(row[3] for row in rows)


@pytest.mark.parametrize("statement", PLANS)
def test_the_hot_statements_read_no_more_than_they_need(journal: SqliteJournal, statement: str) -> None:
    found = plan(journal, SQL[statement])
    assert all(part in found for part in PLANS[statement]), found
    assert "SCAN runs\n" not in f"{found}\n"
    assert "TEMP B-TREE" not in found


def test_listings_end_at_their_limit(journal: SqliteJournal) -> None:
    asked: list[str] = []
    rows = journal._rows
    journal._rows = lambda sql, values: asked.append(sql) or rows(sql, values)
    for which in (RunFilter(), RunFilter(rule="r"), RunFilter(state="queued"), RunFilter(event_id="e")):
        journal.runs(which)
    journal._rows = rows
    assert len(asked) == 4
    for sql in asked:
        found = plan(journal, sql.replace(":event_id", ":rule"))
        assert "TEMP B-TREE" not in found, f"{sql}\n{found}"


def test_ids_of_runs_come_from_the_given_randomness() -> None:
    with closing(SqliteJournal(None, randbits=lambda _bits: 0)) as journal:
        assert accept(journal, event(received_at=0.0), ["deploy"]).runs == (("deploy", "run_00000000000000000000"),)


def test_a_run_id_that_is_taken_is_an_error_and_no_lost_run() -> None:
    with closing(SqliteJournal(None, randbits=lambda _bits: 0)) as journal:
        accept(journal, event("evt_1"), ["deploy"])
        with pytest.raises(JournalError, match=r"runs\.id"):
            accept(journal, event("evt_2"), ["deploy"])
        assert journal.event("evt_2") is None


def test_a_hundred_thousand_queued_runs_are_claimed_in_order(journal: SqliteJournal) -> None:
    accept(journal, event("evt_1"))
    journal._write(fill_with_runs(100_000))
    assert [run.id for run in claim(journal, limit=3)] == ["run_100000", "run_99999", "run_99998"]
    assert journal.seconds_to_next(NOW - 5) == 1


def fill_with_runs(count: int) -> Callable[[sqlite3.Connection], None]:
    """Runs due in reverse of the order in which they were written."""

    def write(connection: sqlite3.Connection) -> None:
        rows = [(f"run_{n}", NOW - n) for n in range(1, count + 1)]
        connection.executemany(
            "insert into runs (id, event, source, rule, digest, state, due_at, created_at) values (?, 1, 's', 'r', 'd', 'queued', ?, 0)",
            rows,
        )

    return write
