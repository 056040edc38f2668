"""What is encrypted at rest, under which key, and what is said where none fits."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_journal import NOW, accept, claim_one, event, step

from hookrules.engine.errors import JournalError
from hookrules.engine.journal import Journal
from hookrules.engine.journal.opening import open_journal
from hookrules.engine.journal.sealing import UNSEALED, Sealed
from hookrules.engine.model import Expectation, Reply, RunState, StepState

OLD, NEW = "the old key, which is long enough, too", "the new key, which is as long as the old"
SAID = "hunter2-in-the-payload"


def opened(folder: Path, *keys: str) -> Journal:
    return open_journal("sqlite:///journal.db", folder, keys)


def fill(journal: Journal, id_: str = "evt_1") -> str:
    """Whatever may hold a payload's words, holds them. The run's id."""
    told = event(id_, payload={"a": SAID}, body=f"a={SAID}".encode(), headers={"x": (SAID,)}, query={"q": (SAID,)}, git={"branch": SAID})
    accept(journal, told, ["deploy"])
    run = claim_one(journal)
    expects = Expectation(events=("github.push",), names={"vars": {"a": SAID}})
    journal.park(run, step(run, state=StepState.WAITING), NOW, expects)
    run = claim_one(journal)
    journal.write_step(run, step(run, state=StepState.FAILED, result={"stdout": SAID}, error=SAID))
    journal.write_output(run, "steps[0]", "stdout", SAID)
    journal.end_run(run, RunState.DEAD, NOW, error=SAID, response=Reply(body=SAID.encode()))
    return run.id


def files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_nothing_of_a_payload_lies_readable_in_the_files(tmp_path: Path) -> None:
    with closing(opened(tmp_path, NEW)) as journal:
        fill(journal)
        assert SAID.encode() not in files(tmp_path)
    assert SAID.encode() not in files(tmp_path)


def test_without_a_key_they_lie_there_as_they_are(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as journal:
        fill(journal)
    assert SAID.encode() in files(tmp_path)


def readable(journal: Journal, run_id: str, event_id: str = "evt_1") -> bool:
    found, run, (done,) = journal.event(event_id), journal.run(run_id), journal.steps(run_id)
    reply = journal.response(run_id)
    assert found and run and reply
    assert (found.payload, found.body) == ({"a": SAID}, f"a={SAID}".encode())
    assert (found.headers, found.query, found.git) == ({"x": (SAID,)}, {"q": (SAID,)}, {"branch": SAID})
    assert (run.error, done.error, done.result, reply.body) == (SAID, SAID, {"stdout": SAID}, SAID.encode())
    assert [said.text for said in journal.outputs(run_id)] == [SAID]
    return True


def test_the_newest_key_encrypts_and_older_ones_decrypt(tmp_path: Path) -> None:
    with closing(opened(tmp_path, OLD)) as journal:
        first = fill(journal)
    with closing(opened(tmp_path, NEW, OLD)) as journal:
        assert readable(journal, first)
        second = fill(journal, "evt_2")
    with closing(opened(tmp_path, OLD, NEW)) as journal:
        assert readable(journal, first)
        assert readable(journal, second, "evt_2")


def test_what_was_written_before_there_was_a_key_is_read_on(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as journal:
        first = fill(journal)
    with closing(opened(tmp_path, NEW)) as journal:
        assert readable(journal, first)


@pytest.mark.parametrize(
    ("keys", "words"),
    [([], "it is encrypted, and the configuration has no `encryption.key`"), ([NEW], "1 of the 1 keys that it was written with is not in")],
)
def test_a_journal_whose_key_is_missing_does_not_open_and_says_so(tmp_path: Path, keys: Sequence[str], words: str) -> None:
    opened(tmp_path, OLD).close()
    with pytest.raises(JournalError, match=words) as told:
        opened(tmp_path, *keys)
    assert str(tmp_path / "journal.db") in str(told.value)
    assert NEW not in str(told.value)


def test_a_value_that_was_moved_to_another_row_does_not_open(tmp_path: Path) -> None:
    with closing(opened(tmp_path, NEW)) as journal:
        accept(journal, event("evt_1", payload=1, body=b"1"))
        accept(journal, event("evt_2", payload=2, body=b"2"))
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        connection.execute("update events set body = (select body from events where id = 'evt_1') where id = 'evt_2'")
        connection.commit()
    with closing(opened(tmp_path, NEW)) as journal:
        assert journal.event("evt_1")
        with pytest.raises(JournalError, match=r"events\.body [0-9a-f]+ does not open: it was changed"):
            journal.event("evt_2")


def test_a_redelivery_is_known_under_one_key(tmp_path: Path) -> None:
    with closing(opened(tmp_path, NEW)) as journal:
        assert not accept(journal, event("evt_1", delivery_id="d")).known
        assert accept(journal, event("evt_2", delivery_id="d")).known


@given(st.binary(max_size=200))
def test_bytes_come_back_and_are_never_the_same_twice(value: bytes) -> None:
    seal = Sealed([NEW])
    closed = seal.close(value, "events.body e")
    assert (seal.open(closed, "events.body e"), seal.open(value, "p")) == (value, value)
    assert closed != seal.close(value, "events.body e")


@given(st.text(max_size=200))
def test_texts_come_back(text: str) -> None:
    seal = Sealed([NEW])
    assert seal.open_text(seal.close_text(text, "p"), "p") == text


@pytest.mark.parametrize("text", ["", "\x01HR:", "\x01HR:!!", "\x01HR:AUhS", '{"a":1}'])
def test_a_readable_text_is_read_as_it_is_also_where_it_looks_sealed(text: str) -> None:
    assert (Sealed([NEW]).open_text(text, "p"), UNSEALED.open_text(text, "p")) == (text, text)


def test_the_digest_of_a_body_tells_nothing_without_the_key() -> None:
    assert Sealed([NEW]).digest(b"yes") not in (UNSEALED.digest(b"yes"), Sealed([OLD]).digest(b"yes"))
