"""Kind `shell`: a command, through /bin/sh where it is text, as it stands where it is a list."""

import errno
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import InitErrorDetails

from hookrules.actions.action import Action, Names, Surroundings
from hookrules.actions.processes import Ending, Finished, Program, run
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Failure, FailureKind, Json, Outcome
from hookrules.engine.templating import Argument, BadArgument, ShellText, TextTemplate, judged
from hookrules.engine.templating.template import finding
from hookrules.engine.units import Size

_INHERITED = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/", "LANG": "C.UTF-8"}
_RESERVED = ("HR_", "HOOKRULES_")
_SHELL = ("/bin/sh", "-c")
_VALUE = re.compile(r'"\$\{(HR_[0-9]+)\}"')
"""A value in shell text. For people, a description shows the value itself in its place."""
_ARGUMENTS = TypeAdapter(Annotated[list[Argument], Field(min_length=1)])


def _command(value: Any) -> "ShellText | list[Argument]":
    if isinstance(value, str) and not value.strip():
        raise ValueError("the command is empty")
    if not isinstance(value, list):
        return ShellText.read(value)
    arguments = _ARGUMENTS.validate_python(value)
    try:
        judged(arguments)
    except BadArgument as error:
        raise _placed(error, error.index, value[error.index]) from None
    return arguments


def _written(command: "ShellText | list[Argument]") -> str | list[str]:
    return [argument.source for argument in command] if isinstance(command, list) else command.source


def _placed(error: TemplateError, key: str | int, value: object) -> ValidationError:
    """The error at a part of the field or model that is being read."""
    return ValidationError.from_exception_data("shell", [InitErrorDetails(type=finding(error), loc=(key,), input=value)])


def _free_name(name: str) -> str:
    if not name.isidentifier() or not name.isascii():
        raise ValueError(f"{name!r} is no name of a variable: letters, digits and _")
    if name.startswith(_RESERVED):
        raise ValueError(f"{name} is a name that hookrules sets itself")
    return name


_VARIABLE = rf"^(?!{'|'.join(_RESERVED)})[A-Za-z_][A-Za-z0-9_]*$"
VariableName = Annotated[str, AfterValidator(_free_name), Field(json_schema_extra={"pattern": _VARIABLE})]


class ShellAction(Action):
    """Runs a command in its own process group, with the environment that the rule names and no other."""

    kind: ClassVar[str] = "shell"
    short: ClassVar[str | None] = "command"
    results: ClassVar[tuple[str, ...]] = ("exit_code", "stdout", "stderr")
    failures: ClassVar[frozenset[FailureKind]] = frozenset({FailureKind.TIMEOUT, FailureKind.EXIT, FailureKind.SIGNAL})
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"command": "./deploy.sh {{ payload.after }}", "cwd": "/srv/shop", "env": {"STAGE": "live"}}]}
    )

    command: Annotated[
        ShellText | list[Argument],
        PlainValidator(_command),
        PlainSerializer(_written),
        WithJsonSchema(
            {"anyOf": [{"type": ["string", "number"]}, {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 1}]}
        ),
    ] = Field(description="Text for /bin/sh, in which each {{ }} is one word; or a list: a program and its arguments, without a shell.")
    cwd: TextTemplate | None = Field(None, description="The folder to run in; a relative one starts where hookrules.yaml lies.")
    env: dict[VariableName, TextTemplate] = Field(default_factory=dict, description="Variables beside PATH, HOME, LANG and HOOKRULES_*.")
    stdin: TextTemplate | None = Field(None, description="What the command reads; nothing where left out.")
    output_limit: Size = Field(256 * 1024, description="How much of each output is kept: its end.")
    success_codes: list[int] = Field([0], min_length=1, description="The exit codes that count as success.")

    @model_validator(mode="after")
    def _no_code_as_input(self) -> Self:
        if self.stdin is None or len(self.stdin.references()) == len(self.stdin.raw_uses()):
            return self
        read = self.command.runs_input() if isinstance(self.command, ShellText) else any(way.runs_input for way in judged(self.command))
        if read:
            problem = "a value here would be run as code by the command that reads it"
            error = TemplateError(problem, suggestion="give the command a script of its own, which reads the value")
            raise _placed(error, "stdin", self.stdin.source)
        return self

    def render(self, names: Names) -> "ShellCall":
        """Raises TemplateError."""
        argv, values = self._argv(names)
        return ShellCall(
            argv=argv,
            folder=self.cwd.render(names) if self.cwd is not None else "",
            environment={name: template.render(names) for name, template in self.env.items()} | dict(values),
            stdin=self.stdin.render(names) if self.stdin is not None else None,
            output_limit=self.output_limit,
            success_codes=tuple(self.success_codes),
        )

    def _argv(self, names: Names) -> tuple[tuple[str, ...], Mapping[str, str]]:
        if isinstance(self.command, list):
            return tuple(argument.render(names) for argument in self.command), {}
        shell = self.command.render(names)
        return (*_SHELL, shell.text), shell.environment


