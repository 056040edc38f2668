"""Checkouts that a rule makes, with a real git and real servers."""

import base64
import contextlib
import fcntl
import os
import shlex
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support_actions import surroundings
from support_corpus import each_hostile
from support_git import GitServer, Origin, git_over_http, git_over_ssh
from support_tls import server_context

from hookrules.actions.file import FileRoot
from hookrules.actions.git import GitAction
from hookrules.actions.git_repository import Repository
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Failure, FailureKind, Outcome
from hookrules.engine.secret import Vault


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    made = Origin.made(tmp_path / "origins/shop")
    made.commit({"file.txt": "1\n"})
    return made


@pytest.fixture
def server(tmp_path: Path, origin: Origin) -> Iterator[GitServer]:
    with git_over_http(tmp_path / "origins") as running:
        yield running


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `origin` leaves it, for tests that change nothing in it."""
    folder = tmp_path_factory.mktemp("lasting")
    Origin.made(folder / "origins/shop").commit({"file.txt": "1\n"})
    return folder


def repository(folder: Path, **fields: Any) -> Repository:
    (folder / "out").mkdir(exist_ok=True)
    written = {"url": f"file://{folder}/origins/shop", "root": "out", "protocols": ["https", "ssh", "http", "file"], **fields}
    return Repository.model_validate(written, context={"vault": Vault({}, folder)})


def check_out(folder: Path, fields: dict[str, Any], payload: Any = None, described: Repository | None = None, **around: Any) -> Outcome:
    call = GitAction.model_validate({"repository": "shop", **fields}).render({"payload": payload})
    services = {"repositories": {"shop": described or repository(folder)}}
    return call.perform(surroundings(folder, services=services, now=time.time(), **around))


def test_a_checkout_is_made_and_moved_forward_to_the_exact_commit(tmp_path: Path, origin: Origin) -> None:
    first = origin.git("rev-parse", "HEAD")
    second = origin.commit({"file.txt": "2\n", "more/new.txt": "new\n"})
    origin.commit({"file.txt": "3\n"})
    made = check_out(tmp_path, {"ref": "{{ payload }}"}, first)
    folder = tmp_path / "out/shop"
    assert (made.error, made.result) == (None, {"sha": first, "changed": True, "previous": None, "directory": str(folder)})
    assert (folder / "file.txt").read_text() == "1\n"
    moved = check_out(tmp_path, {"ref": "{{ payload }}"}, second)
    assert moved.result == {"sha": second, "changed": True, "previous": first, "directory": str(folder)}
    assert (folder / "more/new.txt").read_text() == "new\n"
    again = check_out(tmp_path, {"ref": "{{ payload }}"}, second)
    assert again.result == {"sha": second, "changed": False, "previous": second, "directory": str(folder)}


@pytest.mark.parametrize("ref", ["main", "v1", "refs/heads/main", "refs/tags/v1", "refs/pull/1/head"])
def test_a_branch_a_tag_and_a_whole_reference_name_a_commit(tmp_path: Path, origin: Origin, ref: str) -> None:
    sha = origin.git("rev-parse", "HEAD")
    origin.git("tag", "--annotate", "--message", "x", "v1")
    origin.git("update-ref", "refs/pull/1/head", "HEAD")
    assert check_out(tmp_path, {"ref": "{{ payload }}"}, ref).result["sha"] == sha


def test_a_tag_that_is_called_like_a_branch_is_not_taken_for_it(tmp_path: Path, origin: Origin) -> None:
    sha = origin.git("rev-parse", "HEAD")
    origin.git("tag", "main", origin.git("commit-tree", "HEAD^{tree}", "-m", "of a stranger"))
    assert check_out(tmp_path, {"ref": "main"}).result["sha"] == sha


def test_an_older_event_does_not_take_a_checkout_back(tmp_path: Path, origin: Origin) -> None:
    first = origin.git("rev-parse", "HEAD")
    second = origin.commit({"file.txt": "2\n"})
    check_out(tmp_path, {"ref": second})
    older = check_out(tmp_path, {"ref": first})
    assert (older.succeeded, older.retryable) == (False, False)
    assert "force: true" in str(older.error)
    assert (tmp_path / "out/shop/file.txt").read_text() == "2\n"
    assert check_out(tmp_path, {"ref": first, "force": True}).succeeded
    assert (tmp_path / "out/shop/file.txt").read_text() == "1\n"


def test_changes_that_someone_made_there_are_not_dropped_unless_told(tmp_path: Path, origin: Origin) -> None:
    check_out(tmp_path, {"ref": "main"})
    (tmp_path / "out/shop/file.txt").write_text("mine\n")
    sha = origin.commit({"other.txt": "x"})
    refused = check_out(tmp_path, {"ref": sha})
    assert "were changed there" in str(refused.error)
    assert (tmp_path / "out/shop/file.txt").read_text() == "mine\n"
    assert check_out(tmp_path, {"ref": sha, "force": True}).succeeded
    assert (tmp_path / "out/shop/file.txt").read_text() == "1\n"


def test_a_shallow_checkout_can_be_moved_forward(tmp_path: Path, origin: Origin) -> None:
    for number in range(5):
        origin.commit({"file.txt": f"{number}\n"})
    assert check_out(tmp_path, {"ref": "main", "depth": 2}).succeeded
    git = Origin(tmp_path / "out/shop")
    assert git.git("rev-list", "--count", "HEAD") == "2"
    for number in range(3):
        origin.commit({"file.txt": f"{number} again\n"})
    assert check_out(tmp_path, {"ref": "main", "depth": 2}).error is None
    assert (tmp_path / "out/shop/file.txt").read_text() == "2 again\n"
    origin.git("reset", "--hard", "--quiet", "HEAD~4")
    origin.commit({"file.txt": "rewritten\n"})
    assert "does not follow" in str(check_out(tmp_path, {"ref": "main", "depth": 2}).error)
    assert check_out(tmp_path, {"ref": "main", "depth": 2, "force": True}).succeeded


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, origin: Origin) -> None:
    described = repository(tmp_path)
    (tmp_path / "out/shop").mkdir()
    (tmp_path / "out/shop/mine").write_text("mine")
    assert "holds something else" in str(check_out(tmp_path, {"ref": "main"}, described=described).error)
    assert [path.name for path in (tmp_path / "out/shop").iterdir()] == ["mine"]


@pytest.mark.parametrize("value", ["..", ".", "", "a/b", "/etc", ".git", ".hookrules", "a\0b"])
def test_no_value_leads_a_checkout_out_of_its_root(lasting: Path, value: str) -> None:
    with pytest.raises(TemplateError):
        check_out(lasting, {"ref": "main", "directory": "{{ payload }}"}, value)


def test_no_link_on_the_way_is_followed(tmp_path: Path, origin: Origin) -> None:
    described = repository(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out/link").symlink_to(tmp_path / "elsewhere")
    for directory in ("link/shop", "link"):
        assert not check_out(tmp_path, {"ref": "main", "directory": directory}, described=described).succeeded
    assert list((tmp_path / "elsewhere").iterdir()) == []


@each_hostile
def test_a_hostile_ref_is_a_name_or_refused_and_runs_nothing(lasting: Path, value: str) -> None:
    action = GitAction.model_validate({"repository": "shop", "ref": "{{ payload }}"})
    asked = subprocess.run(["git", "check-ref-format", f"refs/heads/{value}"], check=False)
    if asked.returncode != 0 or len(value) > 255 or value.startswith("-"):
        with pytest.raises(TemplateError, match="is no reference of git"):
            action.render({"payload": value})
    else:
        assert f"neither a branch nor a tag {value!r}" in str(check_out(lasting, {"ref": "{{ payload }}"}, value).error)


def hostile(target: Path) -> str:
    """A program that tells that it ran."""
    return f"#!/bin/sh\necho ran >> {shlex.quote(str(target))}\n"


def test_nothing_of_what_is_fetched_or_lies_there_is_run(tmp_path: Path, origin: Origin) -> None:
    told = tmp_path / "told"
    program = tmp_path / "program"
    program.write_text(hostile(told))
    program.chmod(0o755)
    origin.commit({"a.bin": "x", ".gitattributes": "* filter=evil diff=evil\n", ".gitconfig": f"[core]\n\tfsmonitor = {program}\n"})
    check_out(tmp_path, {"ref": "main"})
    inner = tmp_path / "out/shop/.git"
    hooks = inner / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-checkout", "reference-transaction", "post-index-change", "pre-auto-gc", "fsmonitor-watchman", "post-merge"):
        (hooks / name).write_text(hostile(told))
        (hooks / name).chmod(0o755)
    with (inner / "config").open("a") as config:
        config.write(
            f"[include]\n\tpath = ../.gitconfig\n[core]\n\tfsmonitor = {program}\n\thooksPath = {hooks}\n\tsshCommand = {program}\n"
            f'[filter "evil"]\n\tsmudge = {program}\n\tclean = {program}\n[credential]\n\thelper = "!{program}"\n'
            f'[url "ext::{program} "]\n\tinsteadOf = file://\n[remote "origin"]\n\tuploadpack = {program}\n'
        )
    sha = origin.commit({"a.bin": "y"})
    assert check_out(tmp_path, {"ref": "main"}).result["sha"] == sha
    assert (tmp_path / "out/shop/a.bin").read_text() == "y"
    assert not told.exists()


def test_what_a_user_of_this_machine_configured_does_not_count(tmp_path: Path, origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "told"
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "post-checkout").write_text(hostile(told))
    (hooks / "post-checkout").chmod(0o755)
    (tmp_path / ".gitconfig").write_text(f'[core]\n\thooksPath = {hooks}\n[url "file:///nowhere/"]\n\tinsteadOf = file:///\n')
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_SSH_COMMAND", "false")
    assert check_out(tmp_path, {"ref": "main"}).succeeded
    assert not told.exists()


def test_many_runs_at_once_take_turns(tmp_path: Path, origin: Origin) -> None:
    shas = [origin.commit({"file.txt": f"{number}\n"}) for number in range(6)]
    described = repository(tmp_path)
    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(lambda _: check_out(tmp_path, {"ref": "main"}, described=described), shas))
    assert [outcome.error for outcome in outcomes] == [None] * 6
    assert sum(outcome.result["changed"] for outcome in outcomes) == 1


def lock_of(folder: Path) -> Path:
    (lock,) = (folder / "out/.hookrules").iterdir()
    return lock


def test_a_folder_that_another_run_works_in_is_waited_for_in_time(tmp_path: Path, origin: Origin) -> None:
    check_out(tmp_path, {"ref": "main"})
    with lock_of(tmp_path).open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        late = check_out(tmp_path, {"ref": "main"}, timeout=0.3)
        assert (late.succeeded, late.retryable) == (False, True)
        cancelled = threading.Event()
        cancelled.set()
        ended = check_out(tmp_path, {"ref": "main"}, cancelled=cancelled)
        assert (ended.succeeded, ended.retryable) == (False, False)
    assert check_out(tmp_path, {"ref": "main"}).succeeded


def test_after_a_crash_in_the_middle_the_checkout_is_completed(tmp_path: Path, origin: Origin) -> None:
    check_out(tmp_path, {"ref": "main"})
    sha = origin.commit({"file.txt": "2\n"})
    lock_of(tmp_path).write_text(sha)
    (tmp_path / "out/shop/file.txt").write_text("half of")
    index = tmp_path / "out/shop/.git/index.lock"
    index.touch()
    young = check_out(tmp_path, {"ref": "main"})
    assert "index.lock" in str(young.error)
    os.utime(index, (1, 1))
    assert check_out(tmp_path, {"ref": "main"}).result["sha"] == sha
    assert (tmp_path / "out/shop/file.txt").read_text() == "2\n"
    assert lock_of(tmp_path).read_text() == ""


def processes_that_name(text: str) -> list[bytes]:
    """Command lines of this machine's processes."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_bytes())
    return [line for line in found if text.encode() in line]


