"""Journals of released versions, opened by today's code: all of it is there, and worked on.

What each version wrote stands here as SQL text, so that the test stays as it is while the code goes on.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support_journal import LEASE, NOW, accept, claim, event, step

from hookrules.engine.errors import JournalError
from hookrules.engine.journal import EventFilter, Journal, RuleText, RunFilter, Turn
from hookrules.engine.journal import sqlite_schema as schema
from hookrules.engine.journal.opening import open_journal
from hookrules.engine.journal.statements import read_sql
from hookrules.engine.model import Event, RunState, StepState

RELEASED = {1: "0.1.0"}
"""Version of the schema → the version of hookrules that was released with it."""

WRITTEN_BY_1 = """
insert into rules values
    ('d1', 'deploy', '{"name":"deploy","on":"github.push","steps":[{"shell":"true"},{"shell":"true"}]}'),
    ('d2', 'tell', '{"name":"tell","on":"github","steps":[{"log":"x"}]}');
insert into schedules values ('nightly cron 0 3 * * * UTC', 1700010000.0), ('never', null);
insert into events (seq, id, source, type, delivery_id, digest, received_at, address, hops, headers, query, git, payload, body) values
    (1, 'evt_push', 'github', 'push', 'd-1', x'090ba1b9ca860d37bb4ca7492549a8a347caac3490f763399e6498622c9b47f9', 1699999000.0, '192.0.2.7', 0,
        '{"x-github-event":["push"]}', '{"page":["1","2"]}', '{"repo":"acme/shop","branch":"main"}', null, cast('{"ref":"refs/heads/main"}' as blob)),
    (2, 'evt_form', 'github', 'ping', 'd-2', x'00', 1699999001.0, null, 0, '{}', '{}', '{}', cast('{"zen":"Keep it simple."}' as blob), cast('payload=%7B%22zen%22' as blob)),
    (3, 'evt_bytes', 'lab', '', null, x'01', 1699999002.0, null, 3, '{}', '{}', '{}', cast('null' as blob), x'00ff'),
    (4, 'evt_tick', 'schedule', 'nightly', 'nightly@2023-11-14', x'02', 1699999003.0, null, 0, '{}', '{}', '{}', null, cast('{"due":"now"}' as blob));
insert into runs (id, event, source, delivery_id, rule, digest, state, fence, worker, lease_until, due_at, created_at, started_at, ended_at, error)
values
    ('run_queued', 1, 'github', 'd-1', 'deploy', 'd1', 'queued', 0, null, null, 1699999000.0, 1699999000.0, null, null, null),
    ('run_waiting', 1, 'github', 'd-1', 'tell', 'd2', 'waiting', 2, null, null, 1700000050.0, 1699999000.0, 1699999000.5, null, null),
    ('run_running', 2, 'github', 'd-2', 'deploy', 'd1', 'running', 1, 'old:1', 1699999900.0, 1699999001.0, 1699999001.0, 1699999001.5, null, null),
    ('run_succeeded', 2, 'github', 'd-2', 'tell', 'd2', 'succeeded', 1, null, null, 1699999001.0, 1699999001.0, 1699999001.5, 1699999002.0, null),
    ('run_failed', 3, 'lab', null, 'deploy', 'd1', 'failed', 1, null, null, 1699999002.0, 1699999002.0, 1699999002.5, 1699999003.0, 'exit code 2'),
    ('run_dead', 3, 'lab', null, 'tell', 'd2', 'dead', 3, null, null, 1699999002.0, 1699999002.0, 1699999002.5, 1699999009.0, 'exit code 1'),
    ('run_cancelled', 4, 'schedule', 'nightly@2023-11-14', 'a', 'd1', 'cancelled', 1, null, null, 1699999003.0, 1699999003.0, null, 1699999004.0, null),
    ('run_superseded', 4, 'schedule', 'nightly@2023-11-14', 'b', 'd1', 'superseded', 0, null, null, 1699999003.0, 1699999003.0, null, 1699999004.0, null),
    ('run_skipped', 4, 'schedule', 'nightly@2023-11-14', 'c', 'd1', 'skipped', 0, null, null, 1699999003.0, 1699999003.0, null, 1699999004.0, null);
