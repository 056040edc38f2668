"""Keys with a hyphen, written as if a dot led to them: `header.X-Request-Id`, which Jinja reads as a subtraction."""

import re
from collections.abc import Iterator, Sequence

from jinja2.exceptions import TemplateSyntaxError
from msgspec import Struct

from hookrules.engine.templating.environment import ENVIRONMENT
from hookrules.engine.templating.names import KNOWN
from hookrules.engine.templating.positions import Position, raw_tokens

Key = str | int
_HYPHEN = re.compile(r"\w-\w")
_TEXTS = frozenset({"header", "query"})
"""Roots that hold text, from which nothing is ever taken away."""
_NUMBERS = frozenset({"item", "index"})
"""Roots that may be a number themselves."""
_ROOTS = frozenset(KNOWN)
_OTHERS = frozenset({"range", "loop"})


class Chain(Struct, frozen=True):
    """A way to a value, as it stands in a template and as it has to be written."""

    place: Position
    text: str
    meant: str

    def covers(self, line: int, column: int) -> bool:
        """Both from 0."""
        return line == self.place - 1 and self.place.column <= column < self.place.column + len(self.text)


def by_keys(root: str, keys: Sequence[Key]) -> str:
    """How a template writes the way to a value, in single quotes: the double ones are mostly YAML's."""
    return root + "".join(f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r}]" for key in keys)


def hyphenated(source: str, local: frozenset[str]) -> tuple[Chain, ...]:
    """Every subtraction that was probably meant as a key. `local` are the names that the template sets."""
    if not _HYPHEN.search(source):
        return ()
    tokens = list(_tokens(source))
    read = (_Reader(tokens, start, local).chain() for start, (_, kind, _) in enumerate(tokens) if kind == "name")
    return tuple(chain for chain in read if chain)


_Token = tuple[Position, str, str]
"""Place, kind and text."""
_NOTHING: _Token = (Position(0, 0), "", "")


def _tokens(source: str) -> Iterator[_Token]:
    """As far as there are any."""
    try:
        yield from raw_tokens(ENVIRONMENT.lexer, source)
    except TemplateSyntaxError:
        return


class _Reader:
    """Reads on from a name, without white space."""

    def __init__(self, tokens: Sequence[_Token], start: int, local: frozenset[str]) -> None:
        self._tokens = tokens
        self._start = self._at = start
        self._local = local
        self._known = _ROOTS | _OTHERS | local
        self._keys: list[Key] = []

    def chain(self) -> Chain | None:
        """None where nothing says that it is no subtraction."""
        place, _, root = self._token()
        if root not in _ROOTS | self._local or self._token(self._start - 1)[2] == ".":
            return None
        self._at += 1
        sure, end = root in _TEXTS - self._local, 0
        if self._take_keys():
            while self._token(self._at - 1)[2] != "]" and self._token()[2] == "-" and self._token(self._at + 1)[1] in ("name", "integer"):
                sure = self._take_word() or sure
                end = self._at
        text = "".join(token for _, _, token in self._tokens[self._start : end])
        return Chain(place, text, by_keys(root, self._keys)) if sure and end else None

    def _token(self, at: int | None = None) -> _Token:
        at = self._at if at is None else at
        return self._tokens[at] if 0 <= at < len(self._tokens) else _NOTHING

    def _take_word(self) -> bool:
        """A hyphen, what follows it, and the keys behind that. Whether it is nothing that can be taken away."""
        _, kind, word = self._token(self._at + 1)
        self._at += 2
        if kind == "integer" and self._token()[1] == "name":  # X-2FA
            word, kind = word + self._token()[2], ""
            self._at += 1
        self._keys[-1] = f"{self._keys[-1]}-{word}"
        alone = not self._take_keys()
        if kind == "name":
            return word not in self._known or (alone and word in _ROOTS - _NUMBERS - self._local)
        return kind != "integer"

    def _take_keys(self) -> bool:
        """`.key`, `.0`, `[0]`, `['key']`; whether there are any."""
        before = self._at
        while True:
            _, kind, text = self._token(self._at + 1)
            if self._token()[2] == "." and kind in ("name", "integer"):
                self._at += 2
            elif self._token()[2] == "[" and kind in ("string", "integer") and self._token(self._at + 2)[2] == "]":
                self._at += 3
            else:
                return self._at > before
            self._keys.append(int(text, 0) if kind == "integer" else text.strip("'\""))
