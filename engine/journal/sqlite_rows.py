"""Events, runs and steps ↔ rows of the SQLite schema."""

from collections.abc import Mapping
from typing import Any

import msgspec

from hookrules.engine.bodies import reread
from hookrules.engine.errors import Unwritable
from hookrules.engine.journal import Waiting
from hookrules.engine.journal.packing import pack, unpack
from hookrules.engine.journal.sealing import Seal
from hookrules.engine.model import Event, Expectation, Json, Output, Reply, Run, RunState, Step, StepState
from hookrules.engine.pushed_files import with_files

Row = tuple[Any, ...]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_decode_fields = msgspec.json.Decoder(dict[str, tuple[str, ...]]).decode


class EventRow(msgspec.Struct, frozen=True):
    """An event, ready for `accept_event`."""

    id: str
    source: str
    delivery_id: str | None
    digest: bytes
    received_at: float
    values: Row


def event_row(event: Event, seal: Seal) -> EventRow:
    """Raises JournalError where a value can't be JSON or UTF-8."""
    digest = seal.digest(event.body)
    payload = event.body if event.body_is_payload else _json(event.payload, "payload", event.id)
    values = (
        event.id,
        event.source,
        event.type,
        event.delivery_id,
        digest,
        event.received_at,
        event.address,
        event.hops,
        seal.close_text(_json(dict(event.headers), "headers", event.id).decode(), f"events.headers {event.id}"),
        seal.close_text(_json(dict(event.query), "query", event.id).decode(), f"events.query {event.id}"),
        seal.close_text(_json(dict(event.git), "git facts", event.id).decode(), f"events.git {event.id}"),
        event.proven_by,
        event.fetched_from,
        None if payload == event.body else closed(payload, seal, f"events.payload {digest.hex()}"),
        closed(event.body, seal, f"events.body {digest.hex()}"),
    )
    return EventRow(event.id, event.source, event.delivery_id, digest, event.received_at, values)


def closed(value: bytes, seal: Seal, place: str) -> bytes:
    """A body or payload as it lies in its row."""
    return seal.close(pack(value), place)


def opened(value: bytes, seal: Seal, place: str) -> bytes:
    """Raises JournalError."""
    return unpack(seal.open(value, place), place)


def _json(value: Json, what: str, owner: str) -> bytes:
    try:
        return _encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise Unwritable(f"the {what} of {owner} can't be written as JSON: {error}") from error


def event_from(row: Row, seal: Seal) -> Event:
    id_, source, type_, delivery_id, digest, received_at, address, hops, headers, query, *more = row
    git, proven_by, fetched_from, payload_kept, payload, body = more
    body = opened(body, seal, f"events.body {digest.hex()}")
    body_is_payload = payload is None
    payload = body if payload is None else opened(payload, seal, f"events.payload {digest.hex()}")
    read = reread(payload) if payload_kept else None
    return Event(
        id=id_,
        source=source,
        type=type_,
        payload=read,
        body=body,
        received_at=received_at,
        delivery_id=delivery_id,
        headers=_decode_fields(seal.open_text(headers, f"events.headers {id_}")),
        query=_decode_fields(seal.open_text(query, f"events.query {id_}")),
        address=address,
        hops=hops,
        git=with_files(_decode(seal.open_text(git, f"events.git {id_}")), read),
        proven_by=proven_by,
        fetched_from=fetched_from,
        payload_kept=bool(payload_kept),
        body_is_payload=body_is_payload and bool(payload_kept),
    )


def run_from(row: Row, seal: Seal) -> Run:
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
        error=error and seal.open_text(error, f"runs.error {id_}"),
        cancelled_at=cancelled_at,
        retries=retries,
        verdict=RunState(verdict) if verdict else None,
    )


def step_values(run: Run, step: Step, seal: Seal) -> Mapping[str, Any]:
    """The values of `write_step`. Raises JournalError where the result can't be JSON."""
    result = _json(dict(step.result), "result", f"{step.key} of {run.id}").decode()
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
        "result": seal.close_text(result, f"steps.result {run.id} {step.key}"),
        "error": step.error and seal.close_text(step.error, f"steps.error {run.id} {step.key}"),
    }


def step_from(row: Row, seal: Seal) -> Step:
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
        result=_decode(seal.open_text(result, f"steps.result {run_id} {key}")),
        error=error and seal.open_text(error, f"steps.error {run_id} {key}"),
    )


def expectation_values(run: Run, key: str, expects: Expectation, seal: Seal) -> Mapping[str, Any]:
    """The values of `expect`."""
    return {
        "run_id": run.id,
        "key": key,
        "approval": expects.approval,
        "target": expects.target,
        "events": _encode(expects.events).decode() if expects.events else None,
        "condition": _encode(expects.condition).decode(),
        "names": seal.close_text(_json(dict(expects.names), "names", run.id).decode(), f"expectations.names {run.id}"),
    }


def waiting_from(row: Row, seal: Seal) -> Waiting:
    run_id, events, condition, names, since = row
    expects = Expectation(
        events=tuple(_decode(events)), condition=_decode(condition), names=_decode(seal.open_text(names, f"expectations.names {run_id}"))
    )
    return Waiting(run_id, expects, since)


def output_from(row: Row, run_id: str, seal: Seal) -> Output:
    number, key, stream, text = row
    return Output(number, key, stream, seal.open_text(text, f"outputs.text {run_id} {key}"))


def response_text(reply: Reply | None, run_id: str, seal: Seal) -> str | None:
    return None if reply is None else seal.close_text(msgspec.json.encode(reply).decode(), f"runs.response {run_id}")


def response_from(text: str, run_id: str, seal: Seal) -> Reply:
    return msgspec.json.decode(seal.open_text(text, f"runs.response {run_id}"), type=Reply)
