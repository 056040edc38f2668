"""Where quotations, expansions and comments of a POSIX shell begin and end (XCU 2.2, 2.3, 2.6, 2.7).

Where shells differ (dash and bash both serve as /bin/sh) the reader is lost: what stands before is judged, and no value may follow.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar

from jinja2 import nodes
from msgspec import Struct
from msgspec.structs import replace

from hookrules.engine.errors import UnsafeValue
from hookrules.engine.templating.generator import place_of
from hookrules.engine.templating.parsing import fail
from hookrules.engine.templating.positions import Position
from hookrules.engine.templating.shell_commands import start
from hookrules.engine.templating.shell_frames import LONGEST_WORD, REMEDY, Frame, Lost, command_ended, nested, unsafe, word_ended
from hookrules.engine.templating.shell_tokens import COMPLETABLE, INSIDE, TOKENS, Quote, opens
from hookrules.engine.templating.shell_variables import NONE, Variables, expanded, filled_in, named
from hookrules.engine.templating.shell_words import EXPANSION, RAW, VALUE


class ShellReader(Struct, frozen=True):
    """A place in a shell text: what is open there, innermost last. `pending` may yet become a longer operator."""

    variables: Variables
    stack: tuple[Frame | Quote, ...] = (Frame(),)
    pending: str = ""
    lost: str = ""
    used: Position | None = None
    """Where the first value stands."""

    def text(self, text: str) -> "ShellReader":
        """Read literal text. Raises TemplateError for what it does with the values before it."""
        return self if self.lost else _Scan(self).text(text)

    def raw(self) -> "ShellReader":
        """Read text that only the running template knows, and that its author vouches for."""
        return self if self.lost else _Scan(self).raw()

    def value(self, node: nodes.Expr) -> "ShellReader":
        """Read a value. Raises TemplateError where none may stand."""
        if self.pending in ("\\", "$"):
            remedy = f"take the {self.pending} away: {{{{ }}}} stands alone"
            raise fail(node, f"a value can't stand after {self.pending} in a shell command", remedy, UnsafeValue)
        reader = self if self.lost else _Scan(self).finished()
        if reader.lost:
            raise fail(node, f"it can't be told how every shell reads a value after {reader.lost}", REMEDY, UnsafeValue)
        quote = next((layer for layer in reversed(reader.stack) if _refuses(layer, reader.stack[-1])), None)
        if isinstance(quote, Quote):
            where, remedy_inside = INSIDE[quote.kind]
            raise fail(node, f"a value can't stand {where} in a shell command", remedy_inside, UnsafeValue)
        return _Scan(reader).value(place_of(node))

    def ended(self) -> None:
        """Judge the last command, too. Raises TemplateError."""
        # A backslash at the very end joins nothing: it must not take the line break that ends the last command.
        reader = self if self.lost else _Scan(self).finished()
        reader.text("\n")


def _refuses(layer: Frame | Quote, innermost: Frame | Quote) -> bool:
    """Whether a value may not stand inside the layer; quotes let one in again inside a `$(…)`."""
    return isinstance(layer, Quote) and (layer.kind != '"' or layer is innermost)


class _Scan:
    """One reading of some text: begins at a reader's place and gives the next one's."""

    def __init__(self, reader: ShellReader) -> None:
        self.variables = reader.variables
        self.stack = list(reader.stack)
        self.pending = reader.pending
        self.used = reader.used

    def text(self, text: str) -> ShellReader:
        return self._read(self.pending + text, last=False)

    def finished(self) -> ShellReader:
        """The place where nothing more can join what is pending."""
        return self._read(self.pending, last=True)

    def value(self, place: Position) -> ShellReader:
        self.used = self.used or place
        self.frame = self.frame.with_text(VALUE, quoted=True, value=place)
        return self._place()

    def raw(self) -> ShellReader:
        self._read(self.pending, last=True)
        top = self.stack[-1]
        if isinstance(top, Quote) and top.kind == "<<":
            self.stack[-1] = replace(top, line=top.line + RAW)
        else:
            self.frame = self.frame.with_text(RAW)
        return self._place()

    def _place(self, lost: str = "") -> ShellReader:
        return ShellReader(self.variables, tuple(self.stack), self.pending, lost, self.used)

    def _read(self, rest: str, *, last: bool) -> ShellReader:
        self.pending = ""
        try:
            while rest:
                rest = self._heredoc(rest) if self._kind == "<<" else self._token(rest, last=last)
            self._judge_variables()
        except Lost as error:
            if self.used is not None:
                message = f"and {error} are not for one text: shells differ in how they read it"
                raise unsafe(message, self.used, "write it in the way of POSIX sh, or call a script") from None
            return self._place(str(error))
        return self._place()

    @property
    def _kind(self) -> str:
        top = self.stack[-1]
        return top.kind if isinstance(top, Quote) else "commands"

    @property
    def frame(self) -> Frame:
        """The innermost commands."""
        top = self.stack[-1]
        return top if isinstance(top, Frame) else next(layer for layer in reversed(self.stack) if isinstance(layer, Frame))

    @frame.setter
    def frame(self, changed: Frame) -> None:
        index = len(self.stack) - 1
        while not isinstance(self.stack[index], Frame):
            index -= 1
        self.stack[index] = changed

    def _token(self, rest: str, *, last: bool) -> str:
        found = TOKENS[self._kind].match(rest)
        assert found is not None, "every mode takes any character"  # noqa: S101
        token, group = found[0], found.lastgroup or ""
        if not last and found.end() == len(rest) and token in COMPLETABLE and group not in ("plain", "skip"):
            self.pending = token
            return ""
        return self._HANDLERS[group](self, token) + rest[found.end() :]

    def _judge_variables(self) -> None:
        misused = self.variables.misused()
        if misused is not None:
            raise unsafe(*misused)
        frames = [layer for layer in self.stack if isinstance(layer, Frame)]
        bound = next((frame.bound for frame in frames if frame.bound is not None), None)
        if bound is not None and any(frame.rereads for frame in frames):
            raise unsafe("goes into a variable, and the text has the shell read its variables as code or arithmetic", bound)

    def _plain(self, text: str) -> str:
        self.frame = self.frame.with_text(text, quoted=self._kind != "commands")
        return ""

    def _skip(self, text: str) -> str:
        top = self.stack[-1]
        if isinstance(top, Quote) and top.kind == "${":
            self.stack[-1] = replace(top, line=(top.line + text)[:LONGEST_WORD])
        return ""

    def _blank(self, text: str) -> str:  # noqa: ARG002
        self._end_word()
        return ""

    def _escape(self, text: str) -> str:
        if text != "\\\n":
            self.frame = self.frame.with_text(text[1], quoted=True)
        return ""

    def _differing(self, text: str) -> str:
        raise Lost(text)

    def _quote(self, text: str) -> str:
        self.frame = self.frame.with_text("", quoted=True)
        self.stack.append(Quote(text))
        return ""

    def _dollar(self, text: str) -> str:
        if text == "$":
            return self._plain(text)
        self.frame = self.frame.with_text(EXPANSION, names=named(text))
        if text == "$((":
            self.frame = replace(self.frame, rereads=True)
            self.stack.append(Quote("(("))
        elif text == "$(":
            self.stack.append(nested("$(", self.frame))
        elif text == "${":
            self.stack.append(Quote("${"))
        return ""

    def _inner(self, text: str) -> str:
        self.stack.append(Quote(text))
        return ""

    def _deeper(self, text: str) -> str:  # noqa: ARG002
        self._nest(1)
        return ""

    def _shallower(self, text: str) -> str:  # noqa: ARG002
        self._nest(-1)
        return ""

    def _nest(self, step: int) -> None:
        top = self.stack[-1]
        if not isinstance(top, Quote) or not 0 <= top.depth + step < 50:
            raise Lost("these parentheses")
        self.stack[-1] = replace(top, depth=top.depth + step)

    def _end(self, text: str) -> str:
        top = self.stack[-1]
        if isinstance(top, Quote) and top.depth:
            self._nest(-1)
            return text[1:]
        self.stack.pop()
        if isinstance(top, Quote) and top.kind == "${":
            self.frame = replace(self.frame, names=self.frame.names | expanded(top.line, self.variables))
        return "\n" if text == "\n" else ""

    def _redirect(self, text: str) -> str:
        word = self.frame.word
        if word is not None and word.isdigit() and not self.frame.quoted:
            self.frame = replace(self.frame, word=None)
        self._end_word()
        if self.frame.redirect or self.frame.expects not in ("command", "rest"):
            raise Lost(text)
        self.frame = replace(self.frame, redirect=text)
        return ""

    def _separator(self, text: str) -> str:
        self._end_word()
        self.frame = command_ended(self.frame, text, self.variables)
        if text == "\n" and self.frame.heredocs:
            self.stack.append(Quote("<<", heredocs=self.frame.heredocs, taking=self.frame.taking))
            self.frame = replace(self.frame, heredocs=(), taking=NONE)
        return ""

    def _branch(self, text: str) -> str:
        self._end_word()
        if self.frame.kind != "case":
            raise Lost(text)
        self.frame = replace(command_ended(self.frame, ";", self.variables), expects="pattern")
        return ""

    def _open(self, text: str) -> str:
        frame = self.frame
        if frame.expects == "pattern" and frame.word is None:
            return ""
        if frame.word is not None or frame.redirect or frame.expects != "command" or frame.command != start():
            raise Lost(text)
        self.frame = replace(frame, expects="rest")
        self.stack.append(nested("(", frame))
        return ""

    def _close(self, text: str) -> str:
        self._end_word()
        frame = self.frame
        if frame.expects == "pattern":
            self.frame = replace(frame, expects="command", command=start())
        elif frame.kind in ("(", "$(") and not frame.heredocs and frame.expects in ("command", "rest"):
            self._leave(command_ended(frame, ";", self.variables))
        else:
            raise Lost(text)
        return ""

    def _comment(self, text: str) -> str:
        if self.frame.word is not None:
            return self._plain(text)
        self.stack.append(Quote("#"))
        return ""

    def _end_word(self) -> None:
        self.frame = word_ended(self.frame, self.variables)
        if self.frame.expects == "case-branches":
            self.frame = replace(self.frame, expects="rest")
            self.stack.append(nested("case", self.frame, "pattern"))
        elif self.frame.expects == "esac":
            self._leave(command_ended(replace(self.frame, expects="command"), ";", self.variables))

    def _leave(self, left: Frame) -> None:
        """Go back to the commands around, which know what was done inside."""
        self.stack.pop()
        around = self.frame
        around = replace(
            around,
            used=around.used or left.used,
            bound=around.bound or left.bound,
            rereads=around.rereads or left.rereads,
        )
        if left.kind == "$(":
            self.frame = around.with_text(VALUE if left.used else "", value=left.used, names=left.within)
        else:
            self.frame = around.with_used(left.within)

    def _heredoc(self, rest: str) -> str:
        top = self.stack[-1]
        assert isinstance(top, Quote)  # noqa: S101
        line, ended, rest = rest.partition("\n")
        line = top.line + line
        if not ended:
            self.stack[-1] = replace(top, line=line)
            return ""
        (delimiter, stripped, quoted), *others = top.heredocs
        if (line.lstrip("\t") if stripped else line) != delimiter:
            if not quoted and (line.endswith("\\") or opens(line)):
                raise Lost("an expansion inside a here-document")
            for into in NONE if quoted else top.taking:
                self.variables.flow(filled_in(line), into)
            self.stack[-1] = replace(top, line="")
        elif others:
            self.stack[-1] = replace(top, line="", heredocs=tuple(others))
        else:
            self.stack.pop()
        return rest

    _HANDLERS: ClassVar[Mapping[str, Callable[["_Scan", str], str]]] = {
        "plain": _plain,
        "skip": _skip,
        "blank": _blank,
        "escape": _escape,
        "differing": _differing,
        "quote": _quote,
        "dollar": _dollar,
        "inner": _inner,
        "deeper": _deeper,
        "shallower": _shallower,
        "end": _end,
        "redirect": _redirect,
        "separator": _separator,
        "branch": _branch,
        "open": _open,
        "close": _close,
        "comment": _comment,
        "other": _plain,
    }
