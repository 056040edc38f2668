import random
import re

from hypothesis import given
from hypothesis import strategies as st

from hookrules.engine.ids import id_maker

CROCKFORD, BASE_32 = "0123456789abcdefghjkmnpqrstvwxyz", "0123456789abcdefghijklmnopqrstuv"
TIMES = st.floats(min_value=0, max_value=2**48 / 1000 - 1)


@given(TIMES, TIMES)
def test_ids_sort_by_time(early: float, late: float) -> None:
    new_id = id_maker("evt")
    if int(early * 1000) < int(late * 1000):
        assert new_id(early) < new_id(late)


@given(TIMES)
def test_an_id_is_a_prefix_and_twenty_digits_without_look_alikes(now: float) -> None:
    assert re.fullmatch(r"run_[0-9a-hjkmnp-tv-z]{20}", id_maker("run")(now))


def test_the_same_time_and_randomness_give_the_same_id() -> None:
    assert id_maker("evt", lambda _bits: 0)(0) == "evt_00000000000000000000"
    assert id_maker("evt", lambda bits: 2**bits - 1)(0) == "evt_0000000000zzzzzzzzzz"


@given(TIMES)
def test_an_id_tells_its_millisecond(now: float) -> None:
    digits = id_maker("evt")(now)[4:14]
    assert int(digits.translate(str.maketrans(CROCKFORD, BASE_32)), 32) == int(now * 1000)


def test_ids_of_one_millisecond_differ() -> None:
    new_id = id_maker("evt", random.Random(1).getrandbits)
    assert len({new_id(1.0) for _ in range(10_000)}) == 10_000
