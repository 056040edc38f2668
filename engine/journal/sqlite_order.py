"""How a new run stands to the others, in a SQLite journal: it starts, waits for its group, takes the place of another, or is dropped."""

import sqlite3
from typing import Any

from hookrules.engine.journal.sqlite_rows import EventRow
from hookrules.engine.journal.statements import load_statements
from hookrules.engine.model import Group, Match, Mode, RunState, Throttle, Within

_SQL = load_statements("sqlite_intake.sql", "sqlite_order.sql")
_START_RUN = _SQL["start_run"]


def start(connection: sqlite3.Connection, run_id: str, event_seq: int | None, event: EventRow, match: Match) -> bool:
    """Whether a run was written: not where the rule has one for this delivery, nor where another run takes the event in."""
    ((now,),) = connection.execute(_SQL["accepted_at"], (event.received_at,)).fetchall()
    values: dict[str, Any] = {
        "id": run_id,
        "event": event_seq,
        "source": event.source,
        "delivery_id": event.delivery_id,
        "rule": match.rule,
        "now": now,
        "due_at": now,
        "throttle_key": match.throttle and match.throttle.key,
        "held": 0,
        **by_rule(match),
    }
    if match.fault is None and (match.throttle or match.group):
        if _has_one(connection, values):
            return False
        if match.throttle:
            taken_in = _throttled(connection, match.throttle, values)
            if taken_in:
                return False
        if match.group and values["verdict"] is None:
            _grouped(connection, match.group, values)
    written = connection.execute(_START_RUN, values).rowcount == 1
    if written and match.throttle and match.throttle.kind is Within.COLLECT:
        connection.execute(_SQL["gather"], {"run": connection.execute(_SQL["seq_of_run"], (run_id,)).fetchone()[0], "event": event_seq})
    return written


def by_rule(match: Match) -> dict[str, Any]:
    """What a run has of its rule, but for the throttle."""
    return {
        "digest": match.digest,
        "group_name": match.group and match.group.name,
        "group_most": match.group and match.group.most,
        "label": match.label,
        "verdict": None if match.fault is None else RunState.DEAD.value,
        "error": match.fault,
    }


def _has_one(connection: sqlite3.Connection, values: dict[str, Any]) -> bool:
    """A delivery that came before may not move what its run stands to."""
    return values["delivery_id"] is not None and connection.execute(_SQL["run_of_delivery"], values).fetchone() is not None


def _throttled(connection: sqlite3.Connection, throttle: Throttle, values: dict[str, Any]) -> bool:
    """Whether a run that gathers has taken the event in; else `values` say what becomes of the new one."""
    if throttle.kind is Within.COLLECT:
        return _gathered(connection, throttle, values)
    if throttle.kind is Within.ONCE_AFTER:
        connection.execute(_SQL["replace_throttled"], {**values, "error": f"run {values['id']} came within {throttle.seconds:g} s"})
        values["due_at"] = values["now"] + throttle.seconds
        return False
    last = connection.execute(_SQL["last_throttled"], values).fetchone()
    if last and abs(values["now"] - last[1]) < throttle.seconds:  # a clock that was set back must not drop what comes until then
        values |= {"verdict": RunState.SKIPPED.value, "error": f"run {last[0]} came less than {throttle.seconds:g} s before"}
    return False


def _gathered(connection: sqlite3.Connection, throttle: Throttle, values: dict[str, Any]) -> bool:
    if connection.execute(_SQL["gathered_before"], values).fetchone():
        return True
    gathering = connection.execute(_SQL["gathering"], values).fetchone()
    if gathering is None:
        values["due_at"] = values["now"] + throttle.seconds
        return False
    seq, _, count = gathering
    connection.execute(_SQL["gather"], {"run": seq, "event": values["event"]})
    if throttle.most is not None and count + 1 >= throttle.most:
        connection.execute(_SQL["due_now"], {"run": seq, "now": values["now"]})
    return True


def _grouped(connection: sqlite3.Connection, group: Group, values: dict[str, Any]) -> None:
    told = {**values, "error": f"run {values['id']} came after it"}
    if group.mode in (Mode.LATEST, Mode.CANCEL):
        connection.execute(_SQL["replace_waiting"], told)
    if group.mode is Mode.CANCEL:
        connection.execute(_SQL["end_group"], told)
    if _room(connection, group.name, group.most) > 0:
        return
    if group.mode is Mode.SKIP:
        values |= {"verdict": RunState.SKIPPED.value, "error": f"another run of the group {group.name!r} goes on"}
    else:
        values["held"] = 1


def _room(connection: sqlite3.Connection, name: str, most: int) -> int:
    ((inside,),) = connection.execute(_SQL["room_in_group"], (name,)).fetchall()
    return most - int(inside)


def let_in(connection: sqlite3.Connection, run_id: str) -> None:
    """A run has ended, or is to be done again: whom its group has room for is no longer held."""
    row = connection.execute(_SQL["group_of"], (run_id,)).fetchone()
    if row:
        room = _room(connection, *row)
        if room > 0:
            connection.execute(_SQL["let_in"], {"group_name": row[0], "room": room})