@pytest.mark.parametrize("way", ["cancelled", "timed out"])
def test_git_and_what_it_started_end_with_the_step(tmp_path: Path, server: GitServer, way: str) -> None:
    server.holds = True
    cancelled = threading.Event()
    described = repository(tmp_path, url=f"{server.url}/shop")
    with ThreadPoolExecutor(1) as pool:
        timeout = 20.0 if way == "cancelled" else 1.0
        running = pool.submit(check_out, tmp_path, {"ref": "main"}, described=described, cancelled=cancelled, timeout=timeout)
        assert server.arrived.wait(20)
        if way == "cancelled":
            cancelled.set()
        outcome = running.result(30)
    assert (outcome.succeeded, outcome.retryable) == (False, way == "timed out")
    assert outcome.failure == (Failure(FailureKind.TIMEOUT) if way == "timed out" else None)
    assert processes_that_name(server.url) == []


@pytest.mark.parametrize(("status", "again"), [(401, False), (403, False), (404, False), (500, True), (503, True)])
def test_a_refusal_is_tried_again_only_where_that_can_help(tmp_path: Path, server: GitServer, status: int, again: bool) -> None:
    server.status = status
    outcome = check_out(tmp_path, {"ref": "main"}, described=repository(tmp_path, url=f"{server.url}/shop"))
    assert (outcome.succeeded, outcome.retryable) == (False, again)
    assert outcome.failure == (Failure(FailureKind.CONNECTION) if again else None)
    assert "shop: git ls-remote: " in str(outcome.error)


