"""What a condition may ask about: one event, and in a step's `if` also what its run has come to."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from hookrules.engine.model import Event, Json

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
