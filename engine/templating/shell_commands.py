"""What a command does with its arguments: whether a value may be one of them, or would be read as code again.

A command is read word by word into a small frozen state, so that every branch of a template can be followed. A word is its
text without quotes, in which `VALUE` stands for a printed value, `EXPANSION` for what the shell fills in (`$x`, `$(…)`) and `RAW`
for what the author vouches for.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msgspec import Struct
from msgspec.structs import replace

VALUE = "\ue000"
EXPANSION = "\ue001"
RAW = "\ue002"

RESERVED = frozenset(
    ("!", "{", "}", "[[", "case", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "select", "then", "until", "while")
)


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
    binds: bool = False
    """Whether the last word put a value into a variable or a parameter of the shell."""
    rereads: bool = False
    """Whether the last word has the shell read text again, and with it whatever its variables hold."""

    def take(self, word: str) -> "Command":
        """Read one more word. Raises Unsafe."""
        return self.reader(replace(self, binds=False, rereads=False), word)


def beginning(command: Command, word: str) -> Command:
    """Assignments, then the program."""
    assignment = _ASSIGNMENT.match(word)
    if assignment is not None:
        return replace(command, binds=_assigned(assignment, word))
    return _program(word)


def start() -> Command:
    """A command of a shell."""
    return Command(beginning)


def directly() -> Command:
    """A command that no shell reads: its first word is the program."""
    return Command(lambda _, word: _program(word))


_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\+?=")
_STEERING = re.compile(
    r"PATH|IFS|ENV|BASH_ENV|SHELLOPTS|BASHOPTS|PS[0-4]|PROMPT_COMMAND|CDPATH|SHELL|EDITOR|VISUAL|PAGER|BROWSER|HOME"
    r"|LD_.*|DYLD_.*|PYTHON.*|PERL5.*|RUBY.*|NODE_.*|JAVA_TOOL_OPTIONS|GIT_(?!(?:ACTOR|BRANCH|COMMIT|REF|REPO|REPOSITORY|SHA|TAG)$).*"
    r"|SSH_.*|HR_[0-9]+"
)
"""What git and others read without being asked. The names of git's that are left out are used by scripts, and git(1) knows none of them."""


def steers(name: str) -> bool:
    """Whether a variable of this name decides what programs run."""
    return _STEERING.fullmatch(name) is not None


def _assigned(assignment: "re.Match[str]", word: str) -> bool:
    name = assignment[1]
    if VALUE not in word:
        return False
    if VALUE in word[: assignment.end()]:
        raise Unsafe("would choose a variable's name")
    if steers(name):
        raise Unsafe(f"would set {name}, which decides what programs run")
    return True


def _program(word: str) -> Command:
    if VALUE in word:
        raise Unsafe("would choose the program")
    if word in RESERVED:
        return Command(no_values, word)
    name = word.rpartition("/")[2]
    if RAW in name:
        return Command(arguments, "the program")
    if EXPANSION in name:
        return Command(unknown, "a program that a variable names", runs_input=True)
    return _PROGRAMS.get(_plain_name(name), Command(arguments, name))


def _plain_name(name: str) -> str:
    """`python3.11` is python, `bash` is bash."""
    return re.sub(r"[0-9.]+$", "", name) or name


def arguments(command: Command, word: str) -> Command:
    """Any values, save that a shell named among the arguments (`docker exec web sh -c`) reads on by its own rules."""
    if VALUE in word:
        return command
    inner = _ANYWHERE.get(_plain_name(word.rpartition("/")[2]))
    return command if inner is None else inner


def texts(command: Command, word: str) -> Command:  # noqa: ARG001
    """Any values: the program only shows them."""
    return command


def no_values(command: Command, word: str) -> Command:
    if VALUE in word:
        raise Unsafe(f"would be read again as code by {command.program}")
    again = EXPANSION in word or (command.program in _READS_AGAIN and "$" in word)
    return replace(command, rereads=again)


