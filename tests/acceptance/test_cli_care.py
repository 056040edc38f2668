"""`hookrules journal`, and what other verbs say where retention has taken a payload."""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support_cli import fails, hookrules
from support_journal import LEASE, NOW, claim_one, event, step

from hookrules.engine.journal import Bounds, EventFilter, Mark, RuleText, RunFilter, Shelf, Silence, Turn
from hookrules.engine.journal.opening import open_journal
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.journal.sqlite_schema import VERSION
from hookrules.engine.model import Expectation, Group, Match, Mode, Reply, RunState, StepState

CONFIG = """
store: sqlite:///journal.db
sources: {lab: {verify: none}}
"""
RULES = """
rules:
  - {name: deploy, on: lab, steps: [{log: "{{ payload }}"}]}
"""
KEY = "a key of at least thirty-two characters"


def project(folder: Path, extra: str = "") -> Path:
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "rules.yaml").write_text(RULES)
    (folder / "hookrules.yaml").write_text(CONFIG + extra)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path / "here")


@pytest.fixture
def journal(folder: Path) -> Iterator[SqliteJournal]:
    """Runs of all kinds: done, dead with an answer, waiting for an event, held by its group, and of several events."""
    with closing(SqliteJournal(folder / "journal.db")) as journal:
        journal.keep_rules([RuleText("d", "deploy", '{"name":"deploy","on":"lab","steps":[{"log":"{{ payload }}"}]}')])
        bodies = {"evt_json": b'{"a":[1,2.50]}', "evt_spaced": b'{ "a" : 1 }', "evt_bytes": b"\x00\xff\n", "evt_empty": b""}
        payloads = {"evt_json": {"a": [1, 2.5]}, "evt_spaced": {"a": 1}, "evt_bytes": None, "evt_empty": None}
        for number, (id_, body) in enumerate(bodies.items()):
            sent = event(id_, source="lab", type="", payload=payloads[id_], body=body, delivery_id=f"d{number}", headers={"x": ("1", "ü")})
            match = Match("deploy", "d", group=Group("g", Mode.QUEUE) if number else None)
            journal.accept([(sent, [match])]).result()
        done = claim_one(journal)
        journal.write_step(done, step(done, state=StepState.SUCCEEDED, result={"text": "hé"}))
        journal.end_run(done, RunState.DEAD, NOW + 1, error="no\nway", response=Reply(202, b"later"))
        waits = claim_one(journal)
        journal.park(waits, step(waits), NOW + 60, Expectation(events=("lab",), condition="$.a == 1", names={"vars": {"n": 1}}))
        journal.plan_schedule("nightly", NOW + 5)
        journal.plan_silences([Silence("beat", "host-1", NOW + 9, "evt_json")])
        yield journal


def content(journal: SqliteJournal) -> object:
    """All that the port tells."""
    runs = journal.runs(RunFilter())
    return (
        journal.events(EventFilter()),
        runs,
        [journal.steps(run.id) for run in runs],
        [journal.response(run.id) for run in runs],
        [(each.run_id, each.expects) for each in journal.waiting_for_events()],
        journal.schedule_due("nightly"),
        journal.silent(NOW + 100),
        journal.rule_text("d"),
    )


def test_what_is_exported_is_imported_whole_and_only_once(folder: Path, journal: SqliteJournal, tmp_path: Path) -> None:
    other = project(tmp_path / "there")
    assert "4 events, 4 runs" in hookrules("journal", "export", "all.jsonl", folder=folder).stderr
    exported = (folder / "all.jsonl").read_text()
    told = [hookrules("journal", "import", "-", folder=other, stdin=exported).stderr for _ in range(2)]
    assert told == [
        "new: 1 rule, 1 schedule, 4 events, 4 runs, 0 partials, 1 silence\n",
        "new: 0 rules, 0 schedules, 0 events, 0 runs, 0 partials, 0 silences\n",
    ]
    with closing(SqliteJournal(other / "journal.db")) as taken:
        assert content(taken) == content(journal)
        (held,) = [run for run in taken.claim("w", NOW + 60, LEASE, Turn(10)) if run.event_id == "evt_spaced"]
        taken.end_run(held, RunState.SUCCEEDED, NOW + 61)
        assert claim_one(taken, now=NOW + 61).event_id == "evt_bytes"


