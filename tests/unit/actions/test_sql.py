"""SQL of rules, on SQLite, PostgreSQL and MariaDB as they are."""

import contextlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import create_engine
from support_actions import surroundings
from support_corpus import HOSTILE, WITH_NUL
from support_databases import Base, base, database
from support_runs import Bench
from support_waiting import until

from hookrules.actions.action import target_of
from hookrules.actions.sql import Database, SqlAction
from hookrules.engine.model import Failure, FailureKind, RunState
from hookrules.engine.outbound import database as pools
from hookrules.engine.outbound import database_watch
from hookrules.engine.outbound.database_urls import usable
from hookrules.engine.secret import Placeholders, Vault

__all__ = ["database"]
X = "{{ payload.x }}"
TEXT = {"sqlite": "text", "postgres": "text", "mariadb": "longtext character set utf8mb4 collate utf8mb4_bin"}
SLOW = {
    "sqlite": "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c",
    "postgres": "select pg_sleep(60)",
    "mariadb": "select sleep(60)",
}


@pytest.fixture(params=["postgres", "mariadb"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Base]:
    yield from base(request.param, tmp_path, request.node.originalname)


@pytest.fixture(params=["sqlite"])
def sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Base]:
    yield from base(request.param, tmp_path, request.node.originalname)


@pytest.fixture(params=["postgres"])
def postgresql(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Base]:
    yield from base(request.param, tmp_path, request.node.originalname)


def canary(database: Base) -> None:
    """A table with one row that no value may change, beside which values are written."""
    database.done(f"create table {{t}} (id integer primary key, value {TEXT[database.kind]}, other {TEXT[database.kind]})")
    database.done("insert into {t} values (0, 'canary', 'canary')")


def test_every_hostile_value_comes_back_byte_for_byte_and_does_nothing_else(database: Base) -> None:
    canary(database)
    for number, value in enumerate(HOSTILE.values(), 1):
        payload = {"x": value, "n": number}
        database.done(f"insert into {{t}} values ({{{{ payload.n }}}}, {X}, :other)", payload, parameters={"other": f"<{X}>"})
        (row,) = database.done(f"select value, other, {X} as same from {{t}} where value = {X} and id = {{{{ payload.n }}}}", payload)
        assert row == {"value": value, "other": f"<{value}>", "same": value}
    rows = database.done("select id, value from {t} order by id")
    assert rows == [{"id": 0, "value": "canary"}, *({"id": n, "value": value} for n, value in enumerate(HOSTILE.values(), 1))]


@pytest.mark.parametrize("value", WITH_NUL.values(), ids=WITH_NUL.keys())
def test_a_nul_comes_back_or_is_refused_by_name(database: Base, value: str) -> None:
    canary(database)
    outcome = database.run(f"insert into {{t}} values (1, {X}, 'x')", {"x": value})
    if database.kind == "postgres":
        assert not outcome.succeeded
        assert not outcome.retryable
        assert ":hr_1 holds a NUL" in str(outcome.error)
        assert database.done("select count(*) as n from {t}") == [{"n": 1}]
    else:
        assert database.done("select value from {t} where id = 1") == [{"value": value}]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30))
def test_any_text_comes_back_as_it_was(database: Base, value: str) -> None:
    assert database.done(f"select {X} as x", {"x": value}) == [{"x": value}]


def test_numbers_truth_and_nothing_keep_their_type(database: Base) -> None:
    statement = "select {{ payload.i }} as i, {{ payload.f }} as f, {{ payload.t }} as t, {{ payload.n }} as n, {{ payload.o }} as o"
    (row,) = database.done(statement, {"i": -(2**53), "f": 1.25, "t": True, "n": None, "o": {"a": [1]}})
    assert row == {"i": -(2**53), "f": 1.25, "t": True, "n": None, "o": '{"a":[1]}'}


def test_a_row_is_written_anew_where_it_is_there(database: Base) -> None:
    database.done("create table {t} (name varchar(50) primary key, sha varchar(50))")
    upsert = "insert into {t} (name, sha) values ({{ payload.name }}, {{ payload.sha }})" + (
        " on duplicate key update sha = values(sha)"
        if database.kind == "mariadb"
        else " on conflict (name) do update set sha = excluded.sha"
    )
    for sha in ("a", "b"):
        database.done(upsert, {"name": "shop", "sha": sha})
    assert database.done("select * from {t}") == [{"name": "shop", "sha": "b"}]


