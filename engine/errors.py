"""What can go wrong, as values that name the thing and the remedy. A message never holds a secret.

HookrulesError
├── UsageError             the command line or the machine: a missing file, a port in use
├── ConfigurationError     hookrules.yaml or rules with findings of level error
├── ConditionError         the text of a condition (at load)
├── TemplateError          a template: its text (at load) or its rendering (in a step)
│   └── UnsafeValue          a value where nothing can make it safe
├── Refusal                a delivery that is not taken, with the HTTP status that says so
│   ├── Unproven             401
│   ├── Unreadable           400
│   ├── BrokenOff            400
│   ├── UnknownSource        404
│   ├── TooSlow              408
│   ├── TooLarge             413
│   ├── UnsupportedBody      415
│   ├── TooManyRequests      429, with the seconds to wait
│   └── Unavailable          503, with the seconds to wait
└── JournalError           the journal can't be read or written
    ├── LeaseLost            this worker's claim of a run is over; another may hold it
    └── Unwritable           a value that no journal can hold
"""

from collections.abc import Sequence
from typing import Any, ClassVar


class HookrulesError(Exception):
    """The base of all errors that hookrules raises on purpose."""


class UsageError(HookrulesError):
    """A person's mistake outside of the configuration, told in one line."""


class ConfigurationError(HookrulesError):
    """The configuration can't be used. `findings` says why, each with its place."""

    def __init__(self, message: str, findings: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


class ConditionError(HookrulesError):
    """A condition that can't be compiled.

    `path` leads from the whole condition to the offending text (`(1, "any", 0)`), `column` counts characters inside that text from 0.
    """

    def __init__(self, message: str, *, column: int = 0, suggestion: str | None = None, path: tuple[int | str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        self.suggestion = suggestion
        self.path = path


class TemplateError(HookrulesError):
    """A template that can't be used, at load, or rendered, in a step. `line` and `column` count inside its text from 0."""

    others: tuple["TemplateError", ...] = ()
    """What else is wrong with the same template."""

    def __init__(self, message: str, *, line: int = 0, column: int = 0, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.suggestion = suggestion


class UnsafeValue(TemplateError):
    """A template with a value where nothing can make it safe: inside quotes of the author's, in what a shell runs as code."""


class Refusal(HookrulesError):
    """A delivery that is not taken. The message goes to the sender and to the log."""

    status: ClassVar[int]
    retry_after: int | None = None
    proven: ClassVar[bool] = False
    """Whether its source was proven all the same."""


class Unproven(Refusal):
    """Nothing proves that the delivery comes from its source. The message never says what was expected."""

    status = 401


class Unreadable(Refusal):
    """A proven body that is not what it claims to be."""

    status = 400
    proven = True


class BrokenOff(Refusal):
    """A body whose sender went away before its end, or that is not framed as HTTP says."""

    status = 400


class UnknownSource(Refusal):
    status = 404


class TooSlow(Refusal):
    """A body that did not come in time."""

    status = 408


class TooLarge(Refusal):
    status = 413


class UnsupportedBody(Refusal):
    status = 415
    proven = True


class TooManyRequests(Refusal):
    """More than a rate limit lets through."""

    status = 429

    def __init__(self, message: str, retry_after: int, *, first: bool) -> None:
        """`first`: the one before it under the same limit was let through; the log tells only of this one."""
        super().__init__(message)
        self.retry_after = retry_after
        self.first = first


class Unavailable(Refusal):
    """Not now: the journal can't be written or too much waits already."""

    status = 503
    retry_after = 5


class JournalError(HookrulesError):
    """The journal can't be read or written."""


class LeaseLost(JournalError):
    """A write under a claim that is no longer this worker's; nothing was written."""


class Unwritable(JournalError):
    """A value that no journal can hold: text that is no Unicode, a document without end. Trying again can't help."""
