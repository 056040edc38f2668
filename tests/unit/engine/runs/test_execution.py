import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support_actions import Server, http_server
from support_runs import LEASE, Bench, rule_of

from hookrules.actions import Service, service
from hookrules.engine.errors import LeaseLost
from hookrules.engine.journal import EventFilter, RunFilter
from hookrules.engine.model import RunState, Step, StepState
from hookrules.engine.runs.execution import Ending, Execution
from hookrules.engine.secret import Vault


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path, {"chat": "a secret for the chat"})
    yield bench
    bench.journal.close()


def test_steps_run_in_order_and_later_ones_see_the_results_of_earlier_ones(bench: Bench) -> None:
    ending = bench.run(
        """
        vars: {who: "{{ payload.name | upper }}", all: $.names}
        steps:
          - {id: one, shell: "echo {{ vars.who }}"}
          - {log: "{{ steps.one.exit_code }} {{ steps.one.stdout | trim }} {{ vars.all | length }}"}
        """,
        {"name": "ada", "names": ["a", "b"]},
    )
    assert ending == Ending(RunState.SUCCEEDED)
    assert bench.messages() == ["0 ADA 2"]


def test_a_failed_step_ends_the_run_dead_and_names_itself(bench: Bench) -> None:
    ending = bench.run("steps: [{id: build, shell: exit 3}, {log: never}]")
    assert ending is not None
    assert ending.state is RunState.DEAD
    assert ending.error is not None
    assert ending.error.startswith("build: ")
    assert "3" in ending.error
    assert bench.messages() == []


def test_on_failure_handles_it_and_finally_runs_whatever_happened(bench: Bench) -> None:
    ending = bench.run(
        """
        steps: [{id: build, shell: exit 3}]
        on_failure: [{log: "{{ failed.step }} failed"}]
        finally: [{log: over}]
        """
    )
    assert ending is not None
    assert ending.state is RunState.FAILED
    assert bench.messages() == ["build failed", "over"]


@pytest.mark.parametrize("broken", ["vars: {fine: 1, x: '{{ payload.gone }}', later: 2}", "vars: {fine: 1, x: $.gone}"])
def test_where_vars_can_not_be_worked_out_no_step_is_done_but_what_is_for_failures(bench: Bench, broken: str) -> None:
    ending = bench.run(
        f"""
        {broken}
        steps: [{{log: never}}]
        on_failure: [{{log: "{{{{ failed.step }}}}: {{{{ failed.error }}}}, {{{{ vars.fine }}}}"}}]
        finally: [{{log: over}}]
        """
    )
    assert ending is not None
    assert ending.state is RunState.FAILED
    told, over = bench.messages()
    assert told.startswith("vars: ")
    assert told.endswith(", 1")
    assert over == "over"
    assert (ending.error or "").startswith("vars: ")


@pytest.mark.parametrize("key", ["throttle: {once_within: 5s, per: $.gone}", "concurrency: {group: '{{ payload.gone }}', max: 1}"])
def test_where_a_key_can_not_be_worked_out_no_step_is_done_but_what_is_for_failures(bench: Bench, key: str) -> None:
    for_failures = "on_failure: [{shell: exit 1}]\nfinally: [{log: '{{ failed.step }} {{ failed.error }}'}]"
    ending = bench.run(f"{key}\nsteps: [{{log: never}}]\n{for_failures}", {})
    assert ending is not None
    assert ending.state is RunState.DEAD
    [told] = bench.messages()
    assert told.startswith("null ")
    assert "gone" in told
    assert "gone" in (ending.error or "")


def test_finally_runs_after_success_too_and_its_failure_counts(bench: Bench) -> None:
    ending = bench.run("steps: [{log: fine}]\nfinally: [{shell: exit 1}]")
    assert ending is not None
    assert ending.state is RunState.DEAD


