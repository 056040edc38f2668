"""A test's event, down the whole line."""

from typing import Any

import pytest
from support_rule_tests import messages, told

from hookrules.engine.model import RunState

RULE = "name: one\non: lab\nsteps: [{id: say, log: '{{ payload.x }}'}]"
DEPLOY = """
name: deploy
on: lab
steps:
  - id: deploy
    shell: [./deploy.sh, "{{ payload.x }}"]
    retry: {attempts: 3, delay: 1h}
  - if: steps.deploy.exit_code == 0
    log: "{{ steps.deploy.stdout }}"
on_failure: [{log: "{{ failed.error }}"}]
"""


def calls(text: str, *rules: str) -> list[dict[str, Any]]:
    (run,) = told(text, *rules)[0].runs
    return [{kind: dict(fields) for kind, fields in call.items()} for call in run.calls]


def test_a_delivery_comes_by_the_test_s_own_clock() -> None:
    came, failed = told("source: lab\npayload: {x: 1}\nat: 2020-02-29T12:00:00Z\nrules: one", RULE)
    assert failed == []
    assert came.event is not None
    assert (came.event.received_at, came.event.payload) == (1_582_977_600.0, {"x": 1})


def test_a_delivery_that_can_t_be_read_is_not_taken() -> None:
    (message,) = messages("source: lab\npayload: {x: 1}\nheaders: {Content-Type: image/png}\nrules: one", RULE)
    assert message.startswith("the delivery is not taken: 415: ")


def test_headers_query_and_address_reach_the_rule() -> None:
    rule = "name: one\non: lab\nwhen: [header.X-A == b, query.page == 2, event.ip in network 192.0.2.0/24]\nsteps: [{log: hello}]"
    assert messages("source: lab\npayload: {}\nheaders: {x-a: b}\nquery: {page: 2}\nip: 192.0.2.7\nrules: one", rule) == []


def test_steps_are_described_and_not_done() -> None:
    assert calls("source: lab\npayload: {x: a}\nrules: deploy", DEPLOY) == [
        {"shell": {"argv": ["./deploy.sh", "a"], "cwd": "."}},
        {"log": {"level": "info", "message": ""}},
    ]


def test_a_result_is_judged_as_the_real_one_and_retries_wait_for_nobody() -> None:
    text = "source: lab\npayload: {x: a}\nresults: {deploy: {exit_code: 7, stderr: full}}\nends: {deploy: failed}"
    came, failed = told(text, DEPLOY)
    assert failed == []
    (run,) = came.runs
    assert run.state is RunState.FAILED
    assert run.calls[-1] == {"log": {"level": "info", "message": "the command exited with 7: full"}}


def test_error_makes_any_step_fail_with_these_words() -> None:
    rule = "name: one\non: lab\nsteps: [{id: say, log: hello}]"
    text = "source: lab\npayload: {x: a}\nresults: {say: {error: no room}}\n"
    assert messages(text + "ends: {one: dead}", rule) == []
    assert messages(text + "rules: one", rule) == ["one ends dead (say: no room), and is expected to end succeeded"]


@pytest.mark.parametrize(
    ("step", "result", "words"),
    [
        ("shell: echo", "{exit_code: one}", "'exit_code' is a whole number, not 'one'"),
        ("http: https://a.example", "{status: fine}", "'status' is a whole number, not 'fine'"),
        ("http: https://a.example", "{headers: none}", "'headers' is a mapping of names to texts"),
    ],
)
def test_a_result_of_another_type_is_told(step: str, result: str, words: str) -> None:
    rule = f"name: one\non: lab\nsteps: [{{id: it, {step}}}]"
    (message,) = messages(f"source: lab\npayload: {{}}\nresults: {{it: {result}}}\nrules: one", rule)
    assert words in message


def test_a_request_comes_to_what_the_test_says() -> None:
    rule = """
    name: one
    on: lab
    steps:
      - {id: ask, http: https://a.example/x}
      - {if: steps.ask.status == 201, log: "{{ steps.ask.json.id }} {{ steps.ask.headers.etag }}"}
    """
    result = "{status: 201, json: {id: 5}, headers: {ETag: w}}"
    assert calls(f"source: lab\npayload: {{}}\nresults: {{ask: {result}}}\nrules: one", rule)[-1]["log"]["message"] == "5 w"
    (message,) = messages("source: lab\npayload: {}\nresults: {ask: {status: 503}}\nrules: one", rule)
    assert "answered 503" in message


def test_for_each_stands_once_for_each_item() -> None:
    rule = "name: one\non: lab\nsteps: [{for_each: $.names, log: '{{ index }} {{ item }}'}]"
    assert [call["log"]["message"] for call in calls("source: lab\npayload: {names: [a, b]}\nrules: one", rule)] == ["0 a", "1 b"]


def test_facts_of_for_each_and_throttle_are_those_of_a_server() -> None:
    rule = (
        "name: one\non: lab\nthrottle: {once_within: 5m, per: header.X-Tenant}\nvars: {l: $.names}\n"
        "steps: [{for_each: 'vars.l[*].n', log: '{{ item }}'}]"
    )
    text = "source: lab\nheaders: {X-Tenant: acme}\npayload: {names: [{n: a}, {n: b}]}\nrules: one"
    assert [call["log"]["message"] for call in calls(text, rule)] == ["a", "b"]


def test_a_secret_is_the_test_s_or_one_that_is_no_one_s() -> None:
    rule = "name: one\non: lab\nsteps: [{http: '{{ secrets.chat }}'}, {log: '{{ secrets.word }}'}]"
    given = calls("source: lab\npayload: {}\nsecrets: {word: hunter2-hunter2}\nrules: one", rule)
    assert (given[0]["http"]["url"], given[1]["log"]["message"]) == ("https://chat.secret.invalid", "hunter2-hunter2")


def test_a_schedule_comes_due_at_the_test_s_time() -> None:
    rule = "name: one\non: schedule.nightly\nsteps: [{log: '{{ payload.due }}'}]"
    text = "source: schedule\nevent: nightly\nat: 2026-03-01T03:00:00Z\nsteps: {one: [{log: {message: '2026-03-01T03:00:00Z'}}]}"
    assert messages(text, rule) == []


def test_the_end_of_a_run_is_an_event_that_merge_completes() -> None:
    rule = "name: watch\non: rule.one.dead\nsteps: [{log: '{{ payload.rule }} {{ payload.state }} {{ payload.error }}'}]"
    text = "source: rule\nevent: one.dead\nmerge: {error: no room}\nsteps: {watch: [{log: {message: one dead no room}}]}"
    assert messages(text, RULE, rule) == []


def test_a_payload_of_another_type_than_the_test_says_is_told() -> None:
    rule = "name: one\non: github.pull_request.closed\nsteps: [{log: hello}]"
    text = "source: github\nevent: pull_request.closed\npayload: {action: opened}\nrules: []"
    assert messages(text, rule) == ["this payload makes the event github.pull_request.opened, not github.pull_request.closed"]


def test_the_same_test_gives_the_same_ids() -> None:
    rule = "name: one\non: lab\nsteps: [{log: '{{ event.id }}'}]"
    first, second = (calls("source: lab\npayload: {}\nrules: one", rule) for _ in range(2))
    assert first == second
