"""Answers that come from runs: a request waits for what the worker writes, and is told of it through the journal."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hookrules.engine import logs
from hookrules.engine.config.ruleset import Rule
from hookrules.engine.errors import JournalError, TemplateError
from hookrules.engine.intake import Taken
from hookrules.engine.matching.names import event_names
from hookrules.engine.model import Event, Output, Receipt, Reply, Run, RunState

_GLANCE = 0.01
"""Seconds between two looks at whether the journal was written to, while anyone waits."""


class Written(Protocol):
    """What of the journal is looked at."""

    def version(self) -> int: ...

    def run(self, run_id: str) -> Run | None: ...

    def response(self, run_id: str) -> Reply | None: ...

    def outputs(self, run_id: str, after: int = 0) -> list[Output]: ...


class Responses:
    """For the ingress's event loop alone. One task looks at the journal, however many wait."""

    def __init__(self, journal: Written) -> None:
        self._journal = journal
        self._changed = asyncio.Event()
        self._waiting = 0
        self._looking: asyncio.Task[None] | None = None

    async def response(self, run_id: str, seconds: float) -> Reply | RunState | None:
        """What the run answers, or how it ends where it answers nothing; None where neither is known within these seconds."""
        try:
            async with asyncio.timeout(seconds):
                async for _ in self._changes():
                    end = self._end(run_id)  # first, since what it answers is written with its end
                    found = self._journal.response(run_id) or end
                    if found is not None:
                        return found
        except TimeoutError:
            pass
        return None

    def _end(self, run_id: str) -> RunState | None:
        """How the run has ended, or is going to without anything being done; one that is sure to fail may have steps for failures."""
        run = self._journal.run(run_id)
        if run is None:
            return None
        if run.state.ended:
            return run.state
        return None if run.verdict is RunState.DEAD else run.verdict

    async def stream(self, run_id: str, seconds: float) -> AsyncIterator[str]:
        """What the run's steps say, piece by piece, until it ends or the seconds are over."""
        number = 0
        try:
            async with asyncio.timeout(seconds):
                async for _ in self._changes():
                    run = self._journal.run(run_id)
                    for piece in self._journal.outputs(run_id, number):
                        number = piece.number
                        yield piece.text
                    if run is None or run.state.ended:
                        return
        except TimeoutError:
            return

    async def _changes(self) -> AsyncIterator[None]:
        """At once, and then after each change of the journal."""
        self._waiting += 1
        try:
            if self._looking is None:
                self._looking = asyncio.create_task(self._look(self._journal.version()))
            while True:
                changed = self._changed
                yield
                await changed.wait()
        finally:
            self._waiting -= 1

    async def _look(self, seen: int) -> None:
        """`seen`: the version that whoever waits has looked at."""
        try:
            while self._waiting:
                await asyncio.sleep(_GLANCE)
                now = self._journal.version()
                if now != seen:
                    seen = now
                    self._tell()
        except JournalError:
            self._tell()  # whoever waits meets it, too
        finally:
            self._looking = None

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class Answering:
    """What a sender is answered by the run that its delivery started, where the rule says so."""

    def __init__(self, journal: Written) -> None:
        self._responses = Responses(journal)

    async def reply(self, taken: Taken, receipts: Sequence[Receipt]) -> "Reply | Stream | None":
        """None where no rule answers, its run is dropped, or takes too long and says nothing for that, or the journal can't be read."""
        rule = taken.answering
        if rule is None or rule.respond is None:
            return None
        came = zip(taken.events, receipts, strict=True)
        started = ((run, event) for event, receipt in came for name, run in receipt.runs if name == rule.name)
        run_id, event = next(started, (None, None))
        if run_id is None or event is None:
            return None
        if rule.respond.stream:
            return Stream(rule.respond.answer.status, self._responses.stream(run_id, rule.respond.within))
        try:
            found = await self._responses.response(run_id, rule.respond.within)
            if isinstance(found, RunState):
                return _failure(run_id, found) if found in (RunState.DEAD, RunState.CANCELLED) else None
            return found if found or rule.respond.late is None else rule.respond.late.render(_names(rule, event))
        except (JournalError, TemplateError) as error:
            logs.error("a sender can't be answered from its run", run=run_id, rule=rule.name, error=str(error))
            return None


def _failure(run_id: str, state: RunState) -> Reply:
    return Reply(500, json.dumps({"error": f"the run {run_id} ended {state}"}).encode(), "application/json")


def _names(rule: Rule, event: Event) -> dict[str, Any]:
    return {**event_names(event), "rule": {"name": rule.name, "description": rule.description}}


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer that comes in pieces."""

    status: int
    pieces: AsyncIterator[str]