def test_a_redirect_is_not_followed(tmp_path: Path, server: GitServer) -> None:
    with git_over_http(tmp_path / "origins") as other:
        server.elsewhere = other.url
        outcome = check_out(tmp_path, {"ref": "main"}, described=repository(tmp_path, url=f"{server.url}/shop"))
        assert (outcome.succeeded, outcome.retryable) == (False, False)
        assert other.requests == []


@pytest.mark.parametrize("password", ["correct horse", "wrong horse"])
def test_a_password_goes_to_the_repository_s_server_over_tls(tmp_path: Path, origin: Origin, password: str) -> None:
    with git_over_http(tmp_path / "origins", server_context(tmp_path)) as server:
        server.password = f"Basic {base64.b64encode(b'bot:correct horse').decode()}"
        access = {"url": f"{server.url}/shop", "username": "bot", "password": password, "ca": "ca.pem"}
        outcome = check_out(tmp_path, {"ref": "main"}, described=repository(tmp_path, **access))
    assert outcome.succeeded is (password == "correct horse")
    assert outcome.succeeded or not outcome.retryable
    assert password not in str(outcome.error)


def test_a_certificate_that_does_not_prove_the_server_ends_it(tmp_path: Path, origin: Origin) -> None:
    with git_over_http(tmp_path / "origins", server_context(tmp_path)) as server:
        access = {"url": f"{server.url}/shop", "password": "correct horse"}
        outcome = check_out(tmp_path, {"ref": "main"}, described=repository(tmp_path, **access))
        assert "certificate" in str(outcome.error)
        assert not outcome.retryable
        assert server.requests == []


