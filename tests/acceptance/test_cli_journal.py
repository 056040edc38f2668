"""`hookrules events`, `runs` and `show`."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support_cli import Result, fails, golden, hookrules

from hookrules.engine.journal import Breaker, Turn
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.model import Event, Expectation, Match, RunState, Step, StepState

NOON = 1_772_452_800.0
"""2026-03-02 12:00:00 UTC."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A starter in which nothing has come yet."""
    hookrules("init", folder=tmp_path)
    return tmp_path


@pytest.fixture
def journal(folder: Path) -> Iterator[SqliteJournal]:
    """A starter in whose journal lie a push that ran well, a pull request whose run died, and a ping."""
    numbers = itertools.count(1)
    journal = SqliteJournal(folder / "hookrules.db", randbits=lambda _: next(numbers))
    accept(journal, "evt_push", "push", "announce-push", at=0)
    (run,) = journal.claim("here", NOON + 1, 30, Turn(1))
    write(journal, run, "steps[0]", "announce", "shell", result={"exit_code": 0, "stdout": "acme/shop main is now b81e44c\n", "stderr": ""})
    journal.end_run(run, RunState.SUCCEEDED, NOON + 1.5)
    accept(journal, "evt_pull", "pull_request.opened", "note-pull-request", at=60)
    (run,) = journal.claim("here", NOON + 61, 30, Turn(1))
    output = "building\n" + "".join(f"step {number}\n" for number in range(50))
    write(
        journal,
        run,
        "steps[0]",
        "",
        "shell",
        attempts=3,
        error="exit code 2",
        result={"exit_code": 2, "stdout": output, "stderr": "no\x1b[2Jlink\n"},
    )
    journal.end_run(run, RunState.DEAD, NOON + 200, "steps[0]: exit code 2, after 3 attempts")
    accept(journal, "evt_ping", "ping", None, at=120)
    yield journal
    journal.close()


def accept(journal: SqliteJournal, event_id: str, event_type: str, rule: str | None, at: float) -> None:
    event = Event(
        id=event_id,
        source="github",
        type=event_type,
        payload={"zen": "Keep it logically awesome.", "title": "\x1b]0;pwned\x07 \u202eevil"},
        body=b"{}",
        received_at=NOON + at,
        delivery_id=f"delivery-{event_id}",
        headers={"x-github-event": (event_type.partition(".")[0],)},
        address="192.0.2.7",
        git={"repo": "acme/shop", "branch": "main", "files": ["a.py", "b.py"]},
    )
    journal.accept([(event, [Match(rule, "digest")] if rule else [])]).result()


def write(journal, run, key, name, kind, attempts=1, error=None, result=None) -> None:
    state = StepState.FAILED if error else StepState.SUCCEEDED
    started = run.started_at or NOON
    step = Step(run.id, key, kind, state, attempts, started, name=name, ended_at=started + 0.25, result=result, error=error)
    journal.write_step(run, step)


@pytest.mark.parametrize(("verb", "words"), [("events", "no events yet\n"), ("runs", "no runs yet\n")])
def test_before_anything_came_there_is_nothing_to_list_and_no_journal_is_made(folder: Path, verb: str, words: str) -> None:
    result = hookrules(verb, folder=folder)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", words)
    assert not list(folder.glob("hookrules.db*"))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("events.txt", ["events"]),
        ("runs.txt", ["runs"]),
        ("show_event.txt", ["show", "evt_pull"]),
        ("show_event_without_runs.txt", ["show", "evt_ping"]),
    ],
)
@pytest.mark.usefixtures("journal")
def test_the_journal_as_a_person_sees_it(folder: Path, name: str, arguments: list[str]) -> None:
    result = hookrules(*arguments, folder=folder)
    assert (result.returncode, result.stderr) == (0, "")
    golden(name, result.stdout)


@pytest.mark.parametrize("rule", ["announce-push", "note-pull-request"])
def test_a_run_as_a_person_sees_it(folder: Path, journal: SqliteJournal, rule: str) -> None:
    (run,) = (one for one in list_json("runs", folder=folder) if one["rule"] == rule)
    golden(f"show_run_{rule}.txt", hookrules("show", run["id"], folder=folder).stdout)


def list_json(*arguments: str, folder: Path) -> list[dict]:
    return [json.loads(line) for line in hookrules(*arguments, "--format", "json", folder=folder).stdout.splitlines()]


@pytest.mark.usefixtures("journal")
def test_json_lists_are_one_object_a_line_newest_first(folder: Path) -> None:
    assert [(event["id"], event["source"], event["type"], event["delivery_id"]) for event in list_json("events", folder=folder)] == [
        ("evt_ping", "github", "ping", "delivery-evt_ping"),
        ("evt_pull", "github", "pull_request.opened", "delivery-evt_pull"),
        ("evt_push", "github", "push", "delivery-evt_push"),
    ]
    assert [(run["rule"], run["event"], run["state"]) for run in list_json("runs", folder=folder)] == [
        ("note-pull-request", "evt_pull", "dead"),
        ("announce-push", "evt_push", "succeeded"),
    ]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["events", "--type", "pull_request"], ["evt_pull"]),
        (["events", "--source", "gitlab"], []),
        (["events", "--limit", "2"], ["evt_ping", "evt_pull"]),
        (["runs", "--state", "dead"], ["evt_pull"]),
        (["runs", "--rule", "announce-push"], ["evt_push"]),
        (["runs", "--event", "evt_push"], ["evt_push"]),
    ],
)
@pytest.mark.usefixtures("journal")
def test_filters_leave_what_was_asked_for(folder: Path, arguments: list[str], found: list[str]) -> None:
    assert [one.get("event", one["id"]) for one in list_json(*arguments, folder=folder)] == found


