"""Submodules, which whoever writes `.gitmodules` chooses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support_actions import surroundings
from support_git import GitServer, Origin, git_over_http

from hookrules.actions.git import GitAction
from hookrules.actions.git_repository import Repository
from hookrules.engine.model import Outcome


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    inner = Origin.made(tmp_path / "origins/inner")
    inner.commit({"inner.txt": "inner\n"})
    middle = Origin.made(tmp_path / "origins/middle")
    middle.commit({"middle.txt": "middle\n"})
    submodule(middle, "../inner", "deep/inner")
    shop = Origin.made(tmp_path / "origins/shop")
    shop.commit({"file.txt": "1\n"})
    return shop


@pytest.fixture
def server(tmp_path: Path, origin: Origin) -> Iterator[GitServer]:
    with git_over_http(tmp_path / "origins") as running:
        yield running


def submodule(origin: Origin, url: str, path: str) -> None:
    """As `git submodule add` would, without fetching anything."""
    there = Origin(origin.folder.parent / (path.rpartition("/")[2]))
    sha = there.git("rev-parse", "HEAD") if there.folder.is_dir() else origin.git("rev-parse", "HEAD")
    (origin.folder / ".gitmodules").write_text(f'[submodule "{path}"]\n\tpath = {path}\n\turl = {url}\n')
    origin.git("update-index", "--add", "--cacheinfo", f"160000,{sha},{path}")
    origin.git("add", ".gitmodules")
    origin.git("commit", "--quiet", "--message", "a submodule")


def check_out(folder: Path, server: GitServer, **fields: Any) -> Outcome:
    (folder / "out").mkdir(exist_ok=True)
    described = Repository(url=f"{server.url}/shop", root="out", protocols=["http"])
    call = GitAction.model_validate({"repository": "shop", "ref": "main", "submodules": True, **fields}).render({})
    return call.perform(surroundings(folder, services={"repositories": {"shop": described}}))


@pytest.mark.parametrize("relative", [True, False])
def test_submodules_of_the_same_server_come_along_with_theirs(tmp_path: Path, origin: Origin, server: GitServer, relative: bool) -> None:
    submodule(origin, "../middle" if relative else f"{server.url}/middle", "lib/middle")
    assert check_out(tmp_path, server).error is None
    assert (tmp_path / "out/shop/lib/middle/deep/inner/inner.txt").read_text() == "inner\n"


def test_a_submodule_moves_with_its_repository(tmp_path: Path, origin: Origin, server: GitServer) -> None:
    submodule(origin, "../middle", "middle")
    assert check_out(tmp_path, server).error is None
    Origin(tmp_path / "origins/middle").commit({"middle.txt": "moved\n"})
    submodule(origin, "../middle", "middle")
    assert check_out(tmp_path, server).error is None
    assert (tmp_path / "out/shop/middle/middle.txt").read_text() == "moved\n"


def test_without_submodules_none_is_fetched(tmp_path: Path, origin: Origin, server: GitServer) -> None:
    submodule(origin, "../middle", "middle")
    assert check_out(tmp_path, server, submodules=False).succeeded
    assert list((tmp_path / "out/shop/middle").iterdir()) == []
    assert not [path for path in server.requests if "middle" in path]


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://other.example/x",
        "http://127.0.0.1/middle",
        "file:///etc",
        "/etc",
        "ext::sh -c 'touch /tmp/x'",
        "--upload-pack=touch /tmp/x",
        "ssh://-oProxyCommand=touch/x",
        "git@127.0.0.1:x",
        "-x",
    ],
)
def test_a_submodule_of_another_place_is_refused_and_named(tmp_path: Path, origin: Origin, server: GitServer, url: str) -> None:
    submodule(origin, url, "middle")
    outcome = check_out(tmp_path, server)
    assert (outcome.succeeded, outcome.retryable) == (False, False)
    assert "a submodule is at" in str(outcome.error)
    assert not [path for path in server.requests if "middle" in path]


def test_a_submodule_s_own_command_is_not_run(tmp_path: Path, origin: Origin, server: GitServer) -> None:
    submodule(origin, "../middle", "middle")
    told = tmp_path / "told"
    with (origin.folder / ".gitmodules").open("a") as modules:
        modules.write(f"\tupdate = !touch {told}\n\tbranch = --upload-pack={told}\n")
    origin.git("commit", "--quiet", "--all", "--message", "a command")
    check_out(tmp_path, server)
    assert not told.exists()


def test_submodules_without_end_come_to_one(tmp_path: Path, origin: Origin, server: GitServer) -> None:
    submodule(origin, f"{server.url}/shop", "shop")
    outcome = check_out(tmp_path, server)
    assert outcome.succeeded or "nest deeper" in str(outcome.error)
