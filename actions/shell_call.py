"""A command with every value in its place: described, or run."""

import contextlib
import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hookrules.actions.accounts import Account, account, own_name
from hookrules.actions.action import Surroundings
from hookrules.actions.private_files import private_file
from hookrules.actions.process_table import mark
from hookrules.actions.processes import Audience, Ending, Finished, Program, run
from hookrules.actions.remnants import variables
from hookrules.actions.shell_faults import Unstarted, unstarted
from hookrules.actions.shell_input import From
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Failure, FailureKind, Json, Outcome
from hookrules.engine.templating.argument import passable

SHELL = ("/bin/sh", "-c")
_INHERITED = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/", "LANG": "C.UTF-8"}
_VALUE = re.compile(r'"\$\{(HR_[0-9]+)\}"')
"""A value in shell text. For people, a description shows the value itself in its place."""


@dataclass(frozen=True, slots=True)
class ShellCall:
    argv: Sequence[str]
    folder: str
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: str | From | None = None
    payload_file: bool = False
    user: str | None = None
    output_limit: int = 256 * 1024
    success_codes: Sequence[int] = (0,)

    def describe(self) -> Mapping[str, Json]:
        told: dict[str, Json] = {"argv": list(self.argv), "cwd": self.folder or "."}
        if tuple(self.argv[:2]) == SHELL:
            told["command"] = _VALUE.sub(lambda found: shlex.quote(self.environment.get(found[1], found[0])), self.argv[2])
        if self.environment:
            told["env"] = dict(self.environment)
        if self.stdin is not None:
            told["stdin"] = {"from": self.stdin.value} if isinstance(self.stdin, From) else self.stdin
        if self.payload_file:
            told["payload_file"] = True
        if self.user is not None:
            told["user"] = self.user
        return told

    def perform(self, surroundings: Surroundings) -> Outcome:
        try:
            who = None if self.user is None else _account(self.user)
            with self._payload_file(surroundings.body, who) as variables:
                finished = self._run(self._program(surroundings, who, variables), surroundings)
        except Unstarted as reason:
            return Outcome(succeeded=False, error=str(reason), retryable=reason.may_pass)
        return self._outcome(finished, surroundings.timeout)

    def suppose(self, result: Mapping[str, Json]) -> Outcome:
        known = {"exit_code": self.success_codes[0], "stdout": "", "stderr": "", **result}
        code = known["exit_code"]
        if not isinstance(code, int) or isinstance(code, bool):
            raise TypeError(f"'exit_code' is a whole number, not {code!r}")
        return self._outcome(Finished(Ending.EXITED, code, str(known["stdout"]), str(known["stderr"])), timeout=0)

    @contextlib.contextmanager
    def _payload_file(self, body: bytes, who: Account | None) -> Iterator[Mapping[str, str]]:
        """The variable that names the file; nothing where none is wanted."""
        with contextlib.ExitStack() as kept:
            try:
                path = kept.enter_context(private_file(body, ".payload", who)) if self.payload_file else None
            except OSError as error:
                raise Unstarted(f"payload_file: {error.strerror or error}", may_pass=True) from None
            yield {} if path is None else {"HOOKRULES_PAYLOAD_FILE": str(path)}

    def _program(self, surroundings: Surroundings, who: Account | None, more: Mapping[str, str]) -> Program:
        inherited = {name: os.environ.get(name, usual) for name, usual in _INHERITED.items()}
        facts = {**inherited, **_of(who), **surroundings.facts, **more}
        return Program(
            argv=self.argv,
            folder=(surroundings.folder / _expanded(self.folder, who)).absolute(),
            environment={**{name: _carried(name, value) for name, value in facts.items()}, **self.environment},
            stdin=self._input(surroundings.body),
            output_limit=self.output_limit,
            account=who,
            known_by=variables(surroundings.idempotency_key, surroundings.attempt),
        )

    def _input(self, body: bytes) -> bytes | None:
        if isinstance(self.stdin, From):
            return body
        return None if self.stdin is None else self.stdin.encode()

    def _run(self, program: Program, surroundings: Surroundings) -> Finished:
        def lasts(pid: int) -> None:
            made = mark(pid)
            if made is not None:
                surroundings.started(made)

        audience = Audience(surroundings.output, lasts, surroundings.mask)
        try:
            return run(program, timeout=surroundings.timeout, cancelled=surroundings.cancelled, audience=audience)
        except (OSError, ValueError) as error:
            raise unstarted(error, program) from None

    def _outcome(self, finished: Finished, timeout: float) -> Outcome:
        result = {"exit_code": finished.exit_code, "stdout": finished.stdout, "stderr": finished.stderr}
        if finished.ending is Ending.TIMED_OUT:
            late = f"the command ran longer than {timeout:g} s and was ended"
            return Outcome(succeeded=False, result=result, error=late, failure=Failure(FailureKind.TIMEOUT))
        if finished.ending is Ending.CANCELLED:
            return Outcome(succeeded=False, result=result, error="the command was ended, since its run was", retryable=False)
        if finished.exit_code in self.success_codes:
            return Outcome(succeeded=True, result=result)
        return Outcome(succeeded=False, result=result, error=_exit_line(finished), failure=_failure(finished.exit_code))


def _failure(code: int) -> Failure:
    return Failure(FailureKind.SIGNAL, -code) if code < 0 else Failure(FailureKind.EXIT, code)


def _account(name: str) -> Account:
    found = account(name)
    if found is None:
        raise Unstarted(f"user {name}: there is no such user on this machine")
    if os.geteuid() != 0 and not found.is_ours:
        raise Unstarted(f"user {name}: only root may run a command as another user, and this worker runs as {own_name()}")
    return found


def _of(who: Account | None) -> Mapping[str, str]:
    return {} if who is None else {"HOME": who.home, "USER": who.name, "LOGNAME": who.name}


def _expanded(folder: str, who: Account | None) -> Path:
    """With the home of whom the command runs as in the place of `~`."""
    at_home = folder == "~" or folder.startswith("~/")
    return Path(who.home + folder[1:]) if at_home and who is not None else Path(os.path.expanduser(folder))  # noqa: PTH111  ~ of nobody stays


def _carried(name: str, value: str) -> str:
    try:
        return passable(value, name)
    except TemplateError as error:
        raise Unstarted(error.message) from None


def _exit_line(finished: Finished) -> str:
    if finished.exit_code < 0:
        return f"the command was ended by signal {-finished.exit_code}"
    last = finished.stderr.strip().rpartition("\n")[2].strip()
    return f"the command exited with {finished.exit_code}" + (f": {last[:300]}" if last else "")