def unknown(command: Command, word: str) -> Command:
    if VALUE in word:
        raise Unsafe(f"would go to {command.program}, and what that does with it can't be told")
    return replace(command, rereads=EXPANSION in word)


def printf(command: Command, word: str) -> Command:  # noqa: ARG001
    """The format is the author's; `-v` names a variable, whose index would be worked out."""
    if VALUE in word:
        raise Unsafe("would be printf's format; write printf '%s' first")
    return Command(no_values if word.startswith("-") and word != "--" else texts, "printf -v")


def condition(command: Command, word: str) -> Command:
    """`test` and `[`: some shells work out what `-v` names, so an operator must be the author's."""
    if word in ("-v", "-R"):
        return Command(no_values, f"{command.program} {word}")
    if VALUE in word and (command.stage == "value" or EXPANSION in word):
        raise Unsafe(f"would be an operator of {command.program}")
    return replace(command, stage="value" if VALUE in word else "")


def declaration(command: Command, word: str) -> Command:
    """`export A=…`: the names are the author's."""
    if word.startswith("-") and VALUE not in word:
        return Command(no_values, f"{command.program} {word}")
    assignment = _ASSIGNMENT.match(word)
    if VALUE in word and (assignment is None or EXPANSION in word):
        raise Unsafe("would choose a variable's name")
    return replace(command, binds=assignment is not None and _assigned(assignment, word))


def positional(command: Command, word: str) -> Command:
    """`set -- a b`: options come before `--`, values only after it."""
    if command.stage == "--":
        return replace(command, binds=VALUE in word)
    if VALUE in word:
        raise Unsafe("would be an option of set; write set -- first")
    return replace(command, stage="--") if word == "--" else command


@dataclass(frozen=True, slots=True)
class Prefix:
    """A program that runs another: which of its options take a word, and how many words come before the program."""

    takes: str = ""
    operands: int = 0
    assigns: bool = False


def prefix(command: Command, word: str) -> Command:
    """The words of `sudo -u deploy env A=1 …` up to the program that is really run."""
    if command.stage == "option":
        return replace(_no_value_in(word, command), stage="")
    rule = _PREFIXES[command.program]
    if rule.assigns and (assignment := _ASSIGNMENT.match(word)):
        return replace(command, binds=_assigned(assignment, word))
    if word.startswith("-") and len(word) > 1 and VALUE not in word:
        return _prefix_option(command, word, rule)
    left = rule.operands - command.stage.count("operand")
    if left > 0:
        return replace(_no_value_in(word, command), stage=command.stage + "operand")
    return _program(word)


def _prefix_option(command: Command, word: str, rule: Prefix) -> Command:
    if word == "--" or "=" in word:
        return command
    letters = word[1:]
    if word.startswith("--") or not letters.isalnum() or (command.program == "env" and "S" in letters):
        return Command(no_values, f"{command.program} {word}")
    if letters[0] in rule.takes:
        return replace(command, stage="option") if len(letters) == 1 else command
    if any(letter in rule.takes for letter in letters[:-1]):
        return Command(no_values, f"{command.program} {word}")
    return replace(command, stage="option") if letters[-1] in rule.takes else command


