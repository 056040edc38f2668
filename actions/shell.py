"""Kind `shell`: a command, through /bin/sh where it is text, as it stands where it is a list."""

from collections.abc import Mapping
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

from hookrules.actions.accounts import account
from hookrules.actions.action import Absence, Action, Names
from hookrules.actions.shell_call import SHELL, ShellCall
from hookrules.actions.shell_input import From, Stdin, rendered
from hookrules.engine.errors import TemplateError, UnsafeValue
from hookrules.engine.model import FailureKind
from hookrules.engine.templating import Argument, BadArgument, FolderPath, ShellText, TextTemplate, judged, prints_values
from hookrules.engine.templating.argument import passable
from hookrules.engine.templating.shell_frames import REMEDY
from hookrules.engine.templating.shell_words import steers
from hookrules.engine.templating.template import finding
from hookrules.engine.units import Size

_RESERVED = ("HR_", "HOOKRULES_")
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
        raise _placed(error, (error.index,), value[error.index]) from None
    return arguments


def _written(command: "ShellText | list[Argument]") -> str | list[str]:
    return [argument.source for argument in command] if isinstance(command, list) else command.source


def _placed(error: TemplateError, place: tuple[str | int, ...], value: object) -> ValidationError:
    """The error at a part of the field or model that is being read."""
    return ValidationError.from_exception_data("shell", [InitErrorDetails(type=finding(error), loc=place, input=value)])


def _runs_input(command: "ShellText | list[Argument]") -> bool:
    return command.runs_input() if isinstance(command, ShellText) else any(way.runs_input for way in judged(command))


def _free_name(name: str) -> str:
    if not name.isidentifier() or not name.isascii():
        raise ValueError(f"{name!r} is no name of a variable: letters, digits and _")
    if name.startswith(_RESERVED):
        raise ValueError(f"{name} is a name that hookrules sets itself")
    return name


_USER = r"^[A-Za-z_][A-Za-z0-9_.-]*\$?$"
_READ = "give the command a script of its own, which reads the value"
_RENAME = "give it under another name to a script of your own"
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
    cwd: FolderPath | None = Field(None, description="The folder to run in; a relative one starts where hookrules.yaml lies.")
    env: dict[VariableName, TextTemplate] = Field(default_factory=dict, description="Variables beside PATH, HOME, LANG and HOOKRULES_*.")
    stdin: Stdin | None = Field(
        None, description="What the command reads: a text, `{from: payload}` (as JSON) or `{from: body}` (the bytes as they came)."
    )
    payload_file: bool = Field(False, description="Whether the body is put into a private file, named by HOOKRULES_PAYLOAD_FILE.")
    user: Annotated[str, Field(pattern=_USER)] | None = Field(None, description="As whom it runs; only a worker of root's can choose.")
    output_limit: Size = Field(256 * 1024, description="How much of each output is kept: its end.")
    success_codes: list[int] = Field([0], min_length=1, description="The exit codes that count as success.")

    @model_validator(mode="after")
    def _no_code_as_input(self) -> Self:
        if self.stdin is not None and _runs_input(self.command) and (isinstance(self.stdin, From) or prints_values(self.stdin)):
            error = UnsafeValue("a value here would be run as code by the command that reads it", suggestion=_READ)
            raise _placed(error, ("stdin",), None)
        return self

    @model_validator(mode="after")
    def _no_program_by_variable(self) -> Self:
        for name, template in self.env.items():
            if steers(name) and prints_values(template):
                error = UnsafeValue(f"a value here would set {name}, which decides what programs run", suggestion=_RENAME)
                raise _placed(error, ("env", name), template.source)
        return self

    @model_validator(mode="after")
    def _no_code_by_variable(self) -> Self:
        if isinstance(self.command, ShellText):
            for name, template in self.env.items():
                said = self.command.misuse(name)
                if said and prints_values(template):
                    raise _placed(UnsafeValue(f"a value here {said}", suggestion=REMEDY), ("env", name), template.source)
        return self

    def missing_here(self) -> tuple[Absence, ...]:
        if self.user is None or account(self.user) is not None:
            return ()
        return (Absence(f"there is no user '{self.user}' on this machine", "user"),)

    def render(self, names: Names) -> ShellCall:
        """Raises TemplateError."""
        argv, values = self._argv(names)
        named = {name: passable(template.render(names), f"the variable {name}") for name, template in self.env.items()}
        return ShellCall(
            argv=argv,
            folder=self.cwd.render(names) if self.cwd is not None else "",
            environment=named | dict(values),
            stdin=rendered(self.stdin, names) if self.stdin is not None else None,
            payload_file=self.payload_file,
            user=self.user,
            output_limit=self.output_limit,
            success_codes=tuple(self.success_codes),
        )

    def _argv(self, names: Names) -> tuple[tuple[str, ...], Mapping[str, str]]:
        if isinstance(self.command, list):
            return tuple(argument.render(names) for argument in self.command), {}
        shell = self.command.render(names)
        return (*SHELL, shell.text), shell.environment
