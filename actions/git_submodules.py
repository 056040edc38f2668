"""Submodules: fetched where they lie on their repository's own server, since whoever writes `.gitmodules` may be anyone."""

from pathlib import Path

from hookrules.actions.git_program import Git, GitFailed
from hookrules.actions.git_repository import GitUrl, Repository
from hookrules.actions.rooted import folder_under

_DEEPEST = 8
_MODULES = "HEAD:.gitmodules"


def update_submodules(git: Git, repository: Repository, depth: int | None, *, force: bool, level: int = 0) -> None:
    """Those of the folder, and theirs. Raises GitFailed, and OSError where one of them is led elsewhere."""
    if git.ask("cat-file", "-e", _MODULES).exit_code != 0:
        return
    if level == _DEEPEST:
        raise GitFailed(f"its submodules nest deeper than {_DEEPEST}", retryable=False)
    for url in _listed(git, "url"):
        _check(url, repository)
    git.do("submodule", "--quiet", "sync")
    extent = [f"--depth={depth}"] if depth else []
    git.do("submodule", "--quiet", "update", "--init", "--checkout", *(["--force"] if force else []), *extent)
    for path in _listed(git, "path"):
        with folder_under(git.folder, path.split("/"), make=False):
            inner = git.within(Path(git.folder, path))
        update_submodules(inner, repository, depth, force=force, level=level + 1)


def _listed(git: Git, key: str) -> list[str]:
    """What `.gitmodules` of the commit says, not what lies in the folder, which may be a link."""
    told = git.ask("config", "--blob", _MODULES, "--null", "--get-regexp", rf"^submodule\..*\.{key}$")
    return [entry.partition("\n")[2] for entry in told.stdout.split("\0") if entry]


def _check(url: str, repository: Repository) -> None:
    if url.startswith(("./", "../")):
        return
    try:
        there = GitUrl.read(url)
    except ValueError:
        raise GitFailed(f"a submodule is at {url[:200]!r}, which is no URL that is fetched", retryable=False) from None
    if there.host != repository.place.host or there.scheme not in repository.protocols:
        raise GitFailed(f"a submodule is at {url[:200]!r}, not on the repository's own server", retryable=False)
