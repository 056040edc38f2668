"""Runs git with nothing but what is said here: no configuration of the system or of a user, no hooks, no prompts, no other protocols."""

import base64
import contextlib
import os
import re
import shlex
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from hookrules.actions.git_repository import Repository
from hookrules.actions.private_files import private_folder
from hookrules.actions.processes import Ending, Finished, Program, run

_NOWHERE = "/dev/null"
_SETTINGS: Mapping[str, str] = {
    "core.hooksPath": _NOWHERE,
    "core.fsmonitor": "false",
    "core.askPass": "",
    "credential.helper": "",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "fetch.writeCommitGraph": "false",
    "gc.autoDetach": "false",
    "maintenance.autoDetach": "false",
    "http.followRedirects": "false",
    "init.templateDir": "",
    "safe.bareRepository": "explicit",
}
"""What git takes from its environment over any file, and passes on to what it runs for submodules (git-config(1), GIT_CONFIG_COUNT)."""
_SSH_OPTIONS = (
    *("IdentitiesOnly=yes", "IdentityAgent=none", "BatchMode=yes", "StrictHostKeyChecking=yes", f"GlobalKnownHostsFile={_NOWHERE}"),
    *("UpdateHostKeys=no", "PasswordAuthentication=no", "ForwardAgent=no", "ClearAllForwardings=yes", "PermitLocalCommand=no"),
    *("ControlMaster=no", "ControlPath=none", "ProxyCommand=none", "ConnectTimeout=30"),
)
_OUTPUT_LIMIT = 256 * 1024
_TOLD = re.compile(r"^(?:fatal|error|ssh|remote): ?(.*)$|^(.*(?:Permission denied|Host key verification failed).*)$", re.MULTILINE)
_LASTING = re.compile(
    r"authentication failed|could not read username|permission denied|host key verification failed|repository .*not found"
    r"|does not appear to be a git repository|transport '.*' not allowed|certificate|dubious ownership|error: (?:3[0-9]{2}|40[134])",
    re.IGNORECASE,
)
"""What does not pass by itself."""


class GitFailed(Exception):
    """What git could not do, in a line."""

    def __init__(self, reason: str, retryable: bool = True) -> None:
        super().__init__(reason)
        self.retryable = retryable


@dataclass(frozen=True, slots=True)
class Git:
    """git in a folder. All its commands together end at `deadline`, or when the run is ended."""

    folder: Path
    environment: Mapping[str, str]
    deadline: float
    cancelled: threading.Event
    clock: Callable[[], float]
    known_by: Mapping[str, str] = field(default_factory=dict)
    """Variables by which its processes are told from all others."""

    def within(self, folder: Path) -> "Git":
        return replace(self, folder=folder)

    def remaining(self) -> float:
        """Seconds. Raises GitFailed where there are none, or the run is ended."""
        left = self.deadline - self.clock()
        if self.cancelled.is_set():
            raise GitFailed("git was ended, since the run was", retryable=False)
        if left <= 0:
            raise GitFailed("git took longer than the step may")
        return left

    def ask(self, *arguments: str) -> Finished:
        """How a command ended. Raises GitFailed where it was not let go on to its end."""
        environment = {**self.environment, "GIT_CEILING_DIRECTORIES": str(self.folder.parent)}
        program = Program(("git", *arguments), self.folder, environment, output_limit=_OUTPUT_LIMIT, known_by=self.known_by)
        try:
            finished = run(program, timeout=self.remaining(), cancelled=self.cancelled)
        except OSError as error:
            raise GitFailed(f"git can't be started ({(error.strerror or '').lower()}); install it", retryable=False) from None
        if finished.ending is not Ending.EXITED:
            self.remaining()
            raise GitFailed("git took longer than the step may")
        return finished

    def do(self, *arguments: str) -> str:
        """What a command printed. Raises GitFailed, with git's own words, where it did not succeed."""
        finished = self.ask(*arguments)
        if finished.exit_code != 0:
            raise GitFailed(f"git {arguments[0]}: {_words(finished.stderr)}", _LASTING.search(finished.stderr) is None)
        return finished.stdout.strip()


def _words(stderr: str) -> str:
    """The lines that say what went wrong, on one."""
    told = [first or second for first, second in _TOLD.findall(stderr)] or stderr.strip().splitlines()[-1:]
    return "; ".join(line.strip() for line in told if line.strip())[:400] or "it failed and did not say why"


@contextlib.contextmanager
def surrounding(repository: Repository, folder: Path) -> Iterator[dict[str, str]]:
    """The environment for git; the key lies in a private folder meanwhile. `folder` is where hookrules.yaml lies."""
    with private_folder() as private:
        settings = {**_SETTINGS, **_access(repository, folder)}
        numbered = {f"GIT_CONFIG_KEY_{n}": key for n, key in enumerate(settings)}
        values = {f"GIT_CONFIG_VALUE_{n}": value for n, value in enumerate(settings.values())}
        yield {
            "PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
            "HOME": str(private),
            "LC_ALL": "C.UTF-8",
            "LANGUAGE": "en",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": _NOWHERE,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": ":".join(repository.protocols),
            "GIT_SSH_COMMAND": _ssh(repository, private),
            "GIT_SSH_VARIANT": "ssh",
            "GIT_PAGER": "cat",
            "GIT_EDITOR": "false",
            "GIT_CONFIG_COUNT": str(len(settings)),
            **numbered,
            **values,
        }


def _access(repository: Repository, folder: Path) -> dict[str, str]:
    """How it is reached over HTTPS. The password is for its own server alone, whatever submodules name."""
    settings = {} if repository.ca is None else {"http.sslCAInfo": str((folder / repository.ca).absolute())}
    if repository.password is not None:
        pair = f"{repository.username}:{repository.password.reveal()}"
        settings[f"http.{repository.place.base}.extraHeader"] = f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}"
    return settings


def _ssh(repository: Repository, private: Path) -> str:
    if repository.key is None or repository.known_hosts is None:
        return "false"
    key, hosts = private / "key", private / "known_hosts"
    key.touch(0o600)
    key.write_text(repository.key.reveal().strip() + "\n")
    hosts.write_text(repository.known_hosts.strip() + "\n")
    options = (*_SSH_OPTIONS, f"UserKnownHostsFile={hosts}")
    return shlex.join(["ssh", "-F", _NOWHERE, "-i", str(key), *(word for option in options for word in ("-o", option))])