def test_continue_on_error_goes_on(bench: Bench) -> None:
    ending = bench.run("steps: [{id: a, shell: exit 1, continue_on_error: true}, {log: '{{ steps.a.state }} {{ steps.a.exit_code }}'}]")
    assert ending == Ending(RunState.SUCCEEDED)
    assert bench.messages() == ["failed 1"]


@pytest.mark.parametrize("condition", ["$.go == no", "$.gone == 1", "steps.first.exit_code != 0"])
def test_a_step_whose_if_is_not_true_is_skipped_and_its_fields_are_null(bench: Bench, condition: str) -> None:
    bench.run(
        f"""
        steps:
          - {{id: first, shell: "true"}}
          - {{id: second, if: "{condition}", shell: echo never}}
          - {{log: "{{{{ steps.second.state }}}} {{{{ steps.second.exit_code }}}}"}}
        """,
        {"go": "yes"},
    )
    assert bench.messages() == ["skipped null"]


def test_a_name_that_is_missing_fails_the_step_and_is_named(bench: Bench) -> None:
    ending = bench.run("steps: [{id: say, log: '{{ payload.nme }}'}]", {"name": "ada"})
    assert ending is not None
    assert ending.state is RunState.DEAD
    assert "payload.nme" in (ending.error or "")


def test_for_each_runs_once_an_item_and_keeps_every_result(bench: Bench) -> None:
    ending = bench.run(
        """
        steps:
          - {id: all, for_each: $.names, shell: "echo {{ index }} {{ item }}"}
          - {log: "{{ steps.all.results | length }} {{ steps.all.results[1].stdout | trim }}"}
        """,
        {"names": ["a", "b; exit 1"]},
    )
    assert ending == Ending(RunState.SUCCEEDED)
    assert bench.messages() == ["2 1 b; exit 1"]


@pytest.mark.parametrize(
    ("condition", "done"), [("item.ok == true", "0 2"), ("index < 1", "0"), ("$.go == yes", "0 1 2"), ("$.go == no", "")]
)
@pytest.mark.parametrize("parallel", [1, 3])
def test_an_if_that_names_the_item_is_asked_for_each(bench: Bench, condition: str, done: str, parallel: int) -> None:
    ending = bench.run(
        f"""
        steps:
          - {{id: all, for_each: $.items, parallel: {parallel}, if: "{condition}", shell: "echo {{{{ index }}}}"}}
          - {{log: "{{{{ steps.all.results | map(attribute='stdout') | select | map('trim') | join(' ') }}}}"}}
        """,
        {"go": "yes", "items": [{"ok": True}, {"ok": False}, {"ok": True}]},
    )
    assert ending == Ending(RunState.SUCCEEDED)
    assert bench.messages() == [done]


def test_items_that_are_left_out_say_so(bench: Bench) -> None:
    bench.run(
        "steps: [{id: all, for_each: $.l, if: item != b, log: '{{ item }}'}, {log: '{{ steps.all.results[1].state }}'}]", {"l": ["a", "b"]}
    )
    assert bench.messages() == ["a", "skipped"]
    [run] = bench.journal.runs(RunFilter())
    assert {step.key: step.result.get("reason") for step in bench.journal.steps(run.id)}["steps[0][1]"] == "its `if` is false"


@pytest.mark.parametrize("step", ["if: $.gone == 1, for_each: $.l", "for_each: $.gone, continue_on_error: true"])
def test_a_step_for_each_item_that_was_not_done_has_no_results(bench: Bench, step: str) -> None:
    ending = bench.run(
        f"steps: [{{id: all, {step}, log: x}}, {{for_each: steps.all.results, log: y}}, {{log: '{{{{ steps.all.results }}}}'}}]", {"l": [1]}
    )
    assert ending == Ending(RunState.SUCCEEDED)
    assert bench.messages() == ["[]"]


