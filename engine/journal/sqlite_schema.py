"""The schema of a SQLite journal: its version stands in `PRAGMA user_version`, and each step forward is a file of `sql/`."""

import sqlite3
from collections.abc import Iterator

from hookrules.engine.errors import JournalError
from hookrules.engine.journal.statements import read_sql

APPLICATION_ID = 0x484B524C
"""`HKRL`, in the file's header at byte 68: tells a journal from any other SQLite database."""
VERSION = 2

_HEADER = "select application_id, user_version, (select count(*) from sqlite_schema) from pragma_application_id, pragma_user_version"


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema forward, inside a transaction that holds the write lock. Raises JournalError for a file that is not ours."""
    version = schema_version(connection)
    for step in range(version + 1, VERSION + 1):
        for statement in split_script(read_sql(f"sqlite_schema_{step}.sql")):
            connection.execute(statement)
    if version < VERSION:
        connection.execute(f"pragma application_id = {APPLICATION_ID}")
        connection.execute(f"pragma user_version = {VERSION}")


def schema_version(connection: sqlite3.Connection) -> int:
    """The version of the schema, 0 for a new file. Raises JournalError for a file that is not ours."""
    # One statement, since another process may be migrating between two.
    ((application, version, tables),) = connection.execute(_HEADER).fetchall()
    if application != APPLICATION_ID and (application or version or tables):
        raise JournalError("it is the database of another program; name another file as `store`")
    if version > VERSION:
        raise JournalError(f"its schema is version {version} and this hookrules knows {VERSION}; upgrade hookrules")
    return int(version)


def split_script(script: str) -> Iterator[str]:
    """A script's statements; `executescript` would commit before the first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
