"""Commands as a shell reads them, word by word and operator by operator (POSIX XCU 2.9 and 2.10), and what is done with values there.

Variables are told apart by name: `names` are those that a word holds, and `Variables` knows what becomes of them.
"""

from msgspec import Struct
from msgspec.structs import replace

from hookrules.engine.errors import UnsafeValue
from hookrules.engine.templating.positions import Position
from hookrules.engine.templating.shell_commands import start
from hookrules.engine.templating.shell_programs import READING
from hookrules.engine.templating.shell_variables import NONE, Variables
from hookrules.engine.templating.shell_words import EXPANSION, PARAMETERS, VALUE, Command, Unsafe

LONGEST_WORD = 120
"""A longer word is no program, option or variable; the bound keeps a loop from growing one for ever."""
_DEEPEST = 20
REMEDY = "pass it as an argument of a script, or as `stdin`; {{ … | raw }} is the way to vouch for it"
_OPENING = frozenset(["if", "while", "until", "{"])
_CONTINUING = _OPENING | {"then", "elif", "else", "do", "!"}
_CLOSING = frozenset(["fi", "done", "}"])

Heredoc = tuple[str, bool, bool]
"""What ends a here-document: (delimiter, whether tabs before it go, whether it was quoted)."""


class Lost(Exception):
    """Shells differ from here on, or the text is no shell command. The text completes "can't tell how a shell reads …"."""


class Frame(Struct, frozen=True):
    """Commands that end together: the whole text, a subshell, a `$(…)`, the branches of a `case`."""

    kind: str = "text"
    command: Command = start()
    word: str | None = None
    quoted: bool = False
    value: Position | None = None
    """Where the first value of the word stands."""
    expects: str = "command"
    redirect: str = ""
    heredocs: tuple[Heredoc, ...] = ()
    used: Position | None = None
    """Where a value was used in these commands."""
    piped: Position | None = None
    """Where a value was used that a pipe or a redirection may have carried here."""
    bound: Position | None = None
    """Where a value went into a variable of the shell."""
    rereads: bool = False
    """Whether the shell is told to read what variables hold as code or as arithmetic."""
    names: frozenset[str] = NONE
    """The variables that the open word holds."""
    sent: frozenset[str] = NONE
    """The variables that this pipeline has used."""
    given: frozenset[str] = NONE
    """The variables that a pipe or a redirection may have carried here."""
    taking: frozenset[str] = NONE
    """What the here-documents that wait go into: variables of `read`, or the input of a program that runs it."""
    within: frozenset[str] = NONE
    """All variables that these commands use; of a subshell, whose output may hold them."""
    depth: int = 0
    """How many loops and their like are open: what is piped into one or out of one is all of it."""
    loop: str = ""
    """The variable of the `for` that is being read."""

    def with_text(self, text: str, *, quoted: bool = False, value: Position | None = None, names: frozenset[str] = NONE) -> "Frame":
        word = (self.word or "") + text
        if len(word) > LONGEST_WORD:
            word = word[: LONGEST_WORD - 1] + (VALUE if VALUE in word else EXPANSION)
        return replace(self, word=word, quoted=self.quoted or quoted, value=self.value or value, names=self.names | names)

    def with_used(self, names: frozenset[str]) -> "Frame":
        """With variables that a word or a subshell has used."""
        if not names:
            return self
        return replace(self, sent=self.sent | names, within=NONE if self.kind == "text" else self.within | names)


def unsafe(message: str, where: Position | None, suggestion: str = REMEDY) -> UnsafeValue:
    line, column = (int(where) - 1, where.column) if where is not None else (0, 0)
    return UnsafeValue(f"a value here {message}", line=line, column=column, suggestion=suggestion)


def nested(kind: str, frame: Frame, expects: str = "command") -> Frame:
    """Commands inside of others: what is piped to these is piped to them."""
    return Frame(kind, expects=expects, piped=frame.piped, given=frame.given)


def word_ended(frame: Frame, variables: Variables) -> Frame:
    """The frame with its open word read. Raises TemplateError and Lost."""
    if frame.word is None:
        return frame
    after = replace(frame, word=None, quoted=False, value=None, names=NONE, used=frame.used or frame.value).with_used(frame.names)
    if frame.redirect:
        return _redirected(frame, replace(after, redirect=""), variables)
    try:
        return _READERS[frame.expects](frame, after, variables)
    except Unsafe as error:
        raise unsafe(str(error), frame.value) from None


def _redirected(frame: Frame, after: Frame, variables: Variables) -> Frame:
    word = frame.word or ""
    if frame.redirect in ("<<", "<<-"):
        if VALUE in word or EXPANSION in word:
            raise unsafe("would end a here-document", frame.value, "give the text as `stdin`")
        taking = after.taking | variables.read_before() if frame.expects == "rest" else after.taking
        return replace(after, heredocs=(*after.heredocs, (word, frame.redirect == "<<-", frame.quoted)), taking=taking)
    if VALUE in word and frame.redirect in ("<&", ">&"):
        raise unsafe("would choose a file descriptor", frame.value)
    if not frame.redirect.startswith("<"):
        return after
    if frame.expects == "rest":
        variables.read(variables.read_before(), frame.value, frame.names)
    return replace(after, piped=after.piped or frame.value, given=after.given | frame.names)