def test_several_statements_are_one_transaction(database: Base) -> None:
    database.done("create table {t} (id integer primary key)")
    outcome = database.run(f"insert into {{t}} values (1); insert into {{t}} values ({X}); insert into {{t}} values (1)", {"x": 2})
    assert not outcome.succeeded
    assert not outcome.retryable
    assert database.done("select count(*) as n from {t}") == [{"n": 0}]
    assert database.done("insert into {t} values (1); insert into {t} values (2); select id from {t} order by id") == [{"id": 1}, {"id": 2}]


def test_the_rows_are_those_of_the_last_statement_that_returns_any(database: Base) -> None:
    database.done("create table {t} (id integer primary key)")
    outcome = database.run("select 1 as a; insert into {t} values (1); select 2 as b, 3 as b; insert into {t} values (2), (3)")
    assert outcome.result == {"rows": [{"b": 2, "b_2": 3}], "row_count": 1}
    assert database.run("insert into {t} values (4); update {t} set id = id + 10 where id < 3").result == {"rows": [], "row_count": 2}


def test_rows_beyond_the_bound_are_counted_and_dropped_and_it_is_said(database: Base) -> None:
    fifty = "with recursive c(x) as (select 1 union all select x + 1 from c where x < 50)"
    database.done(f"create table {{t}} as {fifty} select (a.x - 1) * 50 + b.x as x from c a, c b")
    outcome = database.run("select x, 'wide' as w from {t} order by x")
    assert outcome.result["row_count"] == 2500
    assert [row["x"] for row in outcome.result["rows"]] == list(range(1, 1001))
    assert database.logged == [("warning", "database main: 2,500 rows came, and the first 1,000 are kept")]


def test_a_row_too_large_to_keep_is_dropped(database: Base) -> None:
    wide = {"sqlite": "replace(hex(zeroblob(1000000)), '00', 'xx')"}.get(database.kind, "repeat('x', 2000000)")
    outcome = database.run(f"select {wide} as w")
    assert (outcome.result["rows"], outcome.result["row_count"]) == ([], 1)
    assert database.logged


def test_percent_signs_colons_and_question_marks_are_the_author_s(database: Base) -> None:
    assert database.done(f"select '100% :x ? %s %%' as a, {X} as b", {"x": 1}) == [{"a": "100% :x ? %s %%", "b": 1}]
    assert database.done("select '100% :x ? %s %%' as a") == [{"a": "100% :x ? %s %%"}]
    assert database.done("select 7 % 4 as a") == [{"a": 3}]


def test_a_statement_that_takes_too_long_is_ended_and_taken_back(database: Base) -> None:
    database.done("create table {t} (id integer)")
    outcome = database.run(f"insert into {{t}} values (1); {SLOW[database.kind]}", timeout=0.3)
    assert (outcome.succeeded, outcome.retryable) == (False, True)
    assert outcome.failure == Failure(FailureKind.TIMEOUT)
    assert "no end within 0.3 s" in str(outcome.error)
    assert database.done("select * from {t}") == []


def test_a_run_that_is_ended_ends_its_statement(database: Base) -> None:
    database.done("create table {t} (id integer)")
    cancelled = threading.Event()
    threading.Timer(0.3, cancelled.set).start()
    outcome = database.run(f"insert into {{t}} values (1); {SLOW[database.kind]}", timeout=50, cancelled=cancelled)
    assert (outcome.succeeded, outcome.retryable) == (False, False)
    assert "its run was ended" in str(outcome.error)
    assert database.done("select * from {t}") == []


def test_a_server_is_told_how_long_a_statement_may_take(server: Base) -> None:
    """It ends by itself, also where this process is gone."""
    seconds = {
        "postgres": "setting::int / 1000.0 as s from pg_settings where name = 'statement_timeout'",
        "mariadb": "@@max_statement_time as s",
    }
    (row,) = server.done(f"select {seconds[server.kind]}", timeout=200)
    assert 190 < row["s"] <= 201