def test_for_each_takes_what_a_fact_names_in_a_variable_and_an_earlier_step(bench: Bench) -> None:
    ending = bench.run(
        """
        vars: {rows: $.rows}
        steps:
          - {id: all, for_each: "vars.rows[?(@.on == true)].k-y", log: "{{ item }}"}
          - {for_each: "steps.all.results[*].state", log: "{{ index }} {{ item }}"}
        """,
        {"rows": [{"on": True, "k-y": 1}, {"on": False, "k-y": 2}, {"on": True, "k-y": 3}]},
    )
    assert ending == Ending(RunState.SUCCEEDED)
    assert bench.messages() == ["1", "3", "0 succeeded", "1 succeeded"]


def test_for_each_over_what_is_no_list_fails_and_says_so(bench: Bench) -> None:
    ending = bench.run("steps: [{id: all, for_each: $.names, log: x}]", {"names": "ada"})
    assert ending is not None
    assert "not a list" in (ending.error or "")


RETRIED = "steps: [{log: first}, {id: flaky, shell: 'test -e go', retry: {attempts: 3, delay: 10s, backoff: 2}}, {log: last}]"


def test_a_retry_waits_in_the_journal_and_goes_on_where_it_stood(bench: Bench) -> None:
    rule = rule_of(RETRIED)
    event = bench.start(rule, None)
    assert bench.proceed(rule, event) is None
    [run] = bench.journal.runs(RunFilter())
    assert (run.state, run.due_at) == (RunState.WAITING, bench.clock() + 10)
    assert bench.claim() is None
    (bench.folder / "go").touch()
    bench.clock.now += 10
    assert bench.proceed(rule, event) == Ending(RunState.SUCCEEDED)
    assert bench.messages() == ["first", "last"]
    assert [step.attempts for step in bench.journal.steps(run.id)] == [1, 2, 1]


def test_out_of_attempts_is_dead(bench: Bench) -> None:
    rule = rule_of(RETRIED)
    event = bench.start(rule, None)
    for _ in range(2):
        assert bench.proceed(rule, event) is None
        bench.clock.now += 100
    ending = bench.proceed(rule, event)
    assert ending is not None
    assert ending.state is RunState.DEAD


def test_a_run_that_was_broken_off_resumes_at_the_first_step_without_a_result(bench: Bench) -> None:
    rule = rule_of(
        """
        steps:
          - {id: one, shell: "echo $HOOKRULES_IDEMPOTENCY_KEY $HOOKRULES_ATTEMPT >> one"}
          - {id: two, log: "{{ steps.one.exit_code }}"}
          - {shell: "echo $HOOKRULES_IDEMPOTENCY_KEY $HOOKRULES_ATTEMPT >> three"}
        """
    )
    event = bench.start(rule, None)

    def power_fails(level: str, message: str) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        bench.proceed(rule, event, power_fails)
    bench.clock.now += 31
    assert bench.proceed(rule, event) == Ending(RunState.SUCCEEDED)
    assert (bench.folder / "one").read_text().split()[1:] == ["1"]
    assert [step.attempts for step in bench.journal.steps(bench.journal.runs(RunFilter())[0].id)] == [1, 2, 1]


def test_a_worker_that_comes_back_late_writes_nothing(bench: Bench) -> None:
    rule = rule_of("steps: [{log: hello}]")
    event = bench.start(rule, None)
    run = bench.claim()
    assert run is not None
    late = Execution(run, rule, event, bench.workshop())
    bench.clock.now += 31
    assert bench.proceed(rule, event) == Ending(RunState.SUCCEEDED)
    with pytest.raises(LeaseLost):
        late.proceed()
    with pytest.raises(LeaseLost):
        bench.journal.end_run(run, RunState.DEAD, bench.clock())
    assert bench.messages() == ["hello"]


def test_the_rules_timeout_bounds_all_of_its_steps(bench: Bench) -> None:
    rule = rule_of("timeout: 5s\nsteps: [{id: a, shell: exit 1, retry: {attempts: 9, delay: 6s, jitter: false}}]")
    event = bench.start(rule, None)
    assert bench.proceed(rule, event) is None
    bench.clock.now += 6
    ending = bench.proceed(rule, event)
    assert ending is not None
    assert "timeout of 5 s" in (ending.error or "")


