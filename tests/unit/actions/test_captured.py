from hypothesis import given
from hypothesis import strategies as st

from hookrules.actions.captured import Captured


def unmasked(text: str) -> str:
    return text


@given(st.lists(st.binary(max_size=300), max_size=20), st.integers(1, 600))
def test_all_is_told_and_the_end_is_kept(chunks: list[bytes], limit: int) -> None:
    heard: list[str] = []
    captured = Captured(limit, heard.append)
    for chunk in chunks:
        captured.add(chunk)
    captured.end()
    whole = b"".join(chunks)
    assert "".join(heard) == whole.decode(errors="replace")
    kept = captured.text(unmasked)
    if len(whole) <= limit:
        assert kept == whole.decode(errors="replace")
    else:
        head, _, tail = kept.partition("\n")
        assert head == f"[the first {len(whole) - limit} bytes are left out]"
        assert whole.decode(errors="replace").endswith(tail)
        assert limit - 3 <= len(tail.encode()) <= limit or b"\xef\xbf\xbd" in tail.encode()


@given(st.text(alphabet="aü漢🎉", min_size=300, max_size=400), st.integers(1, 200))
def test_a_cut_leaves_no_half_of_a_character(text: str, limit: int) -> None:
    captured = Captured(limit, lambda _: None)
    captured.add(text.encode())
    tail = captured.text(unmasked).partition("\n")[2]
    assert "\ufffd" not in tail
    assert text.endswith(tail)
    assert limit - 3 <= len(tail.encode()) <= limit


def test_memory_stays_flat() -> None:
    captured = Captured(1024, lambda _: None)
    for _ in range(2000):
        captured.add(b"x" * 65536)
        assert len(captured._kept) < 200_000
    assert captured.text(unmasked).startswith(f"[the first {2000 * 65536 - 1024} bytes are left out]")
