"""Events, runs, steps and explanations as JSON, the same wherever a program reads them. Times are RFC 3339, UTC; what is not known is null.

| object | fields                                                                                                        |
|--------|---------------------------------------------------------------------------------------------------------------|
| event  | `id` `source` `type` `delivery_id` `received_at` `address` `hops` `proven_by` `fetched_from`                  |
|        | `runs` (`id` `rule` `state` of each); one alone also: `git` `headers` `query` (name → list of values) `size`  |
|        | (bytes) `payload` `payload_kept` (false: it is older than `retention.payloads`; nothing can be explained of it)|
| refused| `received_at` `source` (null where there is none of that name) `status` `reason` `address` `agent`           |
| run    | `id` `rule` `event` (its id) `state` `created_at` `due_at` (until it ended) `started_at` `ended_at`            |
|        | `duration` (seconds) `error`; one alone also: `digest` (of the rule's text) `claims` (how often a worker took  |
|        | it) `worker` `steps`                                                                                          |
| step   | `key` `id` (where the rule gives one) `action` `state` `attempts` `started_at` `ended_at` `duration` (seconds) |
|        | `result` `error`                                                                                              |
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from hookrules.engine.matching.explanation import RuleExplanation
from hookrules.engine.model import Event, Json, Refused, Run, Step


def event_as_json(event: Event, runs: Iterable[Run]) -> dict[str, Json]:
    return {
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "delivery_id": event.delivery_id,
        "received_at": rfc3339(event.received_at),
        "address": event.address,
        "hops": event.hops,
        "proven_by": event.proven_by,
        "fetched_from": event.fetched_from,
        "runs": [{"id": run.id, "rule": run.rule, "state": run.state.value} for run in runs],
    }


def whole_event_as_json(event: Event, runs: Iterable[Run]) -> dict[str, Json]:
    return event_as_json(event, runs) | {
        "git": dict(event.git),
        "headers": {name: list(values) for name, values in event.headers.items()},
        "query": {name: list(values) for name, values in event.query.items()},
        "size": len(event.body),
        "payload": event.payload,
        "payload_kept": event.payload_kept,
    }


def refusal_as_json(refused: Refused) -> dict[str, Json]:
    return {
        "received_at": rfc3339(refused.at),
        "source": refused.source or None,
        "status": refused.status,
        "reason": refused.reason,
        "address": refused.address,
        "agent": refused.agent,
    }


def run_as_json(run: Run) -> dict[str, Json]:
    return {
        "id": run.id,
        "rule": run.rule,
        "event": run.event_id,
        "state": run.state.value,
        "created_at": rfc3339(run.created_at),
        "due_at": None if run.state.ended else rfc3339(run.due_at),
        "started_at": _optional(run.started_at),
        "ended_at": _optional(run.ended_at),
        "duration": between(run.started_at, run.ended_at),
        "error": run.error,
    }


def whole_run_as_json(run: Run, steps: Iterable[Step]) -> dict[str, Json]:
    return run_as_json(run) | {
        "digest": run.digest,
        "claims": run.fence,
        "worker": run.worker,
        "steps": [step_as_json(step) for step in steps],
    }


def step_as_json(step: Step) -> dict[str, Json]:
    return {
        "key": step.key,
        "id": step.name or None,
        "action": step.kind,
        "state": step.state.value,
        "attempts": step.attempts,
        "started_at": rfc3339(step.started_at),
        "ended_at": _optional(step.ended_at),
        "duration": between(step.started_at, step.ended_at),
        "result": dict(step.result),
        "error": step.error,
    }


def explanation_as_json(explained: Sequence[RuleExplanation]) -> dict[str, Json]:
    return {"matched": [rule.name for rule in explained if rule.fired], "rules": [rule.as_json() for rule in explained]}


def rfc3339(seconds: float) -> str:
    """`2025-11-23T22:47:01.250Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def between(began: float | None, ended: float | None) -> float | None:
    """Seconds, to the millisecond; None where one end is not known."""
    return None if began is None or ended is None else round(max(0.0, ended - began), 3)


def _optional(seconds: float | None) -> str | None:
    return None if seconds is None else rfc3339(seconds)
