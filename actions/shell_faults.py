"""Why a command could not be started, in a line for a person."""

import errno
import os
from collections.abc import Mapping

from hookrules.actions.spawning import Program


class Unstarted(Exception):
    """`may_pass` says whether it may start another time."""

    def __init__(self, message: str, *, may_pass: bool = False) -> None:
        super().__init__(message)
        self.may_pass = may_pass


_WORDS: Mapping[int, str] = {
    errno.ENOENT: "{name}: there is no such program",
    errno.EACCES: "{name}: this is not executable",
    errno.EPERM: "{name}: this may not be executed",
    errno.ENOEXEC: "{name}: this is no program; a script begins with a line such as #!/bin/sh",
    errno.E2BIG: "the command's arguments and variables are larger than the system takes together; pass them as stdin",
    errno.EAGAIN: "the system can start no more processes now",
    errno.ENOMEM: "the system has no memory for another process now",
    errno.EMFILE: "too many files are open to start a process",
}
_PASSING = frozenset({errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE})


def unstarted(error: OSError | ValueError, program: Program) -> Unstarted:
    """What the system said, in words."""
    if not isinstance(error, OSError):
        return Unstarted(f"the command can't be started: {error}")
    if not os.path.isdir(program.folder):  # noqa: PTH112  a Path raises where a name is too long
        return Unstarted(f"cwd {_short(str(program.folder))}: there is no such folder")
    text = _WORDS.get(error.errno or 0, "{name}: " + (error.strerror or "this can't be started"))
    return Unstarted(text.format(name=_short(program.argv[0])), may_pass=error.errno in _PASSING)


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"
