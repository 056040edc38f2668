"""What a page makes of values."""

import json

import pytest
from support_console import NOW

from hookrules.engine.model import RunState, StepState
from hookrules.engine.web.rendering import SHOWN, absolute, ago, excerpt, quantity, short_values, span, static_files, tone


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (0.9, "just now"),
        (-0.5, "just now"),
        (1, "1 s ago"),
        (59.9, "59 s ago"),
        (60, "1 min ago"),
        (7199, "1 h ago"),
        (86400, "1 d ago"),
        (-90, "in 1 min"),
    ],
)
def test_how_long_ago(seconds: float, words: str) -> None:
    assert ago(NOW - seconds, NOW) == words


def test_the_absolute_time_names_its_zone() -> None:
    assert absolute(NOW) == "2025-11-23 22:47:01 UTC"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (0, "0 ms"),
        (0.0124, "12 ms"),
        (0.9999, "1.0 s"),
        (3.44, "3.4 s"),
        (59.97, "1 min 0 s"),
        (125, "2 min 5 s"),
        (3600, "1 h 0 min"),
    ],
)
def test_durations_are_read_at_a_glance(seconds: float | None, words: str) -> None:
    assert span(seconds) == words


@pytest.mark.parametrize(("size", "words"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (5 * 1024 * 1024, "5.0 MiB")])
def test_sizes_have_units(size: int, words: str) -> None:
    assert quantity(size) == words


def test_a_payload_is_indented_json() -> None:
    payload = {"name": "häkchen ✓", "list": [1, None, True], "empty": {}}
    shown = excerpt(payload)
    assert json.loads(shown.text) == payload
    assert "\n  " in shown.text
    assert "häkchen ✓" in shown.text
    assert not shown.cut


@pytest.mark.parametrize("value", ["x" * (SHOWN + 1), ["x" * 100] * SHOWN, {"a": "y" * SHOWN * 2}])
def test_what_is_too_long_is_cut_and_says_so(value: object) -> None:
    shown = excerpt(value)
    assert len(shown.text) == SHOWN
    assert shown.cut


def test_text_that_just_fits_is_whole() -> None:
    assert not excerpt("x" * SHOWN).cut


def test_a_terminals_colours_are_left_out() -> None:
    assert excerpt("\x1b[1;32mok\x1b[0m done").text == "ok done"


def test_output_is_never_taken_for_a_short_value() -> None:
    result = {"exit_code": 0, "stdout": "ok", "stderr": "", "body": "x", "status": 200, "note": "a\nb", "headers": {}, "json": None}
    assert short_values(result) == {"exit_code": 0, "status": 200}


def test_every_state_has_a_tone_and_bad_ones_look_bad() -> None:
    assert {tone(state) for state in (*RunState, *StepState)} == {"good", "bad", "running", "waiting", "quiet"}
    assert tone(RunState.DEAD) == tone(RunState.FAILED) == tone(StepState.FAILED) == "bad"


def test_no_script_is_shipped() -> None:
    assert {file.media for file in static_files().values()} == {"text/css; charset=utf-8", "image/svg+xml"}
