"""The words of a command while they are read, and what is asked of any of them.

A command is read word by word into a small frozen state, so that every branch of a template can be followed. A word is its
text without quotes, in which `VALUE` stands for a printed value, `EXPANSION` for what the shell fills in (`$x`, `$(…)`) and `RAW`
for what the author vouches for.
"""

import re
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from hookrules.engine.templating.shell_programs import READS_AGAIN

VALUE = "\ue000"
EXPANSION = "\ue001"
RAW = "\ue002"
PARAMETERS = "@"
"""The name of what `$1`, `$2`, `$@` and `$*` hold."""


class Unsafe(Exception):
    """A value where it would be read as code. The text completes "{{ }} …"."""


class Command(Struct, frozen=True):
    """How the next word is read. `program` is for messages; `stage` is the reader's own note.

    A struct of msgspec, since ten thousand rules are read at load and a changed copy of a named tuple takes eight times as long.
    """

    reader: "Callable[[Command, str], Command]"
    program: str = ""
    stage: str = ""
    runs_input: bool = False
    """Whether what is piped in would be run."""
    binds: str = ""
    """The variable of the shell that the last word put a value into; `@` for its parameters."""
    rereads: bool = False
    """Whether the last word has the shell read text again, and with it whatever its variables hold."""

    inner: "Command | None" = None
    """A command among the words of this one: `find . -exec …`."""

    def take(self, word: str) -> "Command":
        """Read one more word. Raises Unsafe."""
        return self.reader(replace(self, binds="", rereads=False), word)


ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\+?=")
_STEERING = re.compile(
    r"PATH|IFS|ENV|BASH_ENV|SHELLOPTS|BASHOPTS|PS[0-4]|PROMPT_COMMAND|CDPATH|SHELL|EDITOR|VISUAL|PAGER|BROWSER|HOME"
    r"|LD_.*|DYLD_.*|PYTHON.*|PERL5.*|RUBY.*|NODE_.*|JAVA_TOOL_OPTIONS|GIT_(?!(?:ACTOR|BRANCH|COMMIT|REF|REPO|REPOSITORY|SHA|TAG)$).*"
    r"|SSH_.*|HR_[0-9]+"
)
"""What git and others read without being asked. The names of git's that are left out are used by scripts, and git(1) knows none of them."""


def steers(name: str) -> bool:
    """Whether a variable of this name decides what programs run."""
    return _STEERING.fullmatch(name) is not None


def assigned(assignment: "re.Match[str]", word: str) -> str:
    """The variable that takes a value, if one stands in the word."""
    name = assignment[1]
    if VALUE not in word:
        return ""
    if VALUE in word[: assignment.end()]:
        raise Unsafe("would choose a variable's name")
    if steers(name):
        raise Unsafe(f"would set {name}, which decides what programs run")
    return name


def texts(command: Command, word: str) -> Command:  # noqa: ARG001
    """Any values: the program only shows them."""
    return command


def no_values(command: Command, word: str) -> Command:
    if VALUE in word:
        raise Unsafe(f"would be read again as code by {command.program}")
    again = command.program in READS_AGAIN and (EXPANSION in word or "$" in word)
    return replace(command, rereads=again or command.program == "let")
