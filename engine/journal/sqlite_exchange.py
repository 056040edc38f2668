"""A SQLite journal ↔ lines of JSON, one object each: `docs/journal.md` says what they hold.

What is sealed is opened on the way out and sealed anew on the way in. Values that are JSON already are not read for it, but for
the git facts of events and, where the files of a push are to be read from it, its payload.
"""

import base64
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import msgspec

from hookrules.engine.bodies import reread
from hookrules.engine.errors import JournalError
from hookrules.engine.journal.sealing import Seal
from hookrules.engine.journal.sqlite_rows import closed, opened
from hookrules.engine.journal.statements import load_statements
from hookrules.engine.pushed_files import are_unread, with_files

FORMAT = {"hookrules": "journal", "version": 1}
"""The first line of an export."""
LINES = 200
"""Written in one commit, so that the way in does not wait long."""

_SQL = load_statements("sqlite_exchange.sql")
_KINDS = {"rule": "rules", "schedule": "schedules", "event": "events", "run": "runs", "partial": "partials", "silence": "silences"}
"""In the order in which they are written: what another names comes before it."""
_JSON = {
    "events": ("headers", "query", "git"),
    "runs": ("response",),
    "steps": ("result",),
    "expectations": ("events", "condition", "names"),
    "partials": ("found",),
}
_SEALED = {
    "events": ("headers", "query", "git"),
    "runs": ("error", "response"),
    "steps": ("result", "error"),
    "expectations": ("names",),
}

_Record = dict[str, Any]
_encode = msgspec.json.encode
_decode = msgspec.json.decode
_decode_line = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_lines = msgspec.json.Decoder(list[dict[str, msgspec.Raw]]).decode
_PARAMETER = re.compile(r":([a-z_]+)")


def export(connection: sqlite3.Connection, seal: Seal, write: Callable[[bytes], object]) -> dict[str, int]:
    """All as at one moment; how many of each kind. Others may write meanwhile."""
    counts = dict.fromkeys(_KINDS, 0)
    write(_encode(FORMAT) + b"\n")
    with _one_moment(connection):
        for kind, table in _KINDS.items():
            for record in _records(connection, table, seal):
                write(_encode({"kind": kind, **record}) + b"\n")
                counts[kind] += 1
    return counts


@contextmanager
def _one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    """All reads see the same; of a journal in memory they stand in the writer's transaction already."""
    if connection.in_transaction:
        yield
        return
    connection.execute("begin")
    try:
        yield
    finally:
        connection.execute("rollback")


def _records(connection: sqlite3.Connection, table: str, seal: Seal, run: str = "") -> Iterator[_Record]:
    rows = connection.execute(_SQL[f"export_{table}"], {"run": run} if run else {})
    names = [column[0] for column in rows.description]
    for row in rows:
        record = {name: value for name, value in zip(names, row, strict=True) if value is not None}
        for name in _SEALED.get(table, ()):
            if name in record:
                record[name] = seal.open_text(record[name], _place(table, name, record, run))
        for name in _JSON.get(table, ()):
            if name in record:
                record[name] = msgspec.Raw(record[name].encode())
        yield _finished(connection, table, record, seal)


def _finished(connection: sqlite3.Connection, table: str, record: _Record, seal: Seal) -> _Record:
    if table == "events":
        return _with_files(_with_body_as_text(record, seal))
    if table == "runs":
        gathered = [event for (event,) in connection.execute(_SQL["export_gathered"], {"run": record["id"]})]
        parts = {name: list(_records(connection, name, seal, record["id"])) for name in ("steps", "expectations")}
        return record | {name: part for name, part in {**parts, "gathered": gathered}.items() if part}
    return record


def _with_body_as_text(record: _Record, seal: Seal) -> _Record:
    """`payload`, and beside it `body` or `body_base64` where the body is not the payload, byte for byte, or takes more than one line."""
    digest, kept = record.pop("digest"), record.pop("payload_kept")
    body, payload = record.pop("body"), record.pop("payload", None)
    if not kept:
        return record | {"digest": base64.b64encode(digest).decode()}
    body = opened(body, seal, f"events.body {digest.hex()}")
    if payload is None and b"\n" not in body and b"\r" not in body:
        return record | {"payload": msgspec.Raw(body)}
    told = msgspec.Raw(_one_line(body) if payload is None else opened(payload, seal, f"events.payload {digest.hex()}"))
    try:
        return record | {"payload": told, "body": body.decode()}
    except UnicodeDecodeError:
        return record | {"payload": told, "body_base64": base64.b64encode(body).decode()}


def _with_files(record: _Record) -> _Record:
    git = _decode(record["git"])
    if not are_unread(git):
        return record
    payload = reread(bytes(record["payload"])) if "payload" in record else None
    return record | {"git": with_files(git, payload)}


