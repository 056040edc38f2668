"""Bodies for tests: what they are said to be, and values that they may hold."""

from typing import Any

from hypothesis import strategies as st

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
XML = "application/xml"
MULTIPART = "multipart/form-data; boundary=frontier"

texts = st.text(st.characters(codec="utf-8"))
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=20,
)


def multipart(*parts: tuple[str, bytes]) -> bytes:
    """Each part: its header lines but the first word of `Content-Disposition: form-data; …`, and its content."""
    lines = [
        line
        for headers, content in parts
        for line in (b"--frontier", b"Content-Disposition: form-data; " + headers.replace("\n", "\r\n").encode(), b"", content)
    ]
    return b"\r\n".join([*lines, b"--frontier--", b""])
