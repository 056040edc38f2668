"""A folder that holds a repository at one commit: made, or moved forward, by one run at a time."""

import contextlib
import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hookrules.actions.git_program import Git, GitFailed
from hookrules.actions.git_repository import Repository
from hookrules.actions.git_submodules import update_submodules
from hookrules.actions.rooted import folder_under
from hookrules.engine.templating.git_names import is_commit

_LOCKS = ".hookrules"
_LOCK_POLL = 0.2
_STALE = 600.0  # seconds: no command of git holds the index as long
_CONFIG = """[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
[remote "origin"]
\turl = "{url}"
\tfetch = +refs/heads/*:refs/remotes/origin/*
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`depth` is the number of commits that a first fetch brings along; all where None."""

    ref: str
    depth: int | None = None
    submodules: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where the folder stands now, and where it stood before."""

    folder: Path
    sha: str
    previous: str | None

    @property
    def changed(self) -> bool:
        return self.sha != self.previous


def check_out(git: Git, repository: Repository, wanted: Wanted, root: Path, segments: Sequence[str], now: float) -> Checkout:
    """`git` is in any folder. Raises GitFailed, and OSError where the folder can't be used."""
    with folder_under(root, segments, make=True):
        folder = root.joinpath(*segments)
    with _locked(git, root, segments) as lock:
        git = git.within(folder)
        interrupted = os.fstat(lock).st_size > 0
        _prepare(git, repository, now)
        previous = _commit(git, "HEAD")
        sha = _fetched(git, repository, wanted, first=previous is None)
        force = wanted.force or interrupted
        if previous is not None and not force:
            _check_forward(git, previous, sha)
        if sha != previous or force:
            _moved(git, sha, lock, force=force)
        if wanted.submodules:
            update_submodules(git, repository, wanted.depth, force=force)
        return Checkout(folder, sha, previous)


@contextlib.contextmanager
def _locked(git: Git, root: Path, segments: Sequence[str]) -> Iterator[int]:
    """The folder's lock. It holds the commit that the folder is moving to, as long as it does: a crash leaves it behind."""
    with folder_under(root, [_LOCKS], make=True) as locks:
        name = hashlib.sha256("/".join(segments).encode()).hexdigest()[:32]
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600, dir_fd=locks)
    try:
        while not _taken(descriptor):
            git.cancelled.wait(min(git.remaining(), _LOCK_POLL))
        yield descriptor
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _prepare(git: Git, repository: Repository, now: float) -> None:
    """A repository of git in the folder, whose configuration is ours: whatever a build wrote into it is gone."""
    inner = git.folder / ".git"
    try:
        there = stat.S_ISDIR(inner.lstat().st_mode)
    except FileNotFoundError:
        if any(git.folder.iterdir()):
            raise GitFailed(
                f"{git.folder} holds something else than a checkout; empty it, or name another folder", retryable=False
            ) from None
        git.do("init", "--quiet", "--initial-branch=main")
        there = True
    if not there:
        raise GitFailed(f"{inner} is no folder; this is not a checkout of hookrules", retryable=False)
    _replace(inner / "config", _CONFIG.format(url=repository.url))
    _clear_locks(inner, now)


def _replace(path: Path, text: str) -> None:
    beside = path.with_name(f"{path.name}.hookrules")
    beside.write_text(text)
    beside.replace(path)


def _clear_locks(inner: Path, now: float) -> None:
    """What a power cut left behind. A younger lock may be held by a command of a worker that has just died."""
    for name in ("index.lock", "HEAD.lock", "shallow.lock"):
        with contextlib.suppress(FileNotFoundError):
            if now - (inner / name).lstat().st_mtime > _STALE:
                (inner / name).unlink()


def _commit(git: Git, name: str) -> str | None:
    """The full sha of a commit; None where there is none."""
    found = git.ask("rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}")
    return found.stdout.strip() if found.exit_code == 0 else None


def _fetched(git: Git, repository: Repository, wanted: Wanted, *, first: bool) -> str:
    """The full sha of the commit that is wanted, now that it is here."""
    source = wanted.ref if is_commit(wanted.ref) or wanted.ref.startswith("refs/") else _whole_name(git, repository, wanted.ref)
    depth = [f"--depth={wanted.depth}"] if wanted.depth and (first or wanted.force) else []
    git.do("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", *depth, "--", repository.url, source)
    sha = _commit(git, "FETCH_HEAD")
    if sha is None or (is_commit(wanted.ref) and sha != wanted.ref.lower()):
        raise GitFailed(f"{wanted.ref} is no commit of the repository", retryable=False)
    return sha


def _whole_name(git: Git, repository: Repository, ref: str) -> str:
    """A branch of this name, and a tag only where there is none: whoever may push tags does not choose what is deployed."""
    names = [f"refs/heads/{ref}", f"refs/tags/{ref}"]
    there = {line.partition("\t")[2] for line in git.do("ls-remote", "--quiet", "--", repository.url, *names).splitlines()}
    for name in names:
        if name in there:
            return name
    raise GitFailed(f"the repository has neither a branch nor a tag {ref!r}; a commit is named by its full sha")


def _check_forward(git: Git, previous: str, sha: str) -> None:
    if git.do("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all"):
        raise GitFailed(f"files in {git.folder} were changed there; `force: true` drops such changes", retryable=False)
    if git.ask("merge-base", "--is-ancestor", previous, sha).exit_code != 0:
        why = "this event is older than it, or the branch was rewritten; `force: true` goes there all the same"
        raise GitFailed(f"{sha[:12]} does not follow {previous[:12]}, which is checked out: {why}", retryable=False)


def _moved(git: Git, sha: str, lock: int, *, force: bool) -> None:
    os.pwrite(lock, sha.encode(), 0)
    os.fsync(lock)
    git.do("checkout", "--quiet", "--detach", *(["--force"] if force else []), sha, "--")
    os.ftruncate(lock, 0)