def test_an_export_is_lines_of_json_that_people_can_read(folder: Path, journal: SqliteJournal) -> None:
    head, *lines = map(json.loads, hookrules("journal", "export", folder=folder).stdout.splitlines())
    assert head == {"hookrules": "journal", "version": 1}
    events = {line["id"]: line for line in lines if line["kind"] == "event"}
    assert (events["evt_json"]["payload"], "body" in events["evt_json"]) == ({"a": [1, 2.5]}, True)
    assert events["evt_spaced"]["body"] == '{ "a" : 1 }'
    assert events["evt_bytes"]["body_base64"] == "AP8K"
    assert events["evt_json"]["headers"] == {"x": ["1", "ü"]}
    (done,) = [line for line in lines if line.get("state") == "dead"]
    assert (done["event"], done["steps"][0]["result"]) == ("evt_json", {"text": "hé"})


def test_a_run_that_a_worker_holds_is_queued_where_it_is_imported(folder: Path, tmp_path: Path) -> None:
    with closing(SqliteJournal(folder / "journal.db")) as journal:
        journal.accept([(event(), [Match("deploy", "d")])]).result()
        claim_one(journal)
    other = project(tmp_path / "there")
    hookrules("journal", "import", "-", folder=other, stdin=hookrules("journal", "export", folder=folder).stdout)
    with closing(SqliteJournal(other / "journal.db")) as taken:
        again = claim_one(taken)
        assert (again.state, again.fence) == (RunState.RUNNING, 2)


def test_an_export_opens_what_is_encrypted_and_an_import_encrypts_it(folder: Path, journal: SqliteJournal, tmp_path: Path) -> None:
    sealed = project(tmp_path / "sealed", f"encryption: {{key: {KEY}}}\n")
    plain = project(tmp_path / "plain")
    first = hookrules("journal", "export", folder=folder).stdout
    hookrules("journal", "import", "-", folder=sealed, stdin=first)
    assert b"later" not in (sealed / "journal.db").read_bytes()
    second = hookrules("journal", "export", folder=sealed).stdout
    assert second == first
    hookrules("journal", "import", "-", folder=plain, stdin=second)
    with closing(SqliteJournal(plain / "journal.db")) as taken:
        assert content(taken) == content(journal)


def test_an_emptied_event_stays_empty(folder: Path, tmp_path: Path) -> None:
    other = project(tmp_path / "there")
    with closing(SqliteJournal(folder / "journal.db")) as journal:
        journal.accept([(event(delivery_id="d"), [])]).result()
        journal.tidy(Bounds(outputs=NOW, payloads=NOW + 1), Mark(Shelf.PAYLOADS))
        hookrules("journal", "import", "-", folder=other, stdin=hookrules("journal", "export", folder=folder).stdout)
        with closing(SqliteJournal(other / "journal.db")) as taken:
            assert taken.events(EventFilter()) == journal.events(EventFilter())


HEAD = '{"hookrules":"journal","version":1}\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: this is no export of a journal"),
        ("{}\n", "line 1: this is no export of a journal"),
        ('{"hookrules":"journal","version":9}\n', "line 1: the export is of version 9, and this hookrules knows 1; upgrade"),
        (HEAD + "\n[1]\n", "line 3: Expected `object`"),
        (HEAD + '{"kind":"event"}\n', "line 2: it has no 'digest'"),
        (HEAD + '{"kind":"pudding"}\n', "line 2: it has no 'pudding', or that is none of rule"),
        (HEAD + '{"kind":"run","id":"r","event":"gone"}\n', "line 2: NOT NULL constraint failed: runs."),
        (HEAD + '{"kind":"rule","digest":"d","name":"n","text":["t"]}\n', "line 2: "),
        (HEAD + '{"kind":"rule","digest":"d","name":"n","text":"t"', "line 2: Input data was truncated"),
    ],
)
def test_a_line_that_is_no_good_is_named(folder: Path, tmp_path: Path, text: str, words: str) -> None:
    (folder / "bad.jsonl").write_text(text)
    assert words in fails("journal", "import", "bad.jsonl", folder=folder)


def test_a_copy_is_made_while_it_is_written_to_and_is_whole(folder: Path, journal: SqliteJournal) -> None:
    assert "checked" in hookrules("journal", "backup", "copy.db", folder=folder).stderr
    before = content(journal)
    journal.accept([(event("evt_after"), [])]).result()
    assert (folder / "copy.db").stat().st_mode & 0o077 == 0
    assert {path.name for path in folder.glob("copy*")} == {"copy.db"}
    with closing(SqliteJournal(folder / "copy.db")) as copy:
        assert content(copy) == before


def test_no_file_is_written_over(folder: Path, journal: SqliteJournal) -> None:
    (folder / "there").write_text("mine")
    for verb in ("backup", "export"):
        assert "there is there already; name a new file" in fails("journal", verb, "there", folder=folder)
    assert (folder / "there").read_text() == "mine"


