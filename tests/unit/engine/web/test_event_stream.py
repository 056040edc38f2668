import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookrules.engine.web import event_stream
from hookrules.engine.web.event_stream import EventStream, Message


def read(*chunks: bytes) -> list[Message]:
    stream = EventStream()
    return [message for chunk in chunks for message in stream.feed(chunk)]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (b"data: a\n\n", [Message("message", b"a", None)]),
        (b"data:a\ndata: b\ndata\n\n", [Message("message", b"a\nb\n", None)]),
        (b"event: ping\nid: 7\ndata: {}\n\ndata: x\n\n", [Message("ping", b"{}", "7"), Message("message", b"x", "7")]),
        (b": a remark\n\nretry: 10\nunknown: x\n\n", []),
        (b"\xef\xbb\xbfdata:  a\n\n", [Message("message", b" a", None)]),
        (b"event: ping\n\ndata: a\n\n", [Message("message", b"a", None)]),
        (b"id: a\0b\ndata: x\n\n", [Message("message", b"x", None)]),
        (b"data: broken off\n", []),
        (b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", [Message("message", text, None) for text in (b"a", b"b", b"c")]),
    ],
)
def test_a_stream_is_read_as_the_standard_has_it(text: bytes, messages: list[Message]) -> None:
    assert read(text) == messages


@given(st.lists(st.sampled_from([b"data: a", b"event: e", b"id: 1", b":", b"\r", b"\n", b"\r\n", b"\n\n", b"data", b"\xff"])), st.data())
def test_where_the_network_parts_a_stream_makes_no_difference(pieces: list[bytes], data: st.DataObject) -> None:
    text = b"".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)))))
    chunks = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert read(*chunks) == read(text)


def test_nothing_between_the_halves_of_a_line_end_changes_it() -> None:
    assert read(b"data: a\r", b"", b"\n", b"data: b\r\n\r\n") == [Message("message", b"a\nb", None)]


def test_a_message_past_the_bound_is_told_and_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "MOST_BYTES", 20)
    assert read(b"id: 1\ndata: ", b"x" * 15, b"x" * 15, b"\n\ndata: y\n\n") == [
        Message("message", None, "1"),
        Message("message", b"y", "1"),
    ]
