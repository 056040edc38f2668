"""Facts and documents for the tests of conditions."""

from typing import Any

from hypothesis import strategies as st

from hookrules.engine.conditions import Explanation, Facts, compile_condition
from hookrules.engine.model import Event, Json

NOW = 1_714_564_800.0
"""2024-05-01T12:00:00Z, a Wednesday."""


def facts(payload: Json = None, *, run: dict[str, Json] | None = None, now: float = NOW, **event: Any) -> Facts:
    values = {"source": "github", "type": "push", "received_at": NOW} | event
    return Facts(Event(id="e1", payload=payload, body=b"", **values), now, run or {})


def verdict(condition: object, payload: Json = None, **event: Any) -> bool | None:
    return compile_condition(condition, in_step="run" in event).verdict(facts(payload, **event))


def explained(condition: object, payload: Json = None, **event: Any) -> Explanation:
    return compile_condition(condition, in_step="run" in event).explain(facts(payload, **event))


NAMES = st.sampled_from(["a", "b", "c", "name"])

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, 2, -1, 1.0, 0.5, 10**30]),
    st.sampled_from(["", "a", "b", "main", "1", "120.00", "2024-05-01", "10m", "10.0.0.1", "\ud800", "é"]),
    st.text(max_size=4),
)

DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=2), inner, max_size=4), max_leaves=20
)


def deep(depth: int) -> Json:
    """Lists and objects, one inside the other."""
    document: Json = "bottom"
    for level in range(depth):
        document = {"a": document} if level % 2 else [document]
    return document
