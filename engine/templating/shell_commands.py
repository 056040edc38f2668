"""What a command does with its arguments: whether a value may be one of them, or would be read as code again."""

import re
from collections.abc import Mapping

from msgspec.structs import replace

from hookrules.engine.templating.shell_programs import (
    CODES,
    FINDERS,
    GROUPS,
    INTERPRETERS,
    READING,
    REFUSING,
    REFUSING_AND_RUNNING_INPUT,
    RUNNERS,
    SHOWING,
    Runner,
)
from hookrules.engine.templating.shell_words import (
    ASSIGNMENT,
    EXPANSION,
    PARAMETERS,
    RAW,
    VALUE,
    Command,
    Unsafe,
    assigned,
    no_values,
    texts,
)

RESERVED = frozenset(
    ("!", "{", "}", "[[", "case", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "select", "then", "until", "while")
)


def beginning(command: Command, word: str) -> Command:
    """Assignments, then the program."""
    assignment = ASSIGNMENT.match(word)
    if assignment is not None:
        return replace(command, binds=assigned(assignment, word))
    return _program(word)


def start() -> Command:
    """A command of a shell."""
    return Command(beginning)


def directly() -> Command:
    """A command that no shell reads: its first word is the program."""
    return Command(program)


def program(command: Command, word: str) -> Command:  # noqa: ARG001
    """The program, without assignments before it."""
    return _program(word)


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
    return _named(_plain_name(name)) or Command(arguments, name)


def _named(name: str) -> Command | None:
    """How a program reads its words, or a part of one that has a name of its own."""
    if name in RUNNERS:
        return Command(running, name)
    if name in GROUPS:
        return Command(group, name)
    return Command(arguments, name) if name in CODES else _PROGRAMS.get(name)


def _plain_name(name: str) -> str:
    """`python3.11` is python, `bash` is bash."""
    return re.sub(r"[0-9.]+$", "", name) or name


def arguments(command: Command, word: str) -> Command:
    """Any values, save that a shell named among the arguments (`docker exec web sh -c`) reads on by its own rules."""
    if VALUE in word:
        return replace(_no_code_in(word, command), stage="")
    code = CODES.get(command.program)
    stage = word if code is not None and code.follows(word) else ""
    return _ANYWHERE.get(_plain_name(word.rpartition("/")[2])) or replace(command, stage=stage)


def _no_code_in(word: str, command: Command) -> Command:
    """Raises Unsafe for a value that an option or a setting of the program makes code; `stage` is the option before it."""
    code = CODES.get(command.program)
    name = command.stage or (code.within(word) if code is not None else "")
    if name:
        raise Unsafe(f"would be read again as code by {command.program} {name}")
    return command


def group(command: Command, word: str) -> Command:
    """The words up to the part that is meant: `docker --host x exec`. A word after an option may be the option's."""
    if VALUE not in word and (part := _named(f"{command.program} {word}")) is not None:
        return part
    if word.startswith("-"):
        _no_code_in(word, replace(command, stage=""))
        return replace(command, stage=word)
    if not command.stage:
        return arguments(Command(arguments, command.program), word)
    if VALUE in word:
        code = CODES.get(command.program)
        _no_code_in(word, command if code is not None and code.follows(command.stage) else replace(command, stage=""))
        if command.program == "git" and command.stage == "-c" and VALUE in word.partition("=")[0]:
            raise Unsafe("would choose a setting of git, and some of them are code")
    return replace(command, stage="")


def find(command: Command, word: str) -> Command:
    """`find … -exec program … ;`, any number of times."""
    if command.inner is None:
        return replace(command, inner=directly()) if word in FINDERS[command.program].split() else command
    if word == ";" or (word == "+" and command.stage == "{}"):
        return replace(command, inner=None, stage="")
    inner = command.inner.take(word)
    return replace(
        command,
        inner=inner,
        stage="{}" if word == "{}" else "",
        runs_input=command.runs_input or inner.runs_input,
        rereads=inner.rereads,
    )


def reading(command: Command, word: str) -> Command:
    """`read a b`: `stage` keeps what may be names of the variables that take what is read."""
    after = no_values(command, word)
    return replace(after, stage=f"{after.stage} {word}") if word.isidentifier() else after


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
    assignment = ASSIGNMENT.match(word)
    if VALUE in word and (assignment is None or EXPANSION in word):
        raise Unsafe("would choose a variable's name")
    return replace(command, binds="" if assignment is None else assigned(assignment, word))