@pytest.mark.parametrize("waits", ["shell: exit 1, retry: {attempts: 9, delay: 1h}", "wait: 1h", "wait: {for: approval, timeout: 30d}"])
def test_what_waits_beyond_the_rules_timeout_ends_when_that_is_over(bench: Bench, waits: str) -> None:
    rule = rule_of(f"timeout: 5s\nsteps: [{{{waits}}}]")
    event = bench.start(rule, None)
    assert bench.proceed(rule, event) is None
    bench.clock.now += 4.9
    assert bench.claim() is None
    bench.clock.now += 0.1
    ending = bench.proceed(rule, event)
    assert ending == Ending(RunState.DEAD, "steps[0]: the rule's timeout of 5 s is over")


def test_on_failure_and_finally_are_done_when_the_rules_time_is_over(bench: Bench) -> None:
    rule = rule_of("timeout: 5s\nsteps: [{wait: 1h}]\non_failure: [{log: told}]\nfinally: [{log: cleared away}]")
    event = bench.start(rule, None)
    assert bench.proceed(rule, event) is None
    bench.clock.now += 5
    ending = bench.proceed(rule, event)
    assert ending is not None
    assert ending.state is RunState.FAILED
    assert bench.messages() == ["told", "cleared away"]


def test_an_approval_outlives_a_worker_that_dies_when_the_run_has_just_gone_on(bench: Bench) -> None:
    rule = rule_of("steps: [{wait: {for: approval, timeout: 1h}}, {log: approved}]")
    event = bench.start(rule, None)
    assert bench.proceed(rule, event) is None
    [run] = bench.journal.runs(RunFilter())
    assert bench.journal.approve(run.id, bench.clock(), "ann")
    claimed = bench.claim()
    assert claimed is not None
    attempts = Execution(claimed, rule, event, bench.workshop(), bench.halt)._attempts
    bench.journal.write_step(claimed, attempts.begin("steps[0]", rule.steps[0]))
    bench.clock.now += LEASE
    assert bench.proceed(rule, event) == Ending(RunState.SUCCEEDED)
    assert bench.messages() == ["approved"]


def test_an_approval_is_for_one_step_and_not_for_the_next_that_waits(bench: Bench) -> None:
    rule = rule_of("steps: [{wait: {for: approval, timeout: 1h}}, {wait: {for: approval, timeout: 1h}}]")
    event = bench.start(rule, None)
    assert bench.proceed(rule, event) is None
    [run] = bench.journal.runs(RunFilter())
    bench.journal.approve(run.id, bench.clock(), "ann")
    claimed = bench.claim()
    assert claimed is not None
    attempts = Execution(claimed, rule, event, bench.workshop(), bench.halt)._attempts
    bench.journal.write_step(claimed, replace(attempts.begin("steps[0]", rule.steps[0]), state=StepState.SUCCEEDED))
    bench.journal.write_step(claimed, attempts.begin("steps[1]", rule.steps[1]))
    bench.clock.now += LEASE
    assert bench.proceed(rule, event) is None
    assert bench.journal.approve(run.id, bench.clock(), "bob")


def test_a_secret_that_a_command_prints_is_masked_before_it_is_kept(bench: Bench) -> None:
    bench.run("steps: [{id: leak, shell: 'echo {{ secrets.chat }}; echo {{ secrets.chat }} >&2; exit 1'}]")
    [run] = bench.journal.runs(RunFilter())
    [step] = bench.journal.steps(run.id)
    assert step.state is StepState.FAILED
    assert "a secret" not in repr(step)
    assert "a secret" not in (run.error or "")
    assert "•••" in step.result["stdout"]


def test_a_secret_that_a_rule_logs_is_masked(bench: Bench) -> None:
    bench.run("steps: [{log: 'chat at {{ secrets.chat }}'}]")
    assert bench.messages() == ["chat at •••"]