@pytest.mark.usefixtures("journal")
def test_a_list_that_filters_leave_empty_does_not_say_that_nothing_ever_came(folder: Path) -> None:
    told = {
        "events --source gitlab": "no events of source 'gitlab'\n",
        "events --type issue": "no events of type 'issue'\n",
        "events --source gitlab --type issue": "no events of source 'gitlab' and type 'issue'\n",
        "events --refused": "nothing was refused\n",
        "events --refused --source gitlab": "nothing of source 'gitlab' was refused\n",
        "runs --state queued": "no queued runs\n",
        "runs --rule gone": "no runs of rule 'gone'\n",
        "runs --rule gone --state dead --event evt_ping": "no dead runs of rule 'gone' for event evt_ping\n",
        "retry --dead --rule gone": "no run of rule 'gone' is dead\n",
    }
    for verb, words in told.items():
        assert hookrules(*verb.split(), folder=folder) == Result(0, "", words)


@pytest.mark.usefixtures("journal")
def test_show_as_json_holds_the_event_its_facts_and_its_runs(folder: Path) -> None:
    (shown,) = list_json("show", "evt_push", folder=folder)
    assert shown["payload"]["zen"] == "Keep it logically awesome."
    assert shown["git"]["files"] == ["a.py", "b.py"]
    assert [run["rule"] for run in shown["runs"]] == ["announce-push"]


@pytest.mark.usefixtures("journal")
def test_show_as_json_holds_a_run_and_its_steps(folder: Path) -> None:
    run = list_json("runs", "--state", "dead", folder=folder)[0]
    (shown,) = list_json("show", run["id"], folder=folder)
    assert shown["error"] == "steps[0]: exit code 2, after 3 attempts"
    (step,) = shown["steps"]
    assert (step["key"], step["action"], step["state"], step["attempts"], step["result"]["exit_code"]) == (
        "steps[0]",
        "shell",
        "failed",
        3,
        2,
    )


def test_a_run_that_waits_says_until_when_as_it_says_other_times(folder: Path, journal: SqliteJournal) -> None:
    accept(journal, "evt_wait", "push", "deploy", at=180)
    (run,) = journal.claim("here", NOON + 181, 30, Turn(1))
    waits = Step(run.id, "steps[0]", "wait", StepState.WAITING, 1, NOON + 181, result={"until": NOON + 600.5, "message": None})
    journal.park(run, waits, NOON + 600.5, Expectation(approval=True))
    shown = hookrules("show", run.id, folder=folder).stdout
    assert [line.split(maxsplit=1)[1] for line in shown.splitlines() if "until" in line] == ["2026-03-02 12:10:00"]


def test_breakers_say_nothing_untrue_where_there_is_none_and_after_a_reset(folder: Path, journal: SqliteJournal) -> None:
    words = "there is no breaker to show: none is open, and none has failures counted\n"
    assert hookrules("breakers", folder=folder) == Result(0, "", words)
    api = "https://api.example.com"
    journal.move_breaker(api, None, Breaker(api, NOON, failures=5, openings=1, until=NOON + 30), NOON)
    assert hookrules("breakers", "--reset", api, folder=folder) == Result(0, "", f"the breaker of {api} is closed\n{words}")


@pytest.mark.usefixtures("journal")
def test_the_end_of_an_id_is_enough(folder: Path) -> None:
    run = list_json("runs", "--rule", "announce-push", folder=folder)[0]
    assert list_json("show", run["id"][-6:], folder=folder)[0]["id"] == run["id"]


@pytest.mark.usefixtures("journal")
@pytest.mark.parametrize(
    ("identifier", "words"),
    [("evt_nothing", "there is no event and no run evt_nothing"), ("evt_p", "evt_p may be evt_ping or evt_pull or evt_push")],
)
def test_an_id_of_nothing_or_of_several_is_one_line(folder: Path, identifier: str, words: str) -> None:
    said = fails("show", identifier, folder=folder)
    assert said.startswith(f"hookrules: {words}")
    assert said.count("\n") == 1


@pytest.mark.usefixtures("journal")
def test_what_a_sender_wrote_cannot_drive_the_terminal(folder: Path) -> None:
    shown = hookrules("show", "evt_push", folder=folder).stdout
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)
    assert "\\u001b]0;pwned\\u0007 \\u202eevil" in shown


@pytest.mark.usefixtures("journal")
def test_the_journal_is_shown_while_the_rules_are_broken(folder: Path) -> None:
    (folder / "rules/push.yaml").write_text("rules: [{name: x, on: github.push, when: ref == main, steps: []}]")
    assert len(list_json("events", folder=folder)) == 3
