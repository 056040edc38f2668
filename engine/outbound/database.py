"""Transactions of SQL: SQLAlchemy's Core, over pools that live as long as the process.

Imported by the first statement, since SQLAlchemy is.
"""

import math
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneFree

from hookrules.engine.model import Json
from hookrules.engine.outbound.database_faults import DatabaseFault, fault_of, unreachable
from hookrules.engine.outbound.database_rows import Rows, rows_of
from hookrules.engine.outbound.database_watch import Watch, watched

_POOL_GLANCE = 0.2  # seconds that a connection is waited for before the time is looked at again
_TO_CONNECT = 10.0
_TO_LOCK = 5.0
"""Seconds for a file of SQLite that another process writes; its driver can't be woken from that."""
_LATER = 1.0
"""Seconds by which a server ends a statement later than this process asks it to: its own limit is for when nobody asks any more."""
_LONGEST = 2**31 // 1000  # PostgreSQL, "statement_timeout": milliseconds in 31 bits
_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "psycopg": {"prepare_threshold": None, "application_name": "hookrules"},  # what is prepared is not found again behind a pooler
    "pysqlite": {"isolation_level": None},  # the driver begins transactions by itself else, and not before every statement
}
_READS = re.compile(r"\s*(?:select|values|table)\b(?!.*\binto\b)", re.IGNORECASE | re.DOTALL)
_seconds: ContextVar[float] = ContextVar("seconds that a connection may take")


@dataclass(frozen=True, slots=True)
class Transaction:
    """`statements` as `text()` takes them; `values` of their parameters."""

    url: str = field(repr=False)
    pool_size: int
    statements: Sequence[str]
    values: Mapping[str, Json] = field(repr=False)


class _Stale(Exception):
    """The connection had died before anything was done on it."""

    def __init__(self, error: DBAPIError) -> None:
        super().__init__()
        self.error = error


def perform(transaction: Transaction, *, timeout: float, cancelled: threading.Event, clock: Callable[[], float] = time.monotonic) -> Rows:
    """All statements or none of them. Raises DatabaseFault.

    The rows are those of the last statement that returns any; where none does, the count is what the last one changed.
    """
    with watched(timeout, cancelled, clock) as watch:
        try:
            try:
                return _performed(transaction, watch)
            except _Stale:
                return _performed(transaction, watch)
        except DatabaseFault:
            raise
        except Exception as error:  # noqa: BLE001  drivers raise what they like, and none of it is ours
            cause = error.error if isinstance(error, _Stale) else error
            raise watch.verdict() or fault_of(cause, "\n".join(transaction.statements), transaction.values) from None


def _performed(transaction: Transaction, watch: Watch) -> Rows:
    with _connected(_engine(transaction.url, transaction.pool_size), watch) as connection:
        _begin(connection, transaction.statements, watch)
        done = Rows()
        for statement in transaction.statements:
            watch.check()
            rows = _executed(connection, statement, transaction.values, watch)
            done = rows if rows.returned or not done.returned else done
        watch.check()
        connection.commit()
        return done


def _executed(connection: Connection, statement: str, values: Mapping[str, Json], watch: Watch) -> Rows:
    options = {"stream_results": True, "max_row_buffer": 100} if _READS.match(statement) else {}
    with connection.execute(text(statement), values, execution_options=options) as result:
        return rows_of(result, watch.check)


@contextmanager
def _connected(engine: Engine, watch: Watch) -> Iterator[Connection]:
    with _connection(engine, watch) as connection:
        try:
            with watch.over(connection.connection.driver_connection):
                yield connection
        finally:
            if watch.asked:
                connection.invalidate()


def _connection(engine: Engine, watch: Watch) -> Connection:
    while True:
        watch.check()
        _seconds.set(min(watch.remaining, _TO_CONNECT))
        try:
            return engine.connect()
        except NoneFree:
            continue
        except DBAPIError as error:
            raise watch.verdict() or unreachable(error, engine.url.password) from None


def _begin(connection: Connection, statements: Sequence[str], watch: Watch) -> None:
    """Tell the database how long it may take, so that it ends by itself also where this process ends first. Raises _Stale."""
    try:
        for statement in _opening(connection, all(map(_READS.match, statements)), watch.remaining):
            connection.exec_driver_sql(statement)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise _Stale(error) from None
        raise


def _opening(connection: Connection, only_reads: bool, seconds: float) -> Sequence[str]:
    milliseconds = math.ceil(min(seconds + _LATER, _LONGEST) * 1000)
    match connection.dialect.name:
        case "postgresql":
            return (f"SET LOCAL statement_timeout = {milliseconds}",)
        case "mysql" | "mariadb" if getattr(connection.dialect, "is_mariadb", False):
            return (f"SET SESSION max_statement_time = {milliseconds / 1000}",)
        case "mysql":
            return (f"SET SESSION max_execution_time = {milliseconds}",)
        case "sqlite":
            wait = f"PRAGMA busy_timeout = {math.ceil(min(seconds, _TO_LOCK) * 1000)}"
            return (wait, "PRAGMA foreign_keys = ON", "BEGIN" if only_reads else "BEGIN IMMEDIATE")
    return ()


_engines: dict[tuple[str, int], Engine] = {}
_making = threading.Lock()


def _engine(url: str, pool_size: int) -> Engine:
    with _making:
        if (url, pool_size) not in _engines:
            _engines[url, pool_size] = _made_engine(make_url(url), pool_size)
        return _engines[url, pool_size]


def _made_engine(url: URL, pool_size: int) -> Engine:
    options = {name: value for name, value in _OPTIONS.get(url.get_driver_name(), {}).items() if name not in url.query}
    limits = {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": _POOL_GLANCE}
    engine = create_engine(url, **limits, hide_parameters=True, connect_args=options)
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "handle_error", _let_go)
    return engine


def _let_go(context: ExceptionContext) -> None:
    """Close the cursor of a connection that died: SQLAlchemy does not, and psycopg warns of one that nobody closed."""
    if context.is_disconnect and context.execution_context is not None:
        with suppress(Exception):  # drivers raise what they like, and the error that counts is on its way already
            context.execution_context.cursor.close()  # `context.cursor` is never set


def _connect(dialect: Any, record: Any, arguments: Any, options: dict[str, Any]) -> Any:
    """Hold the connection to the time of the step that makes it. None where SQLAlchemy shall do it."""
    del record
    if dialect.driver in ("psycopg", "pymysql"):
        options.setdefault("connect_timeout", max(math.ceil(_seconds.get(_TO_CONNECT)), 1))
    if dialect.driver != "pymysql":
        return None
    from hookrules.engine.outbound.mysql_connection import MySqlConnection

    return MySqlConnection(*arguments, **options)


def close() -> None:
    """Close every connection that no transaction has."""
    with _making:
        for engine in _engines.values():
            engine.dispose()
        _engines.clear()