def test_a_secret_in_what_a_rule_emits_is_masked(bench: Bench) -> None:
    bench.run("steps: [{emit: {event: internal.done, payload: {at: '{{ secrets.chat }}', n: 1}}}]")
    [event] = bench.journal.events(EventFilter(source="internal"))
    assert event.payload == {"at": "•••", "n": 1}
    assert b"a secret" not in event.body


GO = "for: {{on: lab, when: $.k == {fact}}}, timeout: 1h"


def test_a_wait_whose_condition_names_a_secret_fails_instead_of_comparing_with_its_mask(bench: Bench) -> None:
    ending = bench.run(f"vars: {{k: '{{{{ secrets.chat }}}}'}}\nsteps: [{{wait: {{{GO.format(fact='vars.k')}}}}}]")
    assert ending is not None
    assert ending.state is RunState.DEAD
    assert "vars.k holds a secret" in (ending.error or "")


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        (
            f"vars: {{k: x, s: '{{{{ secrets.chat }}}}'}}\nsteps: [{{wait: {{{GO.format(fact='vars.k')}}}}}]",
            {"vars": {"k": "x", "s": "•••"}},
        ),
        (f"steps: [{{for_each: $.l, wait: {{{GO.format(fact='item')}}}}}]", {"item": "a", "index": 0}),
    ],
)
def test_a_wait_keeps_what_its_condition_may_name(bench: Bench, rule: str, names: Mapping[str, Any]) -> None:
    assert bench.run(rule, {"l": ["a", "b"]}) is None
    [waiting] = bench.journal.waiting_for_events()
    assert {**waiting.expects.names, **names} == waiting.expects.names


def test_told_to_stop_a_run_is_handed_back_as_it_stands(bench: Bench) -> None:
    rule = rule_of("steps: [{log: first}, {shell: sleep 60}]")
    event = bench.start(rule, None)
    assert bench.proceed(rule, event, lambda level, message: bench.halt.stop()) is None
    [run] = bench.journal.runs(RunFilter())
    assert run.state is RunState.QUEUED
    assert [step.state for step in bench.journal.steps(run.id)] == [StepState.SUCCEEDED, StepState.RUNNING]


def test_items_are_done_several_at_a_time_where_the_step_says_so(bench: Bench) -> None:
    meeting = "touch {{ item }}; until [ -e a ] && [ -e b ]; do :; done"  # each ends only when the other has begun
    ending = bench.run(f"steps: [{{id: meet, for_each: $.names, parallel: 2, timeout: 20s, shell: '{meeting}'}}]", {"names": ["a", "b"]})
    assert ending == Ending(RunState.SUCCEEDED)


def test_the_result_of_an_item_is_kept_while_others_are_still_at_it(bench: Bench) -> None:
    rule = rule_of('steps: [{for_each: $.names, parallel: 2, log: "{{ item }}"}]')
    event = bench.start(rule, {"names": ["short", "long"]})
    [run] = bench.journal.runs(RunFilter())

    def short_is_kept() -> bool:
        return any(step.key == "steps[0][0]" and step.state is StepState.SUCCEEDED for step in bench.journal.steps(run.id))

    begun = threading.Event()

    def log(_: str, message: str) -> None:
        if message == "short":
            assert begun.wait(20)
            return
        begun.set()
        deadline = time.monotonic() + 20
        while not short_is_kept():
            assert time.monotonic() < deadline, "not while the long one went on"

    assert bench.proceed(rule, event, log) == Ending(RunState.SUCCEEDED)