def positional(command: Command, word: str) -> Command:
    """`set -- a b`: options come before `--`, values only after it."""
    if command.stage == "--":
        return replace(command, binds=PARAMETERS if VALUE in word else "")
    if VALUE in word:
        raise Unsafe("would be an option of set; write set -- first")
    return replace(command, stage="--") if word == "--" else command


def running(command: Command, word: str) -> Command:
    """The words of `sudo -u deploy env A=1 …` up to the program that is really run."""
    rule = RUNNERS[command.program]
    if rule.after:
        return directly() if word == rule.after else arguments(command, word)
    stage, _, option = command.stage.partition(" ")
    if option:
        no_values(Command(no_values, f"{command.program} {option}"), word)
        return replace(command, stage=stage)
    if command.stage.endswith("option"):
        return replace(_own(command, word, rule), stage=command.stage.removesuffix("option"))
    if rule.assigns and (assignment := ASSIGNMENT.match(word)):
        return replace(command, binds=assigned(assignment, word))
    name = word.partition("=")[0]
    if name in rule.code.split():
        no_values(Command(no_values, f"{command.program} {name}"), word)
        return command if "=" in word else replace(command, stage=f"{command.stage} {name}")
    if word.startswith("-") and len(word) > 1 and (VALUE not in word or rule.free):
        return _option(command, word, rule)
    left = rule.operands - command.stage.count("operand")
    if left > 0:
        return replace(_own(command, word, rule), stage=command.stage + "operand")
    return _program(word)


def _option(command: Command, word: str, rule: Runner) -> Command:
    if VALUE in word:
        name, _, own = word.partition("=")
        return _own(command, own, rule) if VALUE not in name or word[1] in rule.takes else _no_value_in(word, command)
    if word == "--" or "=" in word or word in rule.flags.split():
        return command
    letters = word[1:]
    if word in rule.words.split():
        return replace(command, stage=command.stage + "option")
    if word.startswith("--") or not letters.isalnum() or (command.program == "env" and "S" in letters):
        return Command(no_values, f"{command.program} {word}")
    if letters[0] in rule.takes:
        return replace(command, stage=command.stage + "option") if len(letters) == 1 else command
    if any(letter in rule.takes for letter in letters[:-1]):
        return Command(no_values, f"{command.program} {word}")
    return replace(command, stage=command.stage + "option") if letters[-1] in rule.takes else command


def _own(command: Command, word: str, rule: Runner) -> Command:
    """A word that is the runner's own: an option's, or an operand."""
    if not rule.free:
        return _no_value_in(word, command)
    if assignment := ASSIGNMENT.match(word):
        assigned(assignment, word)
    return command


def _no_value_in(word: str, command: Command) -> Command:
    if VALUE in word:
        raise Unsafe(f"would be read by {command.program}, not by the program that it runs")
    return command


def interpreter(command: Command, word: str) -> Command:
    """Values may follow a script that the author names; they may neither be nor come after code given as text."""
    rule = INTERPRETERS[command.program]
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
        return Command(no_values, f"{command.program} {word}".replace(EXPANSION, "$…"), runs_input=True)
    return Command(texts, command.program)


def _chosen(command: Command) -> Command:
    raise Unsafe(f"would be code or a script of {command.program}")


_ANYWHERE: Mapping[str, Command] = {name: Command(interpreter, name, runs_input=True) for name in INTERPRETERS} | {
    name: Command(no_values, name, runs_input=True) for name in ("eval", "xargs", "ssh", "su")
}
_PROGRAMS: Mapping[str, Command] = {
    **{name: Command(no_values, name) for name in REFUSING.split()},
    **{name: Command(no_values, name, runs_input=True) for name in REFUSING_AND_RUNNING_INPUT.split()},
    **{name: Command(interpreter, name, runs_input=True) for name in INTERPRETERS},
    **{name: Command(texts, name) for name in SHOWING.split()},
    **{name: Command(declaration, name) for name in ("export", "readonly", "local")},
    **{name: Command(condition, name) for name in ("test", "[")},
    **{name: Command(reading, name) for name in READING},
    **{name: Command(find, name) for name in FINDERS},
    "printf": Command(printf, "printf"),
    "set": Command(positional, "set"),
}
