"""Commands as a shell reads them, word by word and operator by operator (POSIX XCU 2.9 and 2.10), and what is done with values there."""

from msgspec import Struct
from msgspec.structs import replace

from hookrules.engine.errors import UnsafeValue
from hookrules.engine.templating.positions import Position
from hookrules.engine.templating.shell_commands import EXPANSION, VALUE, Command, Unsafe, start

LONGEST_WORD = 120
"""A longer word is no program, option or variable; the bound keeps a loop from growing one for ever."""
REMEDY = "pass it as an argument of a script, or as `stdin`; {{ … | raw }} is the way to vouch for it"
_CONTINUING = frozenset(["if", "then", "elif", "else", "while", "until", "do", "!", "{"])
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

    def with_text(self, text: str, *, quoted: bool = False, value: Position | None = None) -> "Frame":
        word = (self.word or "") + text
        if len(word) > LONGEST_WORD:
            word = word[: LONGEST_WORD - 1] + (VALUE if VALUE in word else EXPANSION)
        return replace(self, word=word, quoted=self.quoted or quoted, value=self.value or value)


def unsafe(message: str, where: Position | None, suggestion: str = REMEDY) -> UnsafeValue:
    line, column = (int(where) - 1, where.column) if where is not None else (0, 0)
    return UnsafeValue(f"a value here {message}", line=line, column=column, suggestion=suggestion)


def word_ended(frame: Frame) -> Frame:
    """The frame with its open word read. Raises TemplateError and Lost."""
    if frame.word is None:
        return frame
    after = replace(frame, word=None, quoted=False, value=None, used=frame.used or frame.value)
    if frame.redirect:
        return _redirected(frame, replace(after, redirect=""))
    try:
        return _READERS[frame.expects](frame, after)
    except Unsafe as error:
        raise unsafe(str(error), frame.value) from None


def _redirected(frame: Frame, after: Frame) -> Frame:
    word = frame.word or ""
    if frame.redirect in ("<<", "<<-"):
        if VALUE in word or EXPANSION in word:
            raise unsafe("would end a here-document", frame.value, "give the text as `stdin`")
        return replace(after, heredocs=(*after.heredocs, (word, frame.redirect == "<<-", frame.quoted)))
    if VALUE in word and frame.redirect in ("<&", ">&"):
        raise unsafe("would choose a file descriptor", frame.value)
    if VALUE in word and frame.redirect.startswith("<"):
        return replace(after, piped=after.piped or frame.value)
    return after


def _command_word(frame: Frame, after: Frame) -> Frame:
    word = frame.word or ""
    if frame.command == start() and not frame.quoted:
        reserved = _reserved(word, after)
        if reserved is not None:
            return reserved
    command = frame.command.take(word)
    bound = after.bound or (frame.value if command.binds else None)
    return replace(after, command=command, bound=bound, rereads=after.rereads or command.rereads)


def _reserved(word: str, after: Frame) -> Frame | None:
    """What a reserved word begins or ends; None for any other word."""
    if word in _CONTINUING:
        return after
    if word in _CLOSING:
        return replace(after, expects="rest")
    if word == "for":
        return replace(after, expects="for-name")
    if word == "case":
        return replace(after, expects="case-word")
    if word == "esac" and after.kind == "case":
        return replace(after, expects="esac")
    if word in ("[[", "function", "select", "coproc"):
        raise Lost(f"{word} …")
    return None


def _for_name(frame: Frame, after: Frame) -> Frame:
    if frame.value is not None:
        raise Unsafe("would choose a variable's name")
    return replace(after, expects="for-in")


def _for_in(frame: Frame, after: Frame) -> Frame:
    if frame.word == "in":
        return replace(after, expects="for-words")
    return _fresh_or_lost(frame, after, "do")


def _fresh_or_lost(frame: Frame, after: Frame, expected: str) -> Frame:
    if frame.word != expected:
        raise Lost(f"the text where {expected} belongs")
    return replace(after, expects="command", command=start())


def _for_words(frame: Frame, after: Frame) -> Frame:
    return replace(after, bound=after.bound or frame.value)


def _case_word(frame: Frame, after: Frame) -> Frame:  # noqa: ARG001
    return replace(after, expects="case-in")


def _case_in(frame: Frame, after: Frame) -> Frame:
    if frame.word != "in":
        raise Lost("the text where `in` belongs")
    return replace(after, expects="case-branches")


def _pattern(frame: Frame, after: Frame) -> Frame:
    return replace(after, expects="esac") if frame.word == "esac" and not frame.quoted else after


def _rest(frame: Frame, after: Frame) -> Frame:  # noqa: ARG001
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


def command_ended(frame: Frame, separator: str) -> Frame:
    """The frame after `;`, `&`, `|`, a line break or their like. Raises TemplateError and Lost."""
    if frame.redirect:
        raise Lost("a redirection without its file")
    frame = _input_judged(frame)
    if separator in ("|", "|&"):
        frame = replace(frame, piped=frame.piped or frame.used)
    if frame.expects in ("for-in", "case-in", "case-word", "pattern"):
        if separator in ("\n", ";") or (frame.expects == "pattern" and separator == "|"):
            return frame
        raise Lost(f"{separator} there")
    return replace(frame, command=start(), expects="command")


def _input_judged(frame: Frame) -> Frame:
    """A value that reaches a shell through a pipe is code, too; one that `read` takes is in a variable."""
    if frame.piped is None:
        return frame
    if frame.command.runs_input:
        raise unsafe(f"would reach {frame.command.program}, which runs what it is given", frame.piped)
    return replace(frame, bound=frame.bound or frame.piped) if frame.command.program == "read" else frame
