"""The three databases that tests use for real, each with a table of their own."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from services import service_url
from support_actions import surroundings

from hookrules.actions.sql import Database, SqlAction
from hookrules.engine.model import Outcome
from hookrules.engine.outbound import database as pools
from hookrules.engine.secret import Vault

KINDS = ("sqlite", "postgres", "mariadb")


class Base:
    """One database, and rules' statements run on it. `{t}` in a statement is a table's name that no other test has."""

    def __init__(self, kind: str, url: str, folder: Path, table: str) -> None:
        self.kind = kind
        self.url = url
        self.folder = folder
        self.table = table
        self.logged: list[tuple[str, str]] = []

    def service(self, **fields: Any) -> Database:
        return Database.model_validate({"url": self.url, **fields}, context={"vault": Vault({}, self.folder)})

    def run(self, statement: str, payload: Any = None, *, pool_size: int = 5, parameters: Any = None, **around: Any) -> Outcome:
        """What a step with this statement comes to."""
        action = SqlAction.model_validate({"statement": statement.replace("{t}", self.table), "parameters": parameters or {}})
        services = {"databases": {"main": self.service(pool_size=pool_size)}}
        log = around.pop("log", lambda level, line: self.logged.append((level, line)))
        return action.render({"payload": payload}).perform(surroundings(self.folder, services=services, log=log, **around))

    def done(self, statement: str, payload: Any = None, **around: Any) -> list[dict[str, Any]]:
        """The rows of a step that has to succeed."""
        outcome = self.run(statement, payload, **around)
        assert outcome.succeeded, outcome.error
        rows: list[dict[str, Any]] = outcome.result["rows"]
        return rows


def base(kind: str, folder: Path, name: str) -> Iterator[Base]:
    """For a fixture: the database, and after the test no table and no connection of it."""
    url = f"sqlite:///{folder}/data.db" if kind == "sqlite" else service_url(kind)
    made = Base(kind, url, folder, "hr_" + re.sub(r"\W", "_", name.casefold())[:40])
    try:
        made.done("drop table if exists {t}")
        yield made
        made.done("drop table if exists {t}")
    finally:
        pools.close()


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Base]:
    yield from base(request.param, tmp_path, request.node.originalname)