def test_connections_are_kept(server: Base) -> None:
    asked = {"postgres": "select pg_backend_pid() as id", "mariadb": "select connection_id() as id"}[server.kind]
    assert server.done(asked) == server.done(asked)


def test_a_connection_that_died_in_the_pool_is_made_again(server: Base) -> None:
    asked = {"postgres": "select pg_backend_pid() as id", "mariadb": "select connection_id() as id"}[server.kind]
    (row,) = server.done(asked)
    end = {"postgres": f"select pg_terminate_backend({X}::int)", "mariadb": f"kill {X}"}[server.kind]
    killed = server.run(end, {"x": row["id"]}, pool_size=1)  # over a pool of its own
    assert killed.succeeded, killed.error
    assert server.done(asked) != [row]


def test_a_connection_that_dies_in_the_middle_may_be_tried_again(server: Base) -> None:
    end = {"postgres": "select pg_terminate_backend(pg_backend_pid())", "mariadb": "kill connection_id()"}[server.kind]
    server.done("create table {t} (id integer)")
    outcome = server.run(f"insert into {{t}} values (1); {end}; select 1")
    assert (outcome.succeeded, outcome.retryable) == (False, True)
    assert server.done("select * from {t}") == []


def test_a_server_that_falls_silent_is_left_in_time(
    server: Base, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(database_watch, "_GRACE", 0.3)
    with frozen_by(server, "select 'freeze'") as (url, frozen):
        through = Base(server.kind, url, server.folder, server.table)
        through.done("select 1")
        outcome = through.run("select 'freeze'", timeout=0.3)
        assert frozen.is_set()
    assert (outcome.succeeded, outcome.retryable) == (False, True)
    assert "no end within 0.3 s" in str(outcome.error)
    assert caplog.messages == []


@contextmanager
def frozen_by(server: Base, word: str) -> Iterator[tuple[str, threading.Event]]:
    """The URL of a way to the server that passes nothing on any more once the client has sent the word."""
    frozen, closing = threading.Event(), threading.Event()
    parts = urlsplit(server.url)

    def carry(one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                if word.encode() in data:
                    frozen.set()
                if frozen.is_set():
                    closing.wait(30)
                    return
                other.sendall(data)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client = listener.accept()[0]
                open_ends.append(client)
                if not frozen.is_set():
                    ends = client, socket.create_connection((str(parts.hostname), parts.port or 0))
                    open_ends.append(ends[1])
                    for pair in (ends, ends[::-1]):
                        threading.Thread(target=carry, args=pair, daemon=True).start()

    open_ends: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        netloc = f"{parts.username}@127.0.0.1:{listener.getsockname()[1]}"
        try:
            yield urlunsplit(parts._replace(netloc=netloc)), frozen
        finally:
            closing.set()
            for end in open_ends:
                end.close()


def test_more_runs_than_connections_wait_for_one(database: Base) -> None:
    database.done("create table {t} (id integer)")
    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(lambda n: database.run(f"insert into {{t}} values ({X})", {"x": n}, pool_size=2), range(60)))
    assert [outcome.error for outcome in outcomes if not outcome.succeeded] == []
    assert database.done("select count(*) as n from {t}") == [{"n": 60}]


def test_a_run_that_waits_for_a_connection_ends_with_its_time(server: Base) -> None:
    server.done("select 1", pool_size=1)
    with pools._engine(usable(server.url), 1).connect():
        outcome = server.run("select 1", pool_size=1, timeout=0.3)
    assert (outcome.succeeded, outcome.retryable) == (False, True)
    assert "no end within 0.3 s" in str(outcome.error)


def test_a_deadlock_may_be_tried_again(server: Base) -> None:
    server.done("create table {t} (id integer primary key, n integer)")
    server.done("insert into {t} values (1, 0), (2, 0), (3, 0), (4, 0), (5, 0)")
    with ThreadPoolExecutor(1) as pool, other_session(server) as execute:
        if server.kind == "postgres":
            execute("set deadlock_timeout = '60s'")  # so that the step is the one to find it, and to fail
        execute("update {t} set n = 1 where id > 1")  # more rows than the step's, which MariaDB then takes for the victim
        step = pool.submit(server.run, "update {t} set n = 1 where id = 1; update {t} set n = 2 where id = 2")
        until(lambda: is_locked(server, 1))
        execute("update {t} set n = 2 where id = 1")
        outcome = step.result()
    assert (outcome.succeeded, outcome.retryable) == (False, True)
    assert "deadlock" in str(outcome.error).lower()


@contextmanager
def other_session(server: Base) -> Iterator[Callable[[str], Any]]:
    """A transaction that is not the step's."""
    engine = create_engine(usable(server.url))
    with engine.connect() as connection:
        yield lambda statement: connection.exec_driver_sql(statement.replace("{t}", server.table))
        connection.rollback()
    engine.dispose()


def is_locked(server: Base, row: int) -> bool:
    return not server.run(f"select n from {{t}} where id = {row} for update nowait", pool_size=2).succeeded


def test_a_locked_file_may_be_tried_again(sqlite: Base) -> None:
    sqlite.done("create table {t} (id integer)")
    with other_session(sqlite) as execute:
        execute("insert into {t} values (1)")
        outcome = sqlite.run("insert into {t} values (1)", timeout=0.3)
        assert sqlite.done("select count(*) as n from {t}") == [{"n": 0}]
    assert (outcome.succeeded, outcome.retryable) == (False, True)


@pytest.mark.parametrize(
    ("statement", "payload", "said"),
    [
        ("selec 1", None, "selec"),
        ("select nothing_there from {t}", None, "nothing_there"),
        ("insert into {t} values (1, 'again')", None, "1062 23505 UNIQUE"),
        ("insert into {t} (id, value) values (2, null)", None, "1048 23502 NOT NULL"),
    ],
)
def test_a_mistake_in_a_statement_is_told_and_not_tried_again(database: Base, statement: str, payload: Any, said: str) -> None:
    database.done("create table {t} (id integer primary key, value varchar(20) not null)")
    database.done("insert into {t} values (1, 'x')")
    outcome = database.run(statement, payload)
    assert (outcome.succeeded, outcome.retryable) == (False, False)
    assert str(outcome.error).startswith("database main: ")
    assert any(word in str(outcome.error) for word in (said, *said.split()))


SECRET = "tops3cret-\"x'-`y`-value-of-a-parameter"


@pytest.mark.parametrize(
    "statement",
    [
        f"insert into {{t}} values ({X}, 1)",
        f"insert into {{t}} values ('taken', {X})",
        f"insert into {{t}} values ({X}, 2), ({X}, 3)",
        f"select {X} from {{t}} where number = {X} and nope = {X}",
        f"select {X} {X}",
        f"select date {X}",
        f"select cast({X} as integer) + nope",
        f"select f({X})",
    ],
)
def test_what_goes_wrong_is_told_without_values(database: Base, statement: str) -> None:
    database.done("create table {t} (value varchar(30) primary key, number integer, check (value <> 'x'))")
    database.done("insert into {t} values ('taken', 0)")
    outcome = database.run(statement, {"x": SECRET})
    told = str(outcome.error)
    pieces = {SECRET[at : at + 6] for at in range(len(SECRET) - 5)} | {SECRET.encode().hex()[at : at + 12] for at in range(0, 30, 2)}
    assert [piece for piece in pieces if piece in told] == [], told


def test_a_server_that_is_not_there_is_told_and_tried_again(server: Base) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    gone = replaced(server, netloc=f"nobody:tops3cret@127.0.0.1:{port}")
    outcome = gone.run("select 1")
    assert (outcome.succeeded, outcome.retryable) == (False, True)
    assert outcome.failure == Failure(FailureKind.CONNECTION)
    assert "no connection" in str(outcome.error)
    assert "tops3cret" not in str(outcome.error)


def test_a_database_that_is_not_there_is_told_and_not_tried_again(server: Base) -> None:
    outcome = replaced(server, path="/no_such_database").run("select 1")
    assert (outcome.succeeded, outcome.retryable) == (False, False)
    assert "no_such_database" in str(outcome.error)


def test_a_file_that_can_t_be_opened_is_told(sqlite: Base) -> None:
    outcome = Base("sqlite", "sqlite:///no/such/folder/x.db", sqlite.folder, "x").run("select 1")
    assert not outcome.succeeded
    assert "unable to open database file" in str(outcome.error)


def replaced(server: Base, **parts: str) -> Base:
    return Base(server.kind, urlunsplit(urlsplit(server.url)._replace(**parts)), server.folder, server.table)


def test_a_relative_file_lies_beside_hookrules_yaml(tmp_path: Path) -> None:
    here = Base("sqlite", "sqlite:///data/x.db", tmp_path, "t")
    (tmp_path / "data").mkdir()
    here.done("create table {t} (id integer)")
    pools.close()
    assert (tmp_path / "data/x.db").is_file()


def test_foreign_keys_hold_in_sqlite_too(sqlite: Base) -> None:
    sqlite.done("create table {t} (id integer primary key, parent integer references {t}(id))")
    assert "FOREIGN KEY" in str(sqlite.run("insert into {t} values (1, 7)").error)


def test_a_constraint_that_is_held_at_the_end_is_told(postgresql: Base) -> None:
    postgresql.done("create table {t} (id integer primary key, parent integer references {t}(id) deferrable initially deferred)")
    outcome = postgresql.run("insert into {t} values (1, 7)")
    assert "foreign key constraint" in str(outcome.error)
    assert not outcome.retryable


def test_what_postgresql_has_types_for_is_json(postgresql: Base) -> None:
    (row,) = postgresql.done(
        "select date '2026-03-01' as d, timestamptz '2026-03-01 10:30:00+00' at time zone 'utc' as t, time '10:30' as c,"
        " interval '90 minutes' as i, 12.50 as n, 123456789012345678901234567890 as large,"
        " 'x'::bytea as b, '{\"a\": [1, null]}'::jsonb as j,"
        " '{1,2}'::int[] as l, '00000000-0000-0000-0000-000000000001'::uuid as u, inet '127.0.0.1' as ip, 'NaN'::float8 as nan"
    )
    assert row == {
        "d": "2026-03-01",
        "t": "2026-03-01T10:30:00",
        "c": "10:30:00",
        "i": 5400.0,
        "n": 12.5,
        "large": "123456789012345678901234567890",
        "b": "eA==",
        "j": {"a": [1, None]},
        "l": [1, 2],
        "u": "00000000-0000-0000-0000-000000000001",
        "ip": "127.0.0.1",
        "nan": "nan",
    }
    json.dumps(row, allow_nan=False)


def test_a_database_that_hookrules_yaml_lost_is_told(tmp_path: Path) -> None:
    outcome = SqlAction.model_validate({"statement": "select 1"}).render({}).perform(surroundings(tmp_path))
    assert (outcome.succeeded, outcome.retryable) == (False, False)
    assert "'databases' of hookrules.yaml" in str(outcome.error)


@pytest.mark.parametrize(
    ("named", "there", "found"),
    [
        (None, ["shop"], "shop"),
        (None, ["shop", "main"], "main"),
        (None, ["shop", "crm"], None),
        (None, [], None),
        ("crm", ["shop", "crm"], "crm"),
        ("nope", ["shop"], None),
    ],
)
def test_without_a_name_the_only_database_is_meant_or_main(named: str | None, there: list[str], found: str | None) -> None:
    action = SqlAction.model_validate({"statement": "select 1", **({"database": named} if named else {})})
    (use,) = action.services_used()
    assert use.found_in(there) == found


def test_a_description_has_the_statement_and_its_values_and_needs_no_database() -> None:
    action = SqlAction.model_validate({"database": "shop", "statement": f"select {X}, :b", "parameters": {"b": "{{ payload.b }}"}})
    told = action.render({"payload": {"x": "'", "b": [1]}}).describe()
    assert told == {"database": "shop", "statement": "select :hr_1, :b", "parameters": {"hr_1": "'", "b": "[1]"}}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"statement": "select :a"}, "'parameters' does not have it"),
        ({"statement": "select 1", "parameters": {"a": 1}}, "names no parameter :a"),
        ({"statement": "select :hr_1", "parameters": {"hr_1": 1}}, "hookrules gives itself"),
        ({"statement": "select 1", "parameters": {"a b": 1}}, "is no name of a parameter"),
        ({"statement": f"select '{X}'"}, "take the quotes away"),
    ],
)
def test_parameters_and_names_belong_together(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as told:
        SqlAction.model_validate(fields)
    assert said in str(told.value.errors()[0])


def test_results_of_a_test_are_held_to_their_types() -> None:
    call = SqlAction.model_validate({"statement": "select 1"}).render({})
    assert call.suppose({"rows": [{"a": 1}]}).result == {"rows": [{"a": 1}], "row_count": 1}
    for wrong in ({"rows": {}}, {"rows": [1]}, {"row_count": "1"}, {"row_count": -1}, {"row_count": True}):
        with pytest.raises(TypeError):
            call.suppose(wrong)


def test_later_steps_find_the_rows(sqlite: Base) -> None:
    bench = Bench(sqlite.folder)
    bench.services = {"databases": {"main": sqlite.service()}}
    ending = bench.run(
        """
        steps:
          - sql: create table found (name text); insert into found values ({{ payload.name }})
          - id: found
            sql: select name, count(*) as n from found
          - if: steps.found.rows[0].n == 1 and steps.found.row_count == 1
            log: "{{ steps.found.rows[0].name }}"
        """,
        {"name": "it's"},
    )
    assert ending is not None
    assert ending.state is RunState.SUCCEEDED
    assert bench.logged == [("info", "it's")]


def test_what_only_loads_and_describes_does_not_import_sqlalchemy() -> None:
    code = (
        "import sys; from hookrules.actions.sql import SqlAction, Database; from hookrules.engine.secret import Vault;"
        "Database.model_validate({'url': 'postgresql://db/x'}, context={'vault': Vault({}, None)});"
        "SqlAction.model_validate({'statement': 'select {{ payload }}'}).render({'payload': 1}).describe();"
        "sys.exit('sqlalchemy' in sys.modules or 'psycopg' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def database_of(url: Any, environ: dict[str, str] | None = None) -> Database:
    return Database.model_validate({"url": url}, context={"vault": Vault(environ or {}, Path())})


def test_a_url_without_a_password_may_stand_in_the_file() -> None:
    assert not database_of("sqlite:///x.db").url.literal
    assert not database_of("postgresql://app@db/shop").url.literal
    assert database_of("postgresql://app:tops3cret@db/shop").url.literal
    assert database_of("postgresql://app@db/shop?password=tops3cret").url.literal
    assert database_of({"env": "URL"}, {"URL": "mysql://app:tops3cret@db/shop"}).url.origin == "environment variable URL"


def test_a_url_that_nobody_looked_up_is_not_judged() -> None:
    assert Database.model_validate({"url": {"env": "URL"}}, context={"vault": Placeholders(Path())}).url.placeholder


@pytest.mark.parametrize(
    "url", ["shop", "postgresql:/x", "sqlite://", "sqlite:///:memory:", "sqlite:x.db", "postgresql://app:tops3cret/x@db/shop"]
)
def test_what_is_no_url_of_a_database_does_not_load(url: str) -> None:
    with pytest.raises(ValidationError) as told:
        database_of({"env": "URL"}, {"URL": url})
    assert told.value.errors()[0]["type"] == "database_url"
    assert "tops3cret" not in told.value.errors()[0]["msg"]


def test_a_database_is_one_target_whether_or_not_a_step_names_it() -> None:
    calls = [SqlAction.model_validate({**named, "statement": "select 1"}).render({}) for named in ({"database": "main"}, {})]
    main = Database.model_validate({"url": "sqlite:///shop.db"}, context={"vault": Placeholders(Path())})
    crm = Database.model_validate({"url": "sqlite:///crm.db"}, context={"vault": Placeholders(Path())})
    for databases in ({"main": main}, {"main": main, "crm": crm}):
        assert [target_of(call, {"databases": databases}) for call in calls] == ["database main"] * 2
