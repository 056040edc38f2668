import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookrules.engine.errors import Unproven
from hookrules.engine.sources.timestamps import TimeFormat, check_time, time_written

NOW = 1_504_765_804.0
FORMATS: list[TimeFormat] = ["seconds", "milliseconds", "rfc3339", "http-date"]


@pytest.mark.parametrize("form", FORMATS)
@given(st.integers(0, 4_000_000_000))
def test_what_is_written_is_read(form: TimeFormat, now: int) -> None:
    check_time(time_written(now, form), form, now, 0, "Date")


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("seconds", "1504765804"),
        ("milliseconds", "1504765804000"),
        ("rfc3339", "2017-09-07T06:30:04Z"),
        ("rfc3339", "2017-09-07t08:30:04.000000000+02:00"),
        ("http-date", "Thu, 07 Sep 2017 06:30:04 GMT"),
        ("http-date", "Thu 07 Sep 2017 06:30:04 UTC"),
    ],
)
def test_each_form_is_read(form: TimeFormat, text: str) -> None:
    check_time(text, form, NOW, 0, "Date")


@pytest.mark.parametrize(
    ("form", "text"),
    [
        *(("seconds", text) for text in ("", "-1", "1.5", "1e9", " 1504765804", "٣", "1" * 16, "now")),
        *(("milliseconds", text) for text in ("", "1504765804", "1504765804.0")),
        *(("rfc3339", text) for text in ("", "2017-09-07", "2017-09-07T06:30:04", "2017-13-07T06:30:04Z", "2017-09-07T06:30:04+99:99")),
        *(
            ("http-date", text)
            for text in ("", "yesterday", "Thu, 07 Sep 99999 06:30:04 GMT", "Thu, 07 Sep 2017 06:30:04 +9999999", "x" * 99)
        ),
    ],
)
def test_what_is_no_time_is_refused(form: TimeFormat, text: str) -> None:
    with pytest.raises(Unproven, match="the timestamp in Date is"):
        check_time(text, form, NOW, 300, "Date")


@pytest.mark.parametrize("form", FORMATS)
@given(st.text(max_size=80))
def test_no_text_raises_anything_else(form: TimeFormat, text: str) -> None:
    with contextlib.suppress(Unproven):
        check_time(text, form, NOW, 300, "Date")
