from hookrules.engine.runs.masking import MASK, masker


def test_a_secret_is_masked_wherever_it_stands() -> None:
    mask = masker(["correct horse"])
    assert mask({"stdout": "it is correct horse!", "list": ["correct horse", 1, None], "correct horse": True}) == {
        "stdout": f"it is {MASK}!",
        "list": [MASK, 1, None],
        MASK: True,
    }


def test_of_two_secrets_that_share_a_beginning_the_longer_is_masked_whole() -> None:
    assert masker(["password", "password123"])("password123") == MASK


def test_a_short_secret_is_left_since_it_would_mask_what_is_none() -> None:
    assert masker(["a"])("banana") == "banana"


def test_a_secret_of_digits_is_masked_where_it_is_a_number() -> None:
    assert masker(["12345678"])([12345678, 9123456780, 1234567, 12345678.5, True]) == [MASK, MASK, 1234567, MASK, True]
