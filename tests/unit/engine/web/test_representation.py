"""The fields that programs rely on."""

import json

import pytest
from support_console import NOW, event

from hookrules.engine.model import Run, RunState, Step, StepState
from hookrules.engine.web import representation
from hookrules.engine.web.representation import event_as_json, rfc3339, run_as_json, step_as_json, whole_event_as_json, whole_run_as_json

RUN = Run("run_1", "evt_1", "deploy-main", "d1", RunState.DEAD, NOW, NOW, 2, "worker-1", NOW + 1, NOW + 3.5, "step deploy: exit code 1")
STEP = Step("run_1", "steps[0]", "shell", StepState.FAILED, 3, NOW + 1, "deploy", NOW + 3.25, {"exit_code": 1}, "exit code 1")


def test_an_event_in_a_list() -> None:
    assert event_as_json(event(), [RUN]) == {
        "id": "evt_1",
        "source": "github",
        "type": "push",
        "delivery_id": "delivery-1",
        "received_at": "2025-11-23T22:46:01.250Z",
        "address": "192.0.2.7",
        "hops": 0,
        "proven_by": None,
        "fetched_from": None,
        "runs": [{"id": "run_1", "rule": "deploy-main", "state": "dead"}],
    }


def test_an_event_alone_has_what_it_brought() -> None:
    alone = whole_event_as_json(event(), [])
    assert alone["payload"] == {"ref": "refs/heads/main"}
    assert alone["headers"]["accept"] == ["text/html", "*/*"]
    assert alone["git"] == {"branch": "main"}
    assert alone["size"] == 25


def test_a_run_and_its_steps() -> None:
    assert run_as_json(RUN) == {
        "id": "run_1",
        "rule": "deploy-main",
        "event": "evt_1",
        "state": "dead",
        "created_at": "2025-11-23T22:47:01.250Z",
        "due_at": None,
        "started_at": "2025-11-23T22:47:02.250Z",
        "ended_at": "2025-11-23T22:47:04.750Z",
        "duration": 2.5,
        "error": "step deploy: exit code 1",
    }
    assert whole_run_as_json(RUN, [STEP])["steps"] == [
        {
            "key": "steps[0]",
            "id": "deploy",
            "action": "shell",
            "state": "failed",
            "attempts": 3,
            "started_at": "2025-11-23T22:47:02.250Z",
            "ended_at": "2025-11-23T22:47:04.500Z",
            "duration": 2.25,
            "result": {"exit_code": 1},
            "error": "exit code 1",
        }
    ]


def test_what_has_not_happened_yet_is_null() -> None:
    waiting = run_as_json(Run("run_1", "evt_1", "deploy-main", "d1", RunState.QUEUED, NOW, NOW))
    assert (waiting["started_at"], waiting["ended_at"], waiting["duration"], waiting["error"]) == (None, None, None, None)
    assert waiting["due_at"] == "2025-11-23T22:47:01.250Z"


@pytest.mark.parametrize("written", [whole_event_as_json(event(), [RUN]), whole_run_as_json(RUN, [STEP]), step_as_json(STEP)])
def test_every_field_is_described_in_one_place(written: dict[str, object]) -> None:
    assert representation.__doc__
    assert all(f"`{name}`" in representation.__doc__ for name in written)
    json.dumps(written)


def test_times_sort_as_text() -> None:
    assert rfc3339(NOW) == "2025-11-23T22:47:01.250Z"
    assert rfc3339(0) == "1970-01-01T00:00:00.000Z"