@pytest.mark.parametrize("verb", [["check"], ["backup", "x"], ["vacuum"], ["export"]])
def test_without_a_journal_there_is_nothing_to_look_after(folder: Path, verb: list[str]) -> None:
    assert "nothing has run yet: there is no journal" in fails("journal", *verb, folder=folder)
    assert not (folder / "journal.db").exists()


def test_a_journal_that_is_well_says_so(folder: Path, journal: SqliteJournal) -> None:
    assert hookrules("journal", "check", folder=folder).stdout == "journal.db: all is well\n"
    told = hookrules("journal", "check", "--format", "json", folder=folder)
    assert json.loads(told.stdout) == {"journal": "journal.db", "faults": []}


FAULTS = {
    "update runs set event = 999 where event = 1": "belongs to an event that is not there",
    "update runs set digest = 'gone' where ended_at is null": "has not ended, and the text of its rule deploy is not there",
    "update events set payload_kept = 0": "has not ended, and the payload of its event evt_spaced is gone",
    "update runs set group_name = null where held = 1": "is held, and has no group",
    "update runs set group_name = 'empty' where held = 1": "is held by the group empty, of which nothing goes on",
    "insert into cursors values ('correlate', 999)": "the events before number 999 count as looked at (correlate), and the newest is 4",
    "delete from runs where seq = 1": "row 1 of steps belongs to a row of runs that is not there",
}


@pytest.mark.parametrize("damage", FAULTS)
def test_what_is_wrong_is_told_and_the_exit_code_says_so(folder: Path, journal: SqliteJournal, damage: str) -> None:
    with closing(sqlite3.connect(folder / "journal.db")) as connection:
        connection.execute(damage)
        connection.commit()
    told = hookrules("journal", "check", folder=folder)
    assert told.returncode == 1
    assert FAULTS[damage] in told.stdout


def test_a_damaged_file_is_told(folder: Path, journal: SqliteJournal) -> None:
    journal.close()
    path = folder / "journal.db"
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * 4096 + whole[8192:])
    told = hookrules("journal", "check", folder=folder)
    assert told.returncode == 1
    assert "damaged; move it away and put a backup in its place" in told.stdout or "SQLite: " in told.stdout


def test_free_pages_go_back_to_the_disk_only_while_nobody_serves(folder: Path) -> None:
    with closing(SqliteJournal(folder / "journal.db")) as journal:
        big = [(event(f"evt_{number}", body=os.urandom(50_000), payload=None), ()) for number in range(40)]
        journal.accept(big).result()
        journal.tidy(Bounds(outputs=NOW, events=NOW + 1), Mark(Shelf.WHOLE))
        assert "it is in use; end what serves from it first" in fails("journal", "vacuum", folder=folder)
        journal.accept([(event("evt_more"), [])]).result()
    before = (folder / "journal.db").stat().st_size
    hookrules("journal", "vacuum", folder=folder)
    assert (folder / "journal.db").stat().st_size < before / 5
    with closing(SqliteJournal(folder / "journal.db")) as journal:
        assert journal.event("evt_more")


def test_an_older_journal_is_checked_as_far_as_it_goes(folder: Path, journal: SqliteJournal) -> None:
    with closing(sqlite3.connect(folder / "journal.db")) as connection:
        connection.execute(f"pragma user_version = {VERSION - 1}")
    assert hookrules("journal", "check", folder=folder).returncode == 0


@pytest.mark.parametrize("verb", [["replay", "evt_1"], ["explain", "evt_1"], ["retry", "RUN"], ["retry", "--new-rule", "RUN"]])
def test_what_needs_a_payload_that_is_gone_says_so(folder: Path, verb: list[str]) -> None:
    with closing(open_journal("sqlite:///journal.db", folder)) as journal:
        journal.accept([(event(source="lab"), [Match("deploy", "d")])]).result()
        run = claim_one(journal)
        journal.end_run(run, RunState.FAILED, NOW)
        journal.tidy(Bounds(outputs=NOW, payloads=NOW + 1), Mark(Shelf.PAYLOADS))
    told = fails(*[run.id if word == "RUN" else word for word in verb], folder=folder)
    assert "the payload of evt_1 is gone: it is older than `retention.payloads` keeps it" in told
    shown = hookrules("show", "evt_1", folder=folder)
    assert "the payload is gone" in shown.stdout
    assert json.loads(hookrules("show", "evt_1", "--format", "json", folder=folder).stdout)["payload_kept"] is False
