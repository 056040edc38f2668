"""Where a value is let into SQL, the parsers of three databases see a parameter: not a part of some text, name or comment."""

import contextlib
import functools
import re
import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services import service_url
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError

from hookrules.engine.errors import TemplateError
from hookrules.engine.outbound.database_urls import usable
from hookrules.engine.templating import SqlScript, SqlText

X = "{{ payload.x }}"
PIECES = [
    "'a'",
    "'it''s'",
    "'\\'",
    "'\\\\'",
    "'a\\'b'",
    "'-- '",
    "'/*'",
    "'*/'",
    "'\"'",
    "'`'",
    "'#'",
    "'$$'",
    "'['",
    "';'",
    '"a"',
    '"a""b"',
    '"\'"',
    '"\\"',
    "`a`",
    "`'`",
    "[a]",
    "[']",
    "/* ' */ 1",
    "/* /* */ 2",
    "/*/ */ 3",
    "-- '\n 4",
    "--'\n 5",
    "# '\n 6",
    "2 --3",
    "- -1",
    "8 /2",
    "$$'$$",
    "$a$'$a$",
    "$a$ $$ ' $a$",
    "E'\\''",
    "e'a\\\\'",
    "N'a'",
    "X'61'",
    "a",
    "1",
    "(2)",
    "/*' */ '*/' /*'*/",
    "'a'\n'b'",
    "E'a'\n'\\''",
    "\x0b7",
    "'\r'",
    "--\r'\n 9",
]
"""What a list of values may hold, as some database sees it."""
AROUND = [
    ("'", "'"),
    ('"', '"'),
    ("`", "`"),
    ("[", "]"),
    ("$$", "$$"),
    ("$a$ $$", "$a$"),
    ("'\\'", "'"),
    ("'\\\\'", ""),
    ('"\\"', '"'),
    ("E'\\'", "'"),
    ("e'\\\\'", ""),
    ("'a'\n'", "'"),
    ("E'a'\n'\\'", "'"),
    ("/*", "*/ 1"),
    ("/*/", "*/ 1"),
    ("/* /* */", "*/ 1"),
    ("/* /* */ 1,", "-- */"),
    ("--", "\n 1"),
    ("8 --1\n +", ""),
    ("-- '\r", "\n 1"),
    ("#", "\n 1"),
    ("/*' */ '", "'"),
    ("--'\n'", "'"),
    ("'--'||", ""),
    ("(", ")"),
]
"""What stands around a value."""
items = st.sampled_from([*PIECES, X]) | st.sampled_from(AROUND).map(lambda pair: f"{pair[0]} {X} {pair[1]}")
statements = st.lists(items, min_size=1, max_size=4).map(lambda pieces: "select " + ", ".join(pieces) + " from t")


def accepted(source: str) -> SqlScript:
    """Nothing where the text is refused."""
    try:
        return SqlText(source).render({"payload": {"x": "v"}})
    except TemplateError:
        return SqlScript("", ())


def with_marks(script: SqlScript) -> Iterator[tuple[str, int]]:
    """Each statement with `?` for its values, and how many these are."""
    for statement in script.statements:
        written = statement.replace("\\:", ":")
        names = [name for name in script.values if f":{name}" in written]
        yield functools.reduce(lambda text, name: text.replace(f":{name}", "?"), names, written), len(names)


def parameters_seen(connection: sqlite3.Connection, statement: str) -> int:
    """How many parameters SQLite sees in the statement, which has one at least; as many as there are where it can't read it."""
    try:
        connection.execute(statement, ()).fetchall()
    except sqlite3.OperationalError:
        return statement.count("?")
    except sqlite3.ProgrammingError as error:
        found = re.search(r"uses (\d+)", str(error))
        return int(found[1]) if found else 0
    return 0


@settings(max_examples=300, deadline=None)
@given(statements)
def test_sqlite_sees_a_parameter_wherever_a_value_was_let_in(source: str) -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("create table t (a text, b text)")
        for statement, count in with_marks(accepted(source)):
            assert parameters_seen(connection, statement) >= count  # the author's own $a$ is one more


@pytest.fixture(scope="module", params=["postgres", "mariadb"])
def server(request: pytest.FixtureRequest) -> Iterator[Connection]:
    engine = create_engine(usable(service_url(request.param)), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("create temporary table t (a varchar(9), b varchar(9))")
        yield connection
    engine.dispose()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(source=statements)
def test_a_server_sees_a_parameter_wherever_a_value_was_let_in(server: Connection, source: str) -> None:
    script = accepted(source)
    if server.dialect.name == "postgresql":
        for statement in script.statements:
            # A value of no known type, more values than parameters: it was bound, and the statement does not name it.
            assert refusal_of(server, statement, script) not in ("42P18", "08P01")
        return
    for statement, count in with_marks(script):
        server.exec_driver_sql(f"set @statement = X'{statement.encode().hex()}', @value = 'v'")
        if not refusal_of(server, "prepare one from @statement"):
            given_values = f" using {', '.join(['@value'] * count)}" if count else ""
            assert refusal_of(server, f"execute one{given_values}") != "1210"  # wrong arguments: another number of parameters


def refusal_of(server: Connection, statement: str, script: SqlScript | None = None) -> str:
    """The code of the error that the server has for the statement; empty where there is none."""
    try:
        server.execute(text(statement), script.values if script else {}).close()
    except DBAPIError as error:
        first = error.orig.args[0] if error.orig else ""
        return str(first if isinstance(first, int) else getattr(error.orig, "sqlstate", ""))
    return ""
