"""Events, runs and steps ↔ rows of the SQLite schema."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from hookrules.engine.errors import Unwritable
from hookrules.engine.journal import Waiting
from hookrules.engine.model import Event, Expectation, Json, Reply, Run, RunState, Step, StepState

Row = tuple[Any, ...]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_decode_fields = msgspec.json.Decoder(dict[str, tuple[str, ...]]).decode


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event, ready for `accept_event`."""

    id: str
    source: str
    delivery_id: str | None
    digest: bytes
    received_at: float
    values: Row


def event_row(event: Event) -> EventRow:
    """Raises JournalError where a value can't be JSON or UTF-8."""
    digest = hashlib.sha256(event.body).digest()
    payload = _json(event.payload, "payload", event.id)
    values = (
        event.id,
        event.source,
        event.type,
        event.delivery_id,
        digest,
        event.received_at,
        event.address,
        event.hops,
        _json(dict(event.headers), "headers", event.id).decode(),
        _json(dict(event.query), "query", event.id).decode(),
        _json(dict(event.git), "git facts", event.id).decode(),
        event.proven_by,
        event.fetched_from,
        None if payload == event.body else payload,
        event.body,
    )
    return EventRow(event.id, event.source, event.delivery_id, digest, event.received_at, values)


def _json(value: Json, what: str, owner: str) -> bytes:
    try:
        return _encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise Unwritable(f"the {what} of {owner} can't be written as JSON: {error}") from error


def event_from(row: Row) -> Event:
    id_, source, type_, delivery_id, received_at, address, hops, headers, query, git, proven_by, fetched_from, payload, body = row
    return Event(
        id=id_,
        source=source,
        type=type_,
        payload=_decode(body if payload is None else payload),
        body=body,
        received_at=received_at,
        delivery_id=delivery_id,
        headers=_decode_fields(headers),
        query=_decode_fields(query),
        address=address,
        hops=hops,
        git=_decode(git),
        proven_by=proven_by,
        fetched_from=fetched_from,
    )


def run_from(row: Row) -> Run:
    id_, event_id, rule, digest, state, created_at, due_at, fence, worker, started_at, ended_at, error, cancelled_at, retries, verdict = row
    return Run(
        id=id_,
        event_id=event_id,
        rule=rule,
        digest=digest,
        state=RunState(state),
        created_at=created_at,
        due_at=due_at,
        fence=fence,
        worker=worker,
        started_at=started_at,
        ended_at=ended_at,
        error=error,
        cancelled_at=cancelled_at,
        retries=retries,
        verdict=RunState(verdict) if verdict else None,
    )


def step_values(run: Run, step: Step) -> Mapping[str, Any]:
    """The values of `write_step`. Raises JournalError where the result can't be JSON."""
    return {
        "run_id": run.id,
        "fence": run.fence,
        "key": step.key,
        "kind": step.kind,
        "name": step.name,
        "step_state": step.state.value,
        "attempts": step.attempts,
        "started_at": step.started_at,
        "ended_at": step.ended_at,
        "result": _json(dict(step.result), "result", f"{step.key} of {run.id}").decode(),
        "error": step.error,
    }


def step_from(row: Row) -> Step:
    run_id, key, kind, state, attempts, started_at, name, ended_at, result, error = row
    return Step(
        run_id=run_id,
        key=key,
        kind=kind,
        state=StepState(state),
        attempts=attempts,
        started_at=started_at,
        name=name,
        ended_at=ended_at,
        result=_decode(result),
        error=error,
    )


def waiting_from(row: Row) -> Waiting:
    run_id, events, condition, names, since = row
    expects = Expectation(events=tuple(_decode(events)), condition=_decode(condition), names=_decode(names))
    return Waiting(run_id, expects, since)


def response_text(reply: Reply | None) -> str | None:
    return None if reply is None else msgspec.json.encode(reply).decode()


def response_from(text: str) -> Reply:
    return msgspec.json.decode(text, type=Reply)