insert into steps (run, key, kind, name, state, attempts, started_at, ended_at, result, error)
select seq, 'steps[0]', 'shell', 'build', 'succeeded', 1, 1699999001.5, 1699999001.8, '{"exit_code":0,"stdout":"built"}', null
from runs where id = 'run_running';
insert into steps (run, key, kind, name, state, attempts, started_at, ended_at, result, error)
select seq, 'steps[1]', 'shell', '', 'running', 1, 1699999001.8, null, '{}', null from runs where id = 'run_running';
insert into steps (run, key, kind, name, state, attempts, started_at, ended_at, result, error)
select seq, 'steps[0]', 'log', '', 'failed', 3, 1699999002.5, 1699999009.0, '{"exit_code":1}', 'exit code 1' from runs where id = 'run_dead';
"""  # noqa: E501  a row stands on its line
WRITTEN = {1: WRITTEN_BY_1}


def written_by(version: int, path: Path) -> Path:
    """A journal as that version of the schema left it."""
    with closing(sqlite3.connect(path)) as connection:
        for number in range(1, version + 1):
            connection.executescript(read_sql(f"sqlite_schema_{number}.sql"))
        connection.executescript(WRITTEN[version])
        connection.execute(f"pragma application_id = {schema.APPLICATION_ID}")
        connection.execute(f"pragma user_version = {version}")
        connection.commit()
    return path


@pytest.fixture(params=RELEASED, ids=RELEASED.get)
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    written_by(request.param, tmp_path / "journal.db")
    opened = open_journal("sqlite:///journal.db", tmp_path)
    yield opened
    opened.close()


def test_every_released_schema_has_a_file_that_is_tested() -> None:
    assert RELEASED.keys() == WRITTEN.keys() == set(range(1, schema.VERSION))


def test_events_of_a_released_version_are_there(journal: Journal) -> None:
    assert [found.id for found in journal.events(EventFilter())] == ["evt_tick", "evt_bytes", "evt_form", "evt_push"]
    assert journal.event("evt_push") == Event(
        id="evt_push",
        source="github",
        type="push",
        payload={"ref": "refs/heads/main"},
        body=b'{"ref":"refs/heads/main"}',
        received_at=1_699_999_000.0,
        delivery_id="d-1",
        headers={"x-github-event": ("push",)},
        query={"page": ("1", "2")},
        address="192.0.2.7",
        git={"repo": "acme/shop", "branch": "main"},
    )
    form, odd = journal.event("evt_form"), journal.event("evt_bytes")
    assert form and (form.payload, form.body) == ({"zen": "Keep it simple."}, b"payload=%7B%22zen%22")
    assert odd and (odd.payload, odd.body, odd.hops) == (None, b"\x00\xff", 3)


def test_runs_of_every_state_their_steps_and_their_rules_are_there(journal: Journal) -> None:
    runs = {run.id.removeprefix("run_"): run for run in journal.runs(RunFilter())}
    assert {name: run.state.value for name, run in runs.items()} == {state.value: state.value for state in RunState}
    assert (runs["dead"].error, runs["dead"].fence, runs["dead"].event_id) == ("exit code 1", 3, "evt_bytes")
    first, second = journal.steps("run_running")
    assert (first.key, first.name, first.state) == ("steps[0]", "build", StepState.SUCCEEDED)
    assert first.result == {"exit_code": 0, "stdout": "built"}
    assert (second.state, second.attempts) == (StepState.RUNNING, 1)
    text = journal.rule_text("d2")
    assert text == RuleText("d2", "tell", '{"name":"tell","on":"github","steps":[{"log":"x"}]}')
    assert journal.schedule_due("nightly cron 0 3 * * * UTC") == 1_700_010_000.0
    assert journal.counts()["events"] == 4


def test_runs_of_a_released_version_go_on(journal: Journal) -> None:
    lapsed, queued = claim(journal, worker="new")
    assert (lapsed.id, lapsed.fence, queued.id) == ("run_running", 2, "run_queued")
    journal.write_step(lapsed, step(lapsed, "steps[1]", state=StepState.SUCCEEDED, attempts=2))
    for run in (lapsed, queued):
        journal.end_run(run, RunState.SUCCEEDED, NOW)
    assert journal.seconds_to_next(NOW) == 50
    assert [run.id for run in journal.claim("new", NOW + 50, LEASE, Turn(10))] == ["run_waiting"]
    assert journal.retry("run_dead", NOW + 60) is RunState.DEAD
    assert [run.id for run in journal.claim("new", NOW + 60, LEASE, Turn(10))] == ["run_dead"]


def test_a_delivery_that_a_released_version_took_starts_nothing_again(journal: Journal) -> None:
    again = event("evt_new", delivery_id="d-1", received_at=NOW)
    assert accept(journal, again, ["deploy", "tell"]).runs == ()
    assert [rule for rule, _ in accept(journal, again, ["deploy", "sweep"]).runs] == ["sweep"]


def test_an_older_version_refuses_what_was_brought_forward(journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "VERSION", schema.VERSION - 1)
    with pytest.raises(
        JournalError, match=f"its schema is version {schema.VERSION + 1} and this hookrules knows {schema.VERSION}; upgrade"
    ):
        open_journal("sqlite:///journal.db", tmp_path)
    assert journal.event("evt_push") is not None
