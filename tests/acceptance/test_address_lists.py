"""`allow_from: github`: lists of addresses, through the real processes. A worker would ask GitHub, so that there is none here."""

import time
from ipaddress import ip_network
from pathlib import Path

import pytest
from serving import CONFIG, PATIENCE, SECRET, Server, project, serving

from hookrules.engine.sources.address_lists import Network, cache, folder_beside

PUSH = {"ref": "refs/heads/main"}
LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    config = CONFIG.replace(f"secret: {SECRET}}}", f"secret: {SECRET}, allow_from: [github]}}", 1)
    return project(tmp_path, "rules: []", config)


def keep(folder: Path, networks: tuple[Network, ...], age: float = 0.0) -> None:
    cache.keep(folder_beside(folder / "journal.db"), "github", networks, time.time() - age)


def push_until(server: Server, status: int) -> None:
    """A list is looked at once a second."""
    deadline = time.monotonic() + PATIENCE
    while server.github("push", PUSH)[0] != status:
        assert time.monotonic() < deadline


def test_no_one_is_let_in_before_the_list_has_come(folder: Path) -> None:
    with serving(folder, "--no-worker") as server:
        status, answer = server.github("push", PUSH)
        assert (status, answer["error"]) == (401, "this source takes no deliveries from 127.0.0.1")
        assert any("the address list 'github' can't be used" in line for line in server.log)
        keep(folder, LOOPBACK)
        push_until(server, 202)
        keep(folder, (ip_network("192.0.2.0/24"),))
        push_until(server, 401)


def test_an_old_list_stays_in_force_and_its_age_is_told(folder: Path) -> None:
    keep(folder, LOOPBACK, age=10 * 86_400)
    with serving(folder, "--no-worker") as server:
        assert server.github("push", PUSH)[0] == 202
        assert any("the address list 'github' is 10 days old and stays in force" in line for line in server.log)


def test_a_worker_asks_no_one_for_a_list_that_is_fresh(folder: Path) -> None:
    keep(folder, LOOPBACK)
    with serving(folder) as server:
        assert server.github("push", PUSH)[0] == 202
        assert server.stop() == 0
        assert not any("address list" in line for line in server.log)