def _command_word(frame: Frame, after: Frame, variables: Variables) -> Frame:
    word = frame.word or ""
    if frame.command == start() and not frame.quoted:
        reserved = _reserved(word, after)
        if reserved is not None:
            return reserved
    command = frame.command.take(word)
    _note_variables(frame, command, variables)
    bound = after.bound or (frame.value if command.binds else None)
    return replace(after, command=command, bound=bound, rereads=after.rereads or command.rereads)


def _note_variables(frame: Frame, command: Command, variables: Variables) -> None:
    """Where the word holds variables, what it would do if it held a value."""
    if command.binds and frame.value is not None:
        variables.hold(command.binds, frame.value)
    if not frame.names:
        return
    try:
        as_value = frame.command.take((frame.word or "").replace(EXPANSION, VALUE))
    except Unsafe as error:
        variables.refuse(frame.names, str(error))
        return
    if as_value.binds:
        variables.flow(frame.names, as_value.binds)


def _reserved(word: str, after: Frame) -> Frame | None:
    """What a reserved word begins or ends; None for any other word."""
    if word in _CONTINUING:
        return replace(after, depth=min(after.depth + 1, _DEEPEST)) if word in _OPENING else after
    if word in _CLOSING:
        return replace(after, expects="rest", depth=max(after.depth - 1, 0))
    if word == "for":
        return replace(after, expects="for-name", depth=min(after.depth + 1, _DEEPEST))
    if word == "case":
        return replace(after, expects="case-word")
    if word == "esac" and after.kind == "case":
        return replace(after, expects="esac")
    if word in ("[[", "function", "select", "coproc"):
        raise Lost(f"{word} …")
    return None


def _for_name(frame: Frame, after: Frame, variables: Variables) -> Frame:  # noqa: ARG001
    if frame.value is not None:
        raise Unsafe("would choose a variable's name")
    return replace(after, expects="for-in", loop=frame.word or "")


def _for_in(frame: Frame, after: Frame, variables: Variables) -> Frame:
    if frame.word == "in":
        return replace(after, expects="for-words")
    variables.flow([PARAMETERS], frame.loop)
    return _fresh_or_lost(frame, after, "do")


def _fresh_or_lost(frame: Frame, after: Frame, expected: str) -> Frame:
    if frame.word != expected:
        raise Lost(f"the text where {expected} belongs")
    return replace(after, expects="command", command=start())


def _for_words(frame: Frame, after: Frame, variables: Variables) -> Frame:
    if frame.value is not None:
        variables.hold(frame.loop, frame.value)
    variables.flow(frame.names, frame.loop)
    return replace(after, bound=after.bound or frame.value)


def _case_word(frame: Frame, after: Frame, variables: Variables) -> Frame:  # noqa: ARG001
    return replace(after, expects="case-in")


def _case_in(frame: Frame, after: Frame, variables: Variables) -> Frame:  # noqa: ARG001
    if frame.word != "in":
        raise Lost("the text where `in` belongs")
    return replace(after, expects="case-branches")


def _pattern(frame: Frame, after: Frame, variables: Variables) -> Frame:  # noqa: ARG001
    return replace(after, expects="esac") if frame.word == "esac" and not frame.quoted else after


def _rest(frame: Frame, after: Frame, variables: Variables) -> Frame:  # noqa: ARG001
    if frame.value is not None:
        raise Unsafe("stands where only ; or a redirection may")
    raise Lost("a word after the end of a compound command")


_READERS = {
    "command": _command_word,
    "for-name": _for_name,
    "for-in": _for_in,
    "for-words": _for_words,
    "case-word": _case_word,
    "case-in": _case_in,
    "pattern": _pattern,
    "rest": _rest,
}


def command_ended(frame: Frame, separator: str, variables: Variables) -> Frame:
    """The frame after `;`, `&`, `|`, a line break or their like. Raises TemplateError and Lost."""
    if frame.redirect:
        raise Lost("a redirection without its file")
    frame = _input_judged(frame, variables)
    if separator in ("|", "|&"):
        frame = replace(frame, piped=frame.piped or frame.used, given=frame.given | frame.sent)
    elif not frame.depth:
        frame = replace(frame, sent=NONE, given=NONE)
    if frame.expects in ("for-in", "case-in", "case-word", "pattern"):
        if separator in ("\n", ";") or (frame.expects == "pattern" and separator == "|"):
            return frame
        raise Lost(f"{separator} there")
    return replace(frame, command=start(), expects="command")


def _input_judged(frame: Frame, variables: Variables) -> Frame:
    """A value that reaches a shell through a pipe is code, too; one that `read` takes is in a variable."""
    command = frame.command
    taken: tuple[str, ...] = ()
    if command.runs_input:
        words = f"would reach {command.program}, which runs what it is given"
        taken = (f"the here-document of {command.program}",)
        variables.refuse({*frame.given, *taken}, words)
        if frame.piped is not None:
            raise unsafe(words, frame.piped)
    if command.program in READING:
        taken = tuple(command.stage.split()) or READING[command.program]
        variables.read(taken, frame.piped, frame.given)
        frame = replace(frame, bound=frame.bound or frame.piped)
    return replace(frame, taking=frame.taking.union(taken)) if frame.heredocs and taken else frame
