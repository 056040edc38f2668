"""What databases and their drivers say → one line for a person, and whether trying again may help. No value of a parameter is in it."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, StatementError

from hookrules.engine.model import Failure, FailureKind, Json

_PASSING_STATES = ("08", "40001", "40P01", "53", "55P03", "55006", "57014", "57P01", "57P02", "57P03", "57P05", "58030")
"""PostgreSQL, "Error Codes": connections, serialization, deadlocks, resources, locks, timeouts and shutdowns; a class by its first two."""
_PASSING_NUMBERS = frozenset(
    (1040, 1053, 1203, 1205, 1213, 1226, 1290, 1317, 1836, 1927, 1969, 2002, 2003, 2006, 2013, 2014, 2055, 3024, 4031)
)
"""MySQL and MariaDB, "Error Codes": the same."""
_PASSING_SQLITE = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_INTERRUPT", "SQLITE_PROTOCOL")
_REFUSED_LOGINS = re.compile(r"authentication failed|does not exist|no pg_hba\.conf entry|SSL")
_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_SYNTAX = re.compile(r"You have an error in your SQL syntax.* near '(.*)' at line (\d+)", re.DOTALL)
_KEY_OR_COLUMN = re.compile(r"(?:key|column) '([^']*)'(?: at row \d+)?\Z")
_NAMED = ("schema_name", "table_name", "column_name", "datatype_name", "constraint_name")
_SHORTEST = 3  # a shorter value is found in what is no value; alone in quotes it goes all the same
_LONGEST = 400


class DatabaseFault(Exception):
    """A transaction that came to nothing. The message holds no value and no password."""

    def __init__(self, message: str, *, retryable: bool, failure: Failure | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.failure = failure


def fault_of(error: Exception, statements: str, values: Mapping[str, Json]) -> DatabaseFault:
    """`statements` is what the author wrote, of which a message may quote."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return DatabaseFault(_of_driver(error, values), retryable=False)
    said, code = _said(error.orig)
    written = statements.replace("\\:", ":")
    message = _refused_nul(error.orig, values) or _one_line(_without_values(said, values, _words(error.orig, said, written)))
    cut = Failure(FailureKind.CONNECTION) if error.connection_invalidated else None
    return DatabaseFault(message + _shown(code, message), retryable=_may_pass(error, code), failure=cut)


def unreachable(error: DBAPIError, password: str | None) -> DatabaseFault:
    """For a connection that could not be made."""
    said, code = _said(error.orig or error)
    message = _one_line(said.replace(password, "***") if password else said)
    passing = _may_pass(error, code) and _REFUSED_LOGINS.search(said) is None
    failure = Failure(FailureKind.CONNECTION) if passing else None
    return DatabaseFault(f"no connection: {message}{_shown(code, message)}", retryable=passing, failure=failure)


def _shown(code: str, message: str) -> str:
    return f" ({code})" if code and code not in message else ""


def _said(orig: BaseException) -> tuple[str, str]:
    """The driver's words, and the code by which the database's manual knows the error."""
    fault: Any = orig
    if getattr(fault, "diag", None) is not None:  # psycopg, psycopg2
        return fault.diag.message_primary or str(fault), getattr(fault, "sqlstate", None) or getattr(fault, "pgcode", None) or ""
    if hasattr(fault, "sqlite_errorname"):
        return str(fault), fault.sqlite_errorname
    match fault.args:
        case (int(number), str(text), *_):  # PyMySQL, mysqlclient
            return text, str(number)
    return str(fault), ""


def _of_driver(error: Exception, values: Mapping[str, Json]) -> str:
    """What a driver refuses by itself; its words may quote the value."""
    cause = error.orig if isinstance(error, StatementError) and error.orig is not None else error
    if isinstance(cause, OverflowError):
        large = [name for name, value in values.items() if isinstance(value, int) and abs(value) >= 2**63]
        return f"the number of :{', :'.join(large)} is larger than this database takes" if large else "a number is too large"
    return f"the driver can't send the statement ({type(cause).__name__})"


def _refused_nul(orig: BaseException, values: Mapping[str, Json]) -> str | None:
    """PostgreSQL's text has no NUL, and its driver says so without saying where."""
    if "NUL (0x00)" not in str(orig):
        return None
    names = [name for name, value in values.items() if isinstance(value, str) and "\0" in value]
    return f":{', :'.join(names)} holds a NUL, which PostgreSQL's text can't keep; print | replace('\\0', '')"


def _without_values(said: str, values: Mapping[str, Json], words: Callable[[str], bool]) -> str:
    """What is quoted and no value by `words` stays."""
    texts = {value: name for name, value in values.items() if isinstance(value, str) and len(value) >= _SHORTEST}
    for text in sorted(texts, key=len, reverse=True):
        said = said.replace(text, f":{texts[text]}")
    syntax = _SYNTAX.fullmatch(said)
    if syntax is not None:  # what it quotes goes on to the end of the statement, spelled values and all
        begin = syntax[1].partition("_utf8mb4")[0].strip()
        near = "its end" if not syntax[1] else f"'{begin} …'" if words(begin) else "a value"
        return f"syntax error near {near}, in line {syntax[2]}"
    return _QUOTED.sub(lambda found: found[0] if words(found[1] or found[2] or "") else f"{found[0][0]}…{found[0][0]}", said)


def _words(orig: BaseException, said: str, statements: str) -> Callable[[str], bool]:
    """Tells the author's words, and names of the database's own, from what may be a value."""
    names = {getattr(getattr(orig, "diag", None), name, None) for name in _NAMED}
    names |= {found[1] for found in _KEY_OR_COLUMN.finditer(said)}

    def is_word(quoted: str) -> bool:
        if quoted in names or re.fullmatch(r":\w+|\$\d+", quoted):
            return True
        return re.search(rf"(?<!\w){re.escape(quoted)}(?!\w)", statements, re.IGNORECASE) is not None

    return is_word


def _one_line(message: str) -> str:
    line = " ".join(message.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _may_pass(error: DBAPIError, code: str) -> bool:
    if error.connection_invalidated:
        return True
    if code.startswith("SQLITE_"):
        return code.startswith(_PASSING_SQLITE)
    if code.isdigit() and len(code) == 4:
        return int(code) in _PASSING_NUMBERS
    if code:
        return code.startswith(_PASSING_STATES)
    return isinstance(error, (OperationalError, InterfaceError))