def _one_line(body: bytes) -> bytes:
    return msgspec.json.encode(reread(body))


def in_commits(lines: Iterable[bytes], write: Callable[[Sequence[tuple[int, bytes]]], Mapping[str, int]]) -> Mapping[str, int]:
    """An export's lines, so many at a time; how many of each kind `write` says were new. Raises JournalError where it is none."""
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    try:
        _check_format(next(numbered, (1, b""))[1])
    except ValueError as error:
        raise JournalError(str(error)) from None
    new: Counter[str] = Counter(dict.fromkeys(_KINDS, 0))
    while some := list(islice(numbered, LINES)):
        new.update(write(some))
    return new


def _check_format(line: bytes) -> None:
    """Raises ValueError where an export does not begin so."""
    try:
        found = msgspec.json.decode(line)
    except msgspec.DecodeError:
        found = None
    if not isinstance(found, dict) or found.get("hookrules") != FORMAT["hookrules"]:
        raise ValueError('line 1: this is no export of a journal, which begins with {"hookrules": "journal", "version": 1}')
    if found.get("version") != FORMAT["version"]:
        known = FORMAT["version"]
        raise ValueError(f"line 1: the export is of version {found.get('version')!r}, and this hookrules knows {known}; upgrade hookrules")


def take(connection: sqlite3.Connection, seal: Seal, lines: Sequence[tuple[int, bytes]]) -> dict[str, int]:
    """Write numbered lines; how many of each kind were new. Raises ValueError with a line's number, and nothing may be committed then."""
    new = dict.fromkeys(_KINDS, 0)
    for number, line in lines:
        try:
            record = dict(_decode_line(line))
            kind = msgspec.json.decode(record.pop("kind"), type=str)
            new[kind] += _insert(connection, _KINDS[kind], record, seal)
        except KeyError as error:
            raise ValueError(f"line {number}: it has no {error}, or that is none of {', '.join(_KINDS)}") from None
        except (msgspec.MsgspecError, sqlite3.IntegrityError, sqlite3.ProgrammingError, ValueError) as error:
            raise ValueError(f"line {number}: {error}") from None
    return new


def _insert(connection: sqlite3.Connection, table: str, record: Mapping[str, msgspec.Raw], seal: Seal, run: str = "") -> int:
    parts = {name: record[name] for name in ("steps", "expectations", "gathered") if table == "runs" and name in record}
    values = _values(table, {name: raw for name, raw in record.items() if name not in parts})
    if table == "events":
        _give_body(values, record, seal)
    for name in _SEALED.get(table, ()):
        if values.get(name) is not None:
            values[name] = seal.close_text(values[name], _place(table, name, values, run))
    statement = _SQL[f"import_{table}"]
    written = connection.execute(statement, dict.fromkeys(_PARAMETER.findall(statement)) | values | ({"run": run} if run else {})).rowcount
    if written and parts:
        _insert_parts(connection, values["id"], parts, seal)
    return written


def _values(table: str, record: Mapping[str, msgspec.Raw]) -> _Record:
    texts = _JSON.get(table, ())
    return {
        name: bytes(raw).decode() if name in texts and bytes(raw) != b"null" else msgspec.json.decode(raw)
        for name, raw in record.items()
        if name != "payload"
    }


def _insert_parts(connection: sqlite3.Connection, run: str, parts: Mapping[str, msgspec.Raw], seal: Seal) -> None:
    for table in ("steps", "expectations"):
        for part in _decode_lines(parts.get(table, b"[]")):
            _insert(connection, table, part, seal, run)
    gathered = msgspec.json.decode(parts.get("gathered", b"[]"), type=list[str])
    connection.executemany(_SQL["import_gathered"], [{"run": run, "event": event} for event in gathered])


def _give_body(values: _Record, record: Mapping[str, msgspec.Raw], seal: Seal) -> None:
    if "payload" not in record:
        values |= {"payload_kept": 0, "body": b"", "digest": base64.b64decode(values["digest"], validate=True)}
        return
    payload: bytes | None = bytes(record["payload"])
    if "body_base64" in values:
        body = base64.b64decode(values.pop("body_base64"), validate=True)
    elif "body" in values:
        body = values["body"].encode()
    else:
        body, payload = payload or b"", None
    digest = seal.digest(body)
    apart = None if payload is None else closed(payload, seal, f"events.payload {digest.hex()}")
    values |= {"payload_kept": 1, "digest": digest, "payload": apart, "body": closed(body, seal, f"events.body {digest.hex()}")}


def _place(table: str, column: str, record: Mapping[str, Any], run: str) -> str:
    """Where a value stands, as in sqlite_rows."""
    row = {"steps": f"{run} {record.get('key')}", "expectations": run}.get(table) or record["id"]
    return f"{table}.{column} {row}"
