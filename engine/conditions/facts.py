"""What a condition may ask about: one event, and in a step's `if` also what its run has come to."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from hookrules.engine.model import Event, Fields, Json

_NO_RUN: Mapping[str, Json] = MappingProxyType({})


class Facts:
    """`payload` answers paths; `event` answers `header.`, `query.`, `event.` and `git.`; `run` holds the roots that only a step knows
    (`steps`, `vars`, `item`, `index`, `run`, `failed`). `now` is the clock of `age()` and `within()`.

    They remember what they were asked, so that nothing of them may change any more. (No dataclass: every event makes one.)
    """

    __slots__ = ("_answers", "event", "now", "payload", "run")

    def __init__(self, event: Event, now: float, run: Mapping[str, Json] = _NO_RUN) -> None:
        self.event = event
        self.payload: Json = event.payload
        self.now = now
        self.run = run
        self._answers: dict[object, Any] = {}

    def once(self, ask: Callable[["Facts"], Any]) -> Any:
        """What `ask` answers, asked once however many conditions share it."""
        answers = self._answers
        if ask not in answers:
            answers[ask] = ask(self)
        return answers[ask]


def facts_of(names: Mapping[str, Any]) -> Facts:
    """The same of what templates know, by its names: `header`, `query`, `event`, `git` and the roots that only a step knows."""
    told = names.get("event", {})
    received_at = told.get("received_at")
    event = Event(
        id=told.get("id", ""),
        source=told.get("source", ""),
        type=told.get("type", ""),
        payload=None,
        body=b"",
        received_at=datetime.fromisoformat(received_at).timestamp() if received_at else 0.0,
        delivery_id=told.get("delivery_id"),
        headers=_listed(names.get("header", {})),
        query=_listed(names.get("query", {})),
        address=told.get("ip"),
        git=names.get("git", {}),
    )
    return Facts(event, event.received_at, names)


def _listed(fields: Mapping[str, Any]) -> Fields:
    """One value is text there, and several are a list."""
    return {name: (values,) if isinstance(values, str) else tuple(values) for name, values in fields.items()}
