import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hookrules.engine.errors import JournalError
from hookrules.engine.journal.packing import pack, unpack

PLACE = "events.body ab"


@given(st.binary() | st.binary(min_size=1, max_size=20).map(lambda part: part * 100))
@example(b"\x01HZ")
@example(b"\x01HZ" + b"\xff" * 500)
@example(pack(b"packed twice" * 100))
def test_what_is_packed_is_unpacked_as_it_was(value: bytes) -> None:
    assert unpack(pack(value), PLACE) == value


def test_what_repeats_itself_becomes_small_and_what_does_not_no_larger() -> None:
    assert len(pack(b'{"url":"https://api.example.com"}' * 100)) < 100
    short, random = b"x" * 100, bytes(range(256))
    assert (pack(short), pack(random)) == (short, random)


def test_what_an_older_journal_holds_is_read_as_it_is() -> None:
    assert unpack(b'{"ref":"refs/heads/main"}' * 100, PLACE) == b'{"ref":"refs/heads/main"}' * 100


@pytest.mark.parametrize("cut", [3, 5, 8, -1])
def test_a_damaged_value_is_told_with_its_place(cut: int) -> None:
    with pytest.raises(JournalError, match=f"{PLACE} can't be unpacked"):
        unpack(pack(b"value" * 200)[:cut], PLACE)