def _no_value_in(word: str, command: Command) -> Command:
    if VALUE in word:
        raise Unsafe(f"would be read by {command.program}, not by the program that it runs")
    return command


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A program that runs a script: the options that change nothing, those that take a word, those that name a module."""

    flags: str
    takes: tuple[str, ...] = ()
    module: tuple[str, ...] = ()


def interpreter(command: Command, word: str) -> Command:
    """Values may follow a script that the author names; they may neither be nor come after code given as text."""
    rule = _RULES[command.program]
    if command.stage == "module":
        return Command(arguments, command.program) if VALUE not in word else _chosen(command)
    if command.stage == "option":
        return replace(_no_value_in(word, command), stage="")
    if VALUE in word:
        return _chosen(command)
    if word in rule.module:
        return replace(command, stage="module")
    if word in rule.takes:
        return replace(command, stage="option")
    if word == "--" or re.fullmatch(rf"[-+](?:{rule.flags})", word):
        takes = any(word[-1] == option[-1] for option in rule.takes) and len(word) > 1 and word[-1] in "oO"
        return replace(command, stage="option" if takes else "")
    if word.startswith(("-", "+")) or (EXPANSION in word and not word.rpartition("/")[2].replace(EXPANSION, "")):
        return Command(no_values, f"{command.program} {word}".replace(EXPANSION, "$…"), runs_input=True, rereads=EXPANSION in word)
    return Command(texts, command.program)


def _chosen(command: Command) -> Command:
    raise Unsafe(f"would be code or a script of {command.program}")


_SHELL = Interpreter(r"[abefhiklmnprtuvxBCEHPTo]+|-login|-norc|-noprofile|-posix", ("-o", "+o", "-O", "+O", "--rcfile", "--init-file"))
_RULES: Mapping[str, Interpreter] = {
    **dict.fromkeys(("sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "rbash", "fish"), _SHELL),
    **dict.fromkeys(("python", "pypy"), Interpreter(r"[bBdEhiIOPqRsSuvVx]+", ("-W", "-X"), ("-m",))),
    "perl": Interpreter(r"[wWTtUuSsX]+"),
    "ruby": Interpreter(r"[wWvU]+", ("-I", "-r")),
    "node": Interpreter(r"-trace-warnings|-no-warnings", ("-r", "--require")),
    **dict.fromkeys(("php", "lua", "tclsh", "expect", "osascript", "pwsh", "Rscript", "nodejs", "deno", "bun"), Interpreter(r"$^")),
}
_ANYWHERE: Mapping[str, Command] = {name: Command(interpreter, name, runs_input=True) for name in _RULES} | {
    name: Command(no_values, name, runs_input=True) for name in ("eval", "xargs", "ssh", "su")
}
_PREFIXES: Mapping[str, Prefix] = {
    "env": Prefix("uC", assigns=True),
    "sudo": Prefix("ugpChrtTUDR", assigns=True),
    "doas": Prefix("uC"),
    "exec": Prefix("a"),
    "nice": Prefix("n"),
    "ionice": Prefix("cnt"),
    "timeout": Prefix("ks", operands=1),
    "time": Prefix("fo"),
    "stdbuf": Prefix("ioe"),
    "chroot": Prefix(operands=1),
    "busybox": Prefix(),
    "command": Prefix(),
    "builtin": Prefix(),
    "nohup": Prefix(),
    "setsid": Prefix(),
}
_READS_AGAIN = frozenset({"eval", "trap", ".", "source", "alias"})
_REFUSING = """eval . source trap alias let declare typeset unset read mapfile readarray getopts fc bind complete enable coproc
awk gawk mawk nawk sed gsed make gmake m4 vim vi ex"""
_REFUSING_AND_RUNNING_INPUT = """ssh rsh mosh xargs parallel watch su runuser script at batch crontab screen tmux ed gdb
psql mysql mariadb sqlite"""
_PROGRAMS: Mapping[str, Command] = {
    **{name: Command(no_values, name) for name in _REFUSING.split()},
    **{name: Command(no_values, name, runs_input=True) for name in _REFUSING_AND_RUNNING_INPUT.split()},
    **{name: Command(interpreter, name, runs_input=True) for name in _RULES},
    **{name: Command(prefix, name) for name in _PREFIXES},
    **{name: Command(texts, name) for name in ("echo", "logger", ":", "true", "false")},
    **{name: Command(declaration, name) for name in ("export", "readonly", "local")},
    **{name: Command(condition, name) for name in ("test", "[")},
    "printf": Command(printf, "printf"),
    "set": Command(positional, "set"),
}
