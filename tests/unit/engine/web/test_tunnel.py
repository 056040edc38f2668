import pytest

from hookrules.engine.web.tunnel import events_of, pause_after


def test_pauses_double_up_to_half_a_minute_and_are_spread() -> None:
    assert [pause_after(failures, 1.0) for failures in (0, 1, 2, 5, 6, 1000)] == [1, 2, 4, 30, 30, 30]
    assert pause_after(0, 0.0) == 0.5


@pytest.mark.parametrize(
    ("channel", "events"),
    [
        ("https://gosmee.example/aBc", "https://gosmee.example/events/aBc"),
        ("http://127.0.0.1:3333/under/aBc/?x=1", "http://127.0.0.1:3333/under/events/aBc?x=1"),
    ],
)
def test_gosmee_has_its_stream_beside_the_channel(channel: str, events: str) -> None:
    assert events_of(channel) == events