@pytest.mark.parametrize("protocols", [["https", "ssh"], ["https"]])
def test_other_protocols_than_those_that_are_named_are_not_spoken(tmp_path: Path, server: GitServer, protocols: list[str]) -> None:
    with pytest.raises(ValueError, match=r"protocols: \[http\]"):
        repository(tmp_path, url=f"{server.url}/shop", protocols=protocols)


def test_a_deploy_key_opens_a_repository_over_ssh(tmp_path: Path, origin: Origin) -> None:
    with git_over_ssh(tmp_path / "origins") as ssh:
        described = repository(tmp_path, url=f"ssh://git@127.0.0.1:{ssh.port}/shop", key=ssh.key, known_hosts=ssh.known_hosts)
        assert check_out(tmp_path, {"ref": "main"}, described=described).error is None
        assert (tmp_path / "out/shop/file.txt").read_text() == "1\n"


@pytest.mark.parametrize("wrong", ["key", "host"])
def test_neither_another_key_nor_another_host_will_do(tmp_path: Path, origin: Origin, wrong: str) -> None:
    with git_over_ssh(tmp_path / "origins") as ssh, git_over_ssh(tmp_path / "origins") as other:
        key = other.key if wrong == "key" else ssh.key
        hosts = f"[127.0.0.1]:{ssh.port} {other.known_hosts.partition(' ')[2]}" if wrong == "host" else ssh.known_hosts
        described = repository(tmp_path, url=f"ssh://git@127.0.0.1:{ssh.port}/shop", key=key, known_hosts=hosts)
        outcome = check_out(tmp_path, {"ref": "main"}, described=described)
    assert (outcome.succeeded, outcome.retryable) == (False, False)
    assert ("Permission denied" if wrong == "key" else "Host key verification failed") in str(outcome.error)


def test_the_key_is_gone_when_git_is(tmp_path: Path, origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    with git_over_ssh(tmp_path / "origins") as ssh:
        described = repository(tmp_path, url=f"ssh://git@127.0.0.1:{ssh.port}/shop", key=ssh.key, known_hosts=ssh.known_hosts)
        assert check_out(tmp_path, {"ref": "main"}, described=described).succeeded
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_url_in_a_rule_is_https_and_has_a_root_of_its_own(tmp_path: Path) -> None:
    call = GitAction.model_validate({"repository": "https://127.0.0.1:1/acme/shop.git", "root": "out", "ref": "main"}).render({})
    outcome = call.perform(surroundings(tmp_path, services={"files": {"out": FileRoot(root=".")}}))
    assert (outcome.succeeded, outcome.retryable) == (False, True)
    assert (tmp_path / "shop/.git").is_dir()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"repository": "{{ payload.url }}"}, "no value of an event"),
        ({"repository": "http://example.com/x.git"}, "begins with https"),
        ({"repository": "git@example.com:x.git"}, "begins with https"),
        ({"repository": "file:///etc"}, "begins with https"),
        ({"repository": "ext::sh -c id"}, "URL is https"),
        ({"repository": "--upload-pack=id"}, "URL is https"),
        ({"repository": "https://user:password@example.com/x"}, "without"),
        ({"repository": "https://example.com/x"}, "needs a 'root'"),
        ({"repository": "https://example.com/.git", "root": "out"}, "write a 'directory'"),
        ({"repository": "shop", "root": "out"}, "root of its own"),
        ({"ref": "--upload-pack=id"}, "no reference"),
        ({"directory": "../x"}, "relative to its root"),
        ({"directory": "a/.git"}, "begins with a dot"),
        ({"depth": 0}, "greater than or equal to 1"),
    ],
)
def test_what_can_be_no_checkout_does_not_load(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        GitAction.model_validate({"repository": "shop", "ref": "main", **fields})