def test_items_at_a_time_that_are_tried_again_wait_together_and_succeed_alone(bench: Bench) -> None:
    once = "[ -e {{ item }} ] || { touch {{ item }}; exit 1; }"
    rule = rule_of(f"steps: [{{for_each: $.names, parallel: 3, retry: {{attempts: 2, delay: 10s}}, shell: '{once}'}}]")
    (bench.folder / "b").touch()
    event = bench.start(rule, {"names": ["a", "b", "c"]})
    assert bench.proceed(rule, event) is None
    bench.clock.now += 20
    assert bench.proceed(rule, event) == Ending(RunState.SUCCEEDED)
    (run,) = bench.journal.runs(RunFilter())
    attempts = {step.key: step.attempts for step in bench.journal.steps(run.id)}
    assert attempts == {"steps[0][0]": 2, "steps[0][1]": 1, "steps[0][2]": 2, "steps[0]": 1}


def test_a_run_whose_end_is_asked_for_does_what_finally_says_and_no_more(bench: Bench) -> None:
    rule = rule_of("steps: [{shell: exec cat /dev/zero > /dev/null}, {log: never}]\non_failure: [{log: no}]\nfinally: [{log: tidied}]")
    event = bench.start(rule, {})
    threading.Timer(0.05, bench.halt.cancel).start()
    ending = bench.proceed(rule, event)
    assert ending is not None
    assert (ending.state, bench.messages()) == (RunState.CANCELLED, ["tidied"])
    (run,) = bench.journal.runs(RunFilter())
    assert [step.state for step in bench.journal.steps(run.id)] == [StepState.CANCELLED, StepState.SUCCEEDED]


def test_a_waiting_run_whose_end_is_asked_for_ends_at_once(bench: Bench) -> None:
    rule = rule_of("steps: [{wait: 5m}, {log: never}]\nfinally: [{log: tidied}]")
    event = bench.start(rule, {})
    assert bench.proceed(rule, event) is None
    (run,) = bench.journal.runs(RunFilter())
    assert bench.journal.cancel(run.id, bench.clock()) is RunState.WAITING
    ending = bench.proceed(rule, event)
    assert ending is not None
    assert (ending.state, bench.messages()) == (RunState.CANCELLED, ["tidied"])
    assert bench.journal.steps(run.id)[0].state is StepState.CANCELLED


def test_a_waiting_run_that_a_newer_one_ends_says_so(bench: Bench) -> None:
    rule = rule_of("concurrency: {mode: cancel}\nsteps: [{wait: 5m}]")
    event = bench.start(rule, {})
    assert bench.proceed(rule, event) is None
    bench.start(rule, {})
    newer, waiting = bench.journal.runs(RunFilter())
    assert bench.proceed(rule, event) == Ending(RunState.CANCELLED, f"run {newer.id} came after it")
    ended = bench.journal.run(waiting.id)
    assert ended is not None
    assert ended.state is RunState.CANCELLED


def test_a_dead_run_that_is_done_again_goes_on_at_the_step_that_failed_under_a_new_key(bench: Bench) -> None:
    rule = rule_of("steps: [{log: first}, {shell: 'echo $HOOKRULES_IDEMPOTENCY_KEY >> keys; [ -e there ]'}, {log: last}]")
    event = bench.start(rule, {})
    ending = bench.proceed(rule, event)
    assert ending is not None
    assert ending.state is RunState.DEAD
    (bench.folder / "there").touch()
    (run,) = bench.journal.runs(RunFilter())
    assert bench.journal.retry(run.id, bench.clock()) is RunState.DEAD
    assert bench.proceed(rule, event) == Ending(RunState.SUCCEEDED)
    assert bench.messages() == ["first", "last"]
    first, second = (bench.folder / "keys").read_text().split()
    assert first != second


def test_a_step_that_a_crash_interrupted_is_done_again_unless_the_rule_says_otherwise(bench: Bench) -> None:
    for once, done in ((False, RunState.SUCCEEDED), (True, RunState.DEAD)):
        rule = rule_of(f"name: once-{str(once).lower()}\nat_most_once: {str(once).lower()}\nsteps: [{{log: charged}}]")
        event = bench.start(rule, {})
        run = bench.claim()
        assert run is not None
        bench.journal.write_step(run, Step(run.id, "steps[0]", "log", StepState.RUNNING, 1, bench.clock()))
        bench.clock.now += 60
        ending = bench.proceed(rule, event)
        assert ending is not None
        assert ending.state is done
    assert bench.messages() == ["charged"]
    assert "at_most_once" in str(ending.error)


