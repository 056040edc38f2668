"""Many patterns asked of one text together: RE2's filter finds the words that they need, and leaves out those whose words are not there.

Patterns without a word (three bytes that a text must have) are run as one automaton. Neither answers with too little; both may with
too much.
"""

from collections.abc import Iterable, Iterator, Sequence

import re2

from hookrules.engine.conditions.patterns import Expression, options_of

_MARK = "\x00hookrules\x00"
"""A word that every text is given, so that a filter which gives up by itself for want of memory is noticed."""
_MOST = 1000
"""Patterns asked together: the memory of a filter is bounded, and some thousands do not fit."""
_FEW = 12
"""Patterns that are asked one by one sooner than by an automaton of their own."""
Numbered = Sequence[tuple[int, Expression]]


class PatternSet:
    def __init__(self, expressions: Sequence[Expression]) -> None:
        """Each is one that RE2 has compiled alone already."""
        self._together: list[_Together] = []
        self._too_large: list[int] = []
        numbered = list(enumerate(expressions))
        for begin in range(0, len(numbered), _MOST):
            self._put_together(numbered[begin : begin + _MOST])

    def _put_together(self, numbered: Numbered) -> None:
        """Parted, where they do not fit into one filter."""
        try:
            self._together.append(_Together(numbered))
        except re2.error:
            if len(numbered) == 1:
                self._too_large.append(numbered[0][0])
                return
            middle = len(numbered) // 2
            self._put_together(numbered[:middle])
            self._put_together(numbered[middle:])

    def possible(self, text: str) -> Iterator[int]:
        """The numbers of the expressions that may be found in the text."""
        marked = (_MARK + text).encode(errors="surrogatepass")
        for each in self._together:
            yield from each.possible(marked)
        yield from self._too_large

    def wordless(self) -> Iterator[int]:
        """The numbers of those that need no word."""
        for each in self._together:
            yield from each.wordless
        yield from self._too_large


class _Together:
    """Some patterns in one filter. Raises re2.error where they do not fit."""

    def __init__(self, numbered: Numbered) -> None:
        self._numbers = [number for number, _ in numbered]
        self._filter = re2.Filter()
        self._filter.Add(_MARK.encode(), options_of(ignore_case=False))
        for _, expression in numbered:
            self._filter.Add(expression.pattern.encode(), options_of(ignore_case=expression.ignore_case))
        self._filter.Compile()
        always = [each for each in self._filter.Match(_MARK.encode(), potential=True) or () if each]
        self.wordless = [self._numbers[each - 1] for each in always]
        self._automaton = _automaton([numbered[each - 1][1] for each in always]) if len(always) >= _FEW else None
        self._by_automaton = frozenset(self.wordless) if self._automaton else frozenset[int]()

    def possible(self, marked: bytes) -> Iterable[int]:
        found = self._filter.Match(marked, potential=True)
        if not found or 0 not in found:
            return self._numbers
        with_words = [self._numbers[each - 1] for each in found if each]
        if self._automaton is None:
            return with_words
        return [*(number for number in with_words if number not in self._by_automaton), *self._run(self._automaton, marked)]

    def _run(self, automaton: re2.Set, marked: bytes) -> Iterable[int]:
        found = automaton.Match(marked[len(_MARK) :]) or ()
        if 0 not in found:  # the one that fits anything: memory was too short
            return self.wordless
        return [self.wordless[each - 1] for each in found if each]


def _automaton(expressions: Iterable[Expression]) -> re2.Set | None:
    """None where they do not fit into one."""
    automaton = re2.Set.SearchSet(options_of(ignore_case=False))
    automaton.Add(b"")
    for each in expressions:
        automaton.Add((f"(?i){each.pattern}" if each.ignore_case else each.pattern).encode())
    try:
        automaton.Compile()
    except re2.error:
        return None
    return automaton
