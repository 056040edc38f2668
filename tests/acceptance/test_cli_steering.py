"""What people ask of runs, over a journal as a worker left it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import hookrules, json_lines, project, serving
from support_cli import fails
from support_journal import step
from support_waiting import until

from hookrules.engine.config.loading import load
from hookrules.engine.journal import Breaker, Journal, RunFilter, Turn
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.model import Event, Expectation, Match, Run, RunState, StepState

RULES = """
rules:
  - name: deploy
    on: github.push
    steps:
      - log: first
      - shell: exit 3
"""
QUEUE = """
rules:
  - name: deploy
    on: github.push
    concurrency: {mode: queue}
    steps:
      - shell: "[ -e mended ] || exit 3; touch begun; until [ -e go ]; do sleep 0.05; done"
"""
NOW = 1_760_000_000.0
FAR = 4_000_000_000.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path, RULES)


@pytest.fixture
def journal(folder: Path) -> Iterator[Journal]:
    journal = SqliteJournal(folder / "journal.db")
    yield journal
    journal.close()


def dead_run(journal: Journal, number: int = 0, rule: str = "deploy") -> Run:
    event = Event(f"evt_{number}", "github", "push", {"ref": "refs/heads/main"}, b"{}", NOW)
    journal.accept([(event, [Match(rule, "gone")])]).result()
    (run,) = journal.claim("w", NOW, 30, Turn(1))
    journal.write_step(run, step(run, "steps[0]", state=StepState.SUCCEEDED))
    journal.write_step(run, step(run, "steps[1]", state=StepState.FAILED))
    journal.end_run(run, RunState.DEAD, NOW, "it failed")
    return run


def state_of(folder: Path, run: Run) -> str:
    (told,) = [each for each in json_lines(hookrules(folder, "runs", "--format", "json")) if each["id"] == run.id]
    return str(told["state"])


def test_a_dead_run_is_queued_again_and_keeps_what_went_well(folder: Path, journal: Journal) -> None:
    run = dead_run(journal)
    assert "by the rule that it began with" in hookrules(folder, "retry", run.id)
    assert state_of(folder, run) == "queued"
    assert [each.key for each in journal.steps(run.id)] == ["steps[0]"]


def test_a_mended_rule_starts_from_its_first_step(folder: Path, journal: Journal) -> None:
    run = dead_run(journal)
    assert "by the rule as it is now" in hookrules(folder, "retry", run.id, "--new-rule")
    again = journal.run(run.id)
    loaded = load(folder / "hookrules.yaml", environ={"GITHUB_WEBHOOK_SECRET": "it is long enough"}).ruleset
    assert again is not None
    assert journal.steps(run.id) == []
    assert loaded is None or again.digest == loaded.rules["deploy"].digest


def test_all_dead_runs_of_a_rule_can_be_done_again_at_once(folder: Path, journal: Journal) -> None:
    runs = [dead_run(journal, number, rule) for number, rule in enumerate(["deploy", "other", "deploy"])]
    told = hookrules(folder, "retry", "--dead", "--rule", "deploy").splitlines()
    assert len(told) == 2
    assert [state_of(folder, run) for run in runs] == ["queued", "dead", "queued"]


def test_runs_of_a_queue_that_are_done_again_at_once_run_one_at_a_time(tmp_path: Path) -> None:
    with serving(project(tmp_path, QUEUE)) as server:
        for number in range(3):
            server.github("push", {"ref": str(number)})
        dead = [server.wait_for("run", count) for count in (1, 2, 3)]
        server.stop()
    (tmp_path / "mended").touch()
    hookrules(tmp_path, "retry", "--dead")
    with serving(tmp_path) as server:
        until((tmp_path / "begun").exists)
        assert [run["state"] for run in json_lines(hookrules(tmp_path, "runs", "--format", "json"))] == ["queued", "queued", "running"]
        (tmp_path / "go").touch()
        again = [server.wait_for("run", count) for count in (1, 2, 3)]
    assert [(run["id"], run["state"]) for run in again] == [(run["id"], "succeeded") for run in dead]


def test_by_a_rule_that_has_become_a_queue_they_run_one_at_a_time(folder: Path, journal: Journal) -> None:
    runs = [dead_run(journal, number) for number in range(2)]
    project(folder, QUEUE)
    hookrules(folder, "retry", "--dead", "--new-rule")
    assert [run.id for run in journal.claim("w", FAR, 30, Turn(10))] == [runs[0].id]


def test_a_dead_run_can_be_dismissed(folder: Path, journal: Journal) -> None:
    run = dead_run(journal)
    assert "dismissed" in hookrules(folder, "cancel", run.id)
    assert state_of(folder, run) == "cancelled"


def test_what_can_t_be_done_is_said(folder: Path, journal: Journal) -> None:
    run = dead_run(journal)
    journal.retry(run.id, NOW)
    for words in (["retry", run.id], ["approve", run.id], ["cancel", "run_nowhere"], ["retry"], ["replay", "evt_nowhere"]):
        hookrules(folder, *words, code=None if words == ["retry"] else 1)


def test_a_replay_for_a_rule_that_there_is_not_names_the_one_that_was_meant(folder: Path) -> None:
    assert fails("replay", "evt_0", "--rule", "deploi", folder=folder) == "hookrules: there is no rule 'deploi'; did you mean 'deploy'?\n"
    assert fails("replay", "evt_0", "--rule", "nope", folder=folder) == "hookrules: there is no rule 'nope'; known: deploy\n"


def test_a_replayed_event_runs_its_rules_again_and_keeps_its_body(folder: Path, journal: Journal) -> None:
    event = Event("evt_0", "github", "push", {"ref": "refs/heads/main"}, b'{"ref": "refs/heads/main"}', NOW, delivery_id="d")
    journal.accept([(event, [])]).result()
    assert "deploy (run_" in hookrules(folder, "replay", "evt_0")
    (run,) = journal.runs(RunFilter())
    again = journal.event(run.event_id)
    assert again is not None
    assert (again.body, again.payload) == (event.body, event.payload)


def test_cancel_reaches_a_running_command(tmp_path: Path) -> None:
    rules = """
    rules:
      - name: long
        on: github.push
        steps:
          - shell: touch begun; exec cat /dev/zero > /dev/null
        finally:
          - log: tidied
    """
    with serving(project(tmp_path, rules)) as server:
        _, answer = server.github("push", {"ref": "x"})
        run = answer["runs"][0]["id"]
        while not (tmp_path / "begun").exists():
            pass
        hookrules(tmp_path, "cancel", run)
        server.wait_for("tidied")
        assert server.wait_for("run")["state"] == "cancelled"


def test_a_run_that_a_newer_one_ends_says_so(tmp_path: Path) -> None:
    rules = """
    rules:
      - name: build
        on: github.push
        concurrency: {mode: cancel}
        steps:
          - if: $.ref == old
            shell: touch begun; exec cat /dev/zero > /dev/null
    """
    with serving(project(tmp_path, rules)) as server:
        _, answer = server.github("push", {"ref": "old"})
        old = answer["runs"][0]["id"]
        until((tmp_path / "begun").exists)
        _, answer = server.github("push", {"ref": "new"})
        why = f"run {answer['runs'][0]['id']} came after it"
        ended = server.wait_for("run")
        assert (ended["id"], ended["state"], ended["error"]) == (old, "cancelled", why)
        assert server.wait_for("run", 2)["state"] == "succeeded"
        assert json_lines(hookrules(tmp_path, "runs", "--format", "json"))[1]["error"] == why
        assert why in hookrules(tmp_path, "show", old)


def test_an_open_breaker_is_listed_and_a_person_closes_it(folder: Path, journal: Journal) -> None:
    api = "https://api.example.com"
    journal.move_breaker(api, None, Breaker(api, NOW, failures=5, openings=1, until=NOW + 30), NOW)
    event = Event("evt_1", "github", "push", {}, b"{}", NOW)
    journal.accept([(event, [Match("deploy", "gone")])]).result()
    (run,) = journal.claim("w", NOW, 30, Turn(1))
    journal.park(run, step(run, state=StepState.WAITING), FAR, Expectation(target=api))

    (told,) = json_lines(hookrules(folder, "breakers", "--format", "json"))
    assert (told["target"], told["state"], told["failures"], told["until"]) == (api, "open", 5, "2025-10-09T08:53:50.000Z")
    assert api in hookrules(folder, "breakers")
    hookrules(folder, "breakers", "--reset", "https://elsewhere.example", code=1)
    hookrules(folder, "breakers", "--reset", api)
    assert journal.breakers() == []
    released = journal.run(run.id)
    assert released is not None
    assert released.due_at < FAR
