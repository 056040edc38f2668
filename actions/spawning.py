"""Starts a program: a session and process group of its own, pipes that it owns, no file of ours but these."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from hookrules.actions.accounts import Account


@dataclass(frozen=True, slots=True)
class Program:
    """What to start. `stdin` None is an empty input; `output_limit` is bytes of each output, of which the last are kept."""

    argv: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    stdin: bytes | None = None
    output_limit: int = 256 * 1024
    account: Account | None = None
    """As whom it runs; None is as this process does. Only root can give another."""
    known_by: Mapping[str, str] = field(default_factory=dict)
    """Variables that join its environment, by which together its processes are told from all others."""


@dataclass(frozen=True, slots=True)
class Spawned:
    """A running program, and our ends of its pipes."""

    process: "subprocess.Popen[bytes]"
    stdin: int | None
    stdout: int
    stderr: int


def spawn(program: Program) -> Spawned:
    """Raises OSError or ValueError where it can't be started."""
    pipes = [os.pipe() for _ in range(2 if program.stdin is None else 3)]
    theirs = [pipes[0][1], pipes[1][1], *(read for read, _ in pipes[2:])]
    ours = [pipes[0][0], pipes[1][0], *(write for _, write in pipes[2:])]
    try:
        process = _popen(program, theirs)
    except BaseException:
        _close(ours)
        raise
    finally:
        _close(theirs)
    for end in ours:
        os.set_blocking(end, False)
    return Spawned(process, ours[2] if program.stdin is not None else None, ours[0], ours[1])


def _popen(program: Program, ends: Sequence[int]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - running what the rule names is this module's purpose
        [word.encode() for word in program.argv],
        cwd=program.folder,
        env={name.encode(): value.encode() for name, value in {**program.environment, **program.known_by}.items()},
        stdin=_nothing() if program.stdin is None else ends[2],
        stdout=ends[0],
        stderr=ends[1],
        start_new_session=True,
        **_as(program.account, ends),
    )


@cache
def _nothing() -> int:
    """An empty input: one for all."""
    return os.open(os.devnull, os.O_RDONLY)


def _as(account: Account | None, ends: Sequence[int]) -> Mapping[str, Any]:
    """The pipes become the account's: what opens /dev/stdout anew has to be allowed to."""
    if account is None or account.is_ours:
        return {}
    for end in ends:
        os.fchown(end, account.uid, account.gid)
    return {"user": account.uid, "group": account.gid, "extra_groups": account.groups}


def _close(ends: Sequence[int]) -> None:
    for end in ends:
        os.close(end)
