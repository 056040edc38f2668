"""The catalogue of findings."""

import re

from hookrules.engine.config.codes import Code


def test_every_code_is_told_apart_and_says_what_it_is_about() -> None:
    assert all(re.fullmatch(r"HR[1-6][0-9]{2}", code) for code in Code)
    assert len({code.about for code in Code}) == len(Code) == len(Code.__members__)
    assert str(Code.UNKNOWN_KEY) == f"{Code.UNKNOWN_KEY}" == "HR101"
