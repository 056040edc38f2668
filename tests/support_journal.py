"""Events, runs and steps as the journal's tests need them."""

from collections.abc import Sequence
from typing import Any

from hookrules.engine.journal import Journal, Turn
from hookrules.engine.model import Event, Match, Receipt, Run, Step, StepState

LEASE = 30.0
NOW = 1_700_000_000.0


def event(id_: str = "evt_1", **changes: Any) -> Event:
    values: dict[str, Any] = {
        "source": "github",
        "type": "push",
        "payload": {"ref": "refs/heads/main"},
        "body": b'{"ref":"refs/heads/main"}',
        "received_at": NOW,
    }
    return Event(id=id_, **(values | changes))


def matches(*rules: str) -> list[Match]:
    return [Match(rule, f"digest of {rule}") for rule in rules]


def accept(journal: Journal, accepted: Event, rules: Sequence[str] = ()) -> Receipt:
    (receipt,) = journal.accept([(accepted, matches(*rules))]).result()
    return receipt


def claim(journal: Journal, worker: str = "w1", limit: int = 10, now: float = NOW) -> list[Run]:
    return journal.claim(worker, now, LEASE, Turn(limit))


def claim_one(journal: Journal, worker: str = "w1", now: float = NOW) -> Run:
    (run,) = claim(journal, worker, 1, now)
    return run


def step(run: Run, key: str = "steps[0]", **changes: Any) -> Step:
    values: dict[str, Any] = {"kind": "shell", "state": StepState.RUNNING, "attempts": 1, "started_at": NOW}
    return Step(run_id=run.id, key=key, **(values | changes))
