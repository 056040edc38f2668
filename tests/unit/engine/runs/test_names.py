from support_runs import event_of, rule_of

from hookrules.engine.model import Run, RunState
from hookrules.engine.runs.names import environment

RUN = Run("run_1", "evt_1", "tested", "digest", RunState.RUNNING, 0.0, 0.0)


def test_a_command_finds_the_event_s_facts_and_those_of_git_that_it_has() -> None:
    git = {"repo": "acme/shop", "branch": "main; id", "fork": False, "files": ["a", "b"]}
    event = event_of(None, git=git, delivery_id="d1", address="192.0.2.1", received_at=1_700_000_000.25)
    assert environment(event, rule_of("steps: [{log: x}]"), RUN) == {
        "HOOKRULES_EVENT_ID": "evt_1",
        "HOOKRULES_EVENT_TYPE": "",
        "HOOKRULES_EVENT_IP": "192.0.2.1",
        "HOOKRULES_SOURCE": "lab",
        "HOOKRULES_DELIVERY_ID": "d1",
        "HOOKRULES_RECEIVED_AT": "2023-11-14T22:13:20.250Z",
        "HOOKRULES_RULE": "tested",
        "HOOKRULES_RUN_ID": "run_1",
        "HOOKRULES_GIT_REPO": "acme/shop",
        "HOOKRULES_GIT_BRANCH": "main; id",
        "HOOKRULES_GIT_FORK": "false",
    }