def test_one_run_for_many_events_has_them_all_and_the_last_one_s_payload(bench: Bench) -> None:
    rule = rule_of("throttle: {collect: 1m}\nsteps: [{log: '{{ payload.n }}: {% for each in events %}{{ each.payload.n }} {% endfor %}'}]")
    for number in range(3):
        event = bench.start(rule, {"n": number})
    bench.clock.now += 60
    assert bench.proceed(rule, event) == Ending(RunState.SUCCEEDED)
    assert bench.messages() == ["2: 0 1 2 "]


FORGE = """
  - status: {forge: here, repo: acme/shop, sha: 0123456789abcdef0123456789abcdef01234567, context: ci}
"""


@pytest.fixture
def forge(bench: Bench) -> Iterator[Server]:
    with http_server() as server:
        bench.services = {"forges": {"here": gitea_at(server.url)}}
        bench.console_url = "https://console.example.com/"
        yield server


def gitea_at(url: str) -> Service:
    written = {"kind": "gitea", "url": url, "token": "a long token", "allow_private": True}
    return service("forges").model_validate(written, context={"vault": Vault({}, Path())})


def statuses(server: Server) -> list[tuple[str, str]]:
    told = [json.loads(seen.body) for seen in server.seen]
    return [(each["state"], each["description"]) for each in told]


def test_a_commit_s_status_is_pending_and_then_how_the_run_ended(bench: Bench, forge: Server) -> None:
    assert bench.run(f"steps: {FORGE}  - log: x") == Ending(RunState.SUCCEEDED)
    assert statuses(forge) == [("pending", "running"), ("success", "succeeded")]
    links = {json.loads(seen.body)["target_url"] for seen in forge.seen}
    (run,) = bench.journal.runs(RunFilter())
    assert links == {f"https://console.example.com/runs/{run.id}"}


def test_a_failure_reaches_the_commit_s_status_and_names_the_step(bench: Bench, forge: Server) -> None:
    bench.run(f"steps: {FORGE}  - {{id: build, shell: exit 1}}")
    assert statuses(forge) == [("pending", "running"), ("failure", "failed at build")]


def test_a_status_that_was_not_reached_is_not_concluded(bench: Bench, forge: Server) -> None:
    bench.run(f"steps: \n  - {{id: build, shell: exit 1}}{FORGE}")
    assert statuses(forge) == []


def test_the_status_of_a_run_whose_time_is_over_is_a_failure(bench: Bench, forge: Server) -> None:
    rule = rule_of(f"timeout: 1m\nsteps: {FORGE}  - {{log: a}}\n  - {{log: b}}")
    event = bench.start(rule, None)

    def late(level: str, message: str) -> None:
        bench.clock.now += 100

    ending = bench.proceed(rule, event, late)
    assert ending is not None
    assert ending.state is RunState.DEAD
    assert [state for state, _ in statuses(forge)] == ["pending", "failure"]


def test_a_conclusion_that_fails_is_tried_again_and_the_run_ends_all_the_same(bench: Bench, forge: Server) -> None:
    rule = rule_of(f"retry: {{attempts: 3, delay: 1s}}\nsteps: {FORGE}  - log: x")
    event = bench.start(rule, None)

    forges = {"here": gitea_at(forge.url)}
    bench.services = {"forges": forges}

    def gone(level: str, message: str) -> None:
        forges["here"] = gitea_at(f"{forge.url}/status/503")

    assert bench.proceed(rule, event, gone) is None
    forges["here"] = gitea_at(forge.url)
    bench.clock.now += 10
    assert bench.proceed(rule, event) == Ending(RunState.SUCCEEDED)
    assert [state for state, _ in statuses(forge)] == ["pending", "success", "success"]
