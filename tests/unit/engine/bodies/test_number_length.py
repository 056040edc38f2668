import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_bodies import JSON

from hookrules.engine import bodies
from hookrules.engine.bodies.limits import MAX_NUMBER
from hookrules.engine.errors import Unreadable


@given(st.integers(0, 3 * MAX_NUMBER), st.integers(MAX_NUMBER - 3, MAX_NUMBER + 3), st.sampled_from(["", "-"]), st.sampled_from(["", "0."]))
def test_a_number_is_refused_past_the_bound_wherever_it_stands(before: int, length: int, sign: str, start: str) -> None:
    number = f"{sign}{start}".ljust(length, "1")
    body = f'["{"7" * before}",{number}]'.encode()
    if length > MAX_NUMBER:
        with pytest.raises(Unreadable, match=f"more than {MAX_NUMBER} characters at line 1, column {before + 5}$"):
            bodies.decode(body, JSON)
    else:
        assert bodies.decode(body, JSON)[1] == (float(number) if start else int(number))


def test_digits_in_a_text_are_no_number() -> None:
    digits = "0123456789" * 1000
    assert bodies.decode(json.dumps({"n": digits, f'"{digits}': ["\\", digits]}).encode(), JSON)["n"] == digits


def test_many_short_numbers_in_a_row_are_fine() -> None:
    numbers = list(range(10_000))
    assert bodies.decode(json.dumps(numbers, separators=(",", ":")).encode(), JSON) == numbers


def test_a_long_number_among_long_texts_is_found() -> None:
    body = json.dumps({"a": "9" * 5000, "b": int("8" * 1500), "c": '\\"' * 50}).encode()
    with pytest.raises(Unreadable, match="line 1, column 5016"):
        bodies.decode(body, JSON)