@dataclass(frozen=True, slots=True)
class ShellCall:
    """A command with every value in its place."""

    argv: Sequence[str]
    folder: str
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: str | None = None
    output_limit: int = 256 * 1024
    success_codes: Sequence[int] = (0,)

    def describe(self) -> Mapping[str, Json]:
        told: dict[str, Json] = {"argv": list(self.argv), "cwd": self.folder or "."}
        if self.argv[:2] == _SHELL:
            told["command"] = _VALUE.sub(lambda found: shlex.quote(self.environment.get(found[1], found[0])), self.argv[2])
        if self.environment:
            told["env"] = dict(self.environment)
        if self.stdin is not None:
            told["stdin"] = self.stdin
        return told

    def perform(self, surroundings: Surroundings) -> Outcome:
        program = self._program(surroundings)
        try:
            finished = run(program, timeout=surroundings.timeout, cancelled=surroundings.cancelled)
        except (OSError, ValueError) as error:
            return Outcome(succeeded=False, error=_unstarted(error, program), retryable=_may_pass(error))
        return self._outcome(finished, surroundings.timeout)

    def suppose(self, result: Mapping[str, Json]) -> Outcome:
        known = {"exit_code": self.success_codes[0], "stdout": "", "stderr": "", **result}
        code = known["exit_code"]
        if not isinstance(code, int) or isinstance(code, bool):
            raise TypeError(f"'exit_code' is a whole number, not {code!r}")
        return self._outcome(Finished(Ending.EXITED, code, str(known["stdout"]), str(known["stderr"])), timeout=0)

    def _program(self, surroundings: Surroundings) -> Program:
        own = {"HOOKRULES_IDEMPOTENCY_KEY": surroundings.idempotency_key, "HOOKRULES_ATTEMPT": str(surroundings.attempt)}
        inherited = {name: os.environ.get(name, usual) for name, usual in _INHERITED.items()}
        return Program(
            argv=self.argv,
            folder=(surroundings.folder / Path(self.folder).expanduser()).absolute(),
            environment={**inherited, **surroundings.facts, **own, **self.environment},
            stdin=None if self.stdin is None else self.stdin.encode(errors="replace"),
            output_limit=self.output_limit,
        )

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


def _exit_line(finished: Finished) -> str:
    if finished.exit_code < 0:
        return f"the command was ended by signal {-finished.exit_code}"
    last = finished.stderr.strip().rpartition("\n")[2].strip()
    return f"the command exited with {finished.exit_code}" + (f": {last[:300]}" if last else "")


_STARTS: Mapping[int, str] = {
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


def _unstarted(error: OSError | ValueError, program: Program) -> str:
    if not isinstance(error, OSError):
        return f"the command can't be started: {error}"
    if not program.folder.is_dir():
        return f"cwd {program.folder}: there is no such folder"
    text = _STARTS.get(error.errno or 0, "{name}: " + (error.strerror or "this can't be started"))
    return text.format(name=program.argv[0])


def _may_pass(error: OSError | ValueError) -> bool:
    return isinstance(error, OSError) and error.errno in _PASSING
