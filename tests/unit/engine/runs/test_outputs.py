from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_journal import accept, claim_one, event

from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.model import Run
from hookrules.engine.runs.masking import MASK, Stream, masker
from hookrules.engine.runs.outputs import Outputs

SECRETS = ("a long secret", "a long secret with more", "hunter2hunter2")


@pytest.fixture
def journal() -> Iterator[SqliteJournal]:
    journal = SqliteJournal(None)
    yield journal
    journal.close()


@pytest.fixture
def run(journal: SqliteJournal) -> Run:
    accept(journal, event(), ["deploy"])
    return claim_one(journal)


def said(journal: SqliteJournal, run: Run) -> str:
    return "".join(piece.text for piece in journal.outputs(run.id))


def test_what_is_said_can_be_followed_and_is_written_in_few_pieces(journal: SqliteJournal, run: Run) -> None:
    outputs = Outputs(journal, partial(Stream, ()))
    write = outputs.writer(run, "steps[0]")
    for word in ("one ", "two ", "three"):
        write("stdout", word)
    assert journal.outputs(run.id) == []
    outputs.flush()
    (piece,) = journal.outputs(run.id)
    assert (piece.key, piece.stream, piece.text) == ("steps[0]", "stdout", "one two three")
    write("stderr", "oh")
    outputs.flush()
    assert [later.text for later in journal.outputs(run.id, after=piece.number)] == ["oh"]


def test_of_what_comes_faster_than_it_is_written_the_newest_is_kept_and_it_says_so(journal: SqliteJournal, run: Run) -> None:
    outputs = Outputs(journal, partial(Stream, SECRETS))
    write = outputs.writer(run, "steps[0]")
    for number in range(300):
        write("stdout", f"{number:05}" * 4000)
    assert journal.outputs(run.id) == []
    outputs.flush()
    pieces = journal.outputs(run.id)
    head, _, text = "".join(piece.text for piece in pieces).strip().partition("\n")
    left_out = int(head.removeprefix("[").split()[0])
    assert len(text) < 100_000
    assert left_out + len(text) == 300 * 20_000
    assert "00299" * 100 in text


def test_for_whom_someone_waits_all_is_written_without_being_asked(journal: SqliteJournal, run: Run) -> None:
    write = Outputs(journal, partial(Stream, ())).writer(run, "steps[0]", whole=True)
    for number in range(30):
        write("stdout", f"{number:05}" * 20_000)
    assert said(journal, run) == "".join(f"{number:05}" * 20_000 for number in range(30))


def test_of_a_long_output_the_journal_keeps_the_newest(journal: SqliteJournal, run: Run) -> None:
    write = Outputs(journal, partial(Stream, ())).writer(run, "steps[0]", whole=True)
    for number in range(300):
        write("stdout", f"{number:05}" * 15_000)
    pieces = journal.outputs(run.id)
    assert len(pieces) <= 257
    assert pieces[-1].text.endswith("00299")


def test_what_a_short_command_says_is_not_written_unless_someone_is_answered_with_it(journal: SqliteJournal, run: Run) -> None:
    outputs = Outputs(journal, partial(Stream, ()))
    outputs.writer(run, "steps[0]")("stdout", "short")
    outputs.close(run, "steps[0]", whole=False)
    outputs.flush()
    assert journal.outputs(run.id) == []
    outputs.writer(run, "steps[1]")("stdout", "short")
    outputs.close(run, "steps[1]", whole=True)
    assert said(journal, run) == "short"


def test_a_secret_that_comes_in_two_pieces_is_masked(journal: SqliteJournal, run: Run) -> None:
    outputs = Outputs(journal, partial(Stream, SECRETS))
    write = outputs.writer(run, "steps[0]")
    for piece in ("the key is hunter2", "hunter2", ", really"):
        write("stdout", piece)
        outputs.flush()
    outputs.close(run, "steps[0]", whole=True)
    assert said(journal, run) == f"the key is {MASK}, really"


def test_only_what_may_be_the_beginning_of_a_secret_waits() -> None:
    stream = Stream(["hunter2hunter2"])
    stream.add("one\nhunt")
    assert stream.take() == "one\n"
    stream.add("ing season")
    assert stream.take() == "hunting season"


@given(st.lists(st.sampled_from([*SECRETS, "a long ", "secret", "hunter2", " with more", "x"]), max_size=12), st.data())
def test_however_it_is_cut_and_taken_no_secret_gets_out(words: list[str], data: st.DataObject) -> None:
    text, shown, stream = "".join(words), "", Stream(SECRETS)
    while text:
        size = data.draw(st.integers(1, len(text)))
        stream.add(text[:size])
        text = text[size:]
        if data.draw(st.booleans()):
            shown += stream.take()
        if data.draw(st.booleans()):
            stream.skip(data.draw(st.integers(0, 40)))
    shown += stream.rest()
    assert not any(secret in shown for secret in SECRETS)
    assert masker(SECRETS)(shown) == shown
