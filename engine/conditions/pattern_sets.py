"""Many patterns asked of one text together: RE2's filter finds the words that they need, and leaves out those whose words are not there."""

from collections.abc import Iterator, Sequence

import re2

from hookrules.engine.conditions.patterns import Expression, options_of

_MARK = "\x00hookrules\x00"
"""A word that every text is given, so that a filter which gives up by itself for want of memory is noticed."""
_MOST = 1000
"""Patterns in one filter: its memory is bounded, and some thousands do not fit."""


class PatternSet:
    """Its answer may hold too much, and never too little."""

    def __init__(self, expressions: Sequence[Expression]) -> None:
        """Each is one that RE2 has compiled alone already."""
        self._filters = [
            filter_
            for begin in range(0, len(expressions), _MOST)
            for filter_ in _filters(list(enumerate(expressions))[begin : begin + _MOST])
        ]

    def possible(self, text: str) -> Iterator[int]:
        """The numbers of the expressions that may be found in the text."""
        marked = (_MARK + text).encode(errors="surrogatepass")
        for numbers, words in self._filters:
            found = words.Match(marked, potential=True) if words else None
            if found and found[0] == 0:
                yield from (numbers[each - 1] for each in found[1:])
            else:
                yield from numbers


def _filters(numbered: Sequence[tuple[int, Expression]]) -> Iterator[tuple[list[int], re2.Filter | None]]:
    """The numbers of expressions with their filter; those that do not fit into one are parted."""
    words = re2.Filter()
    words.Add(_MARK.encode(), options_of(ignore_case=False))
    for _, expression in numbered:
        words.Add(expression.pattern.encode(), options_of(ignore_case=expression.ignore_case))
    try:
        words.Compile()
    except re2.error:
        if len(numbered) == 1:
            yield [numbered[0][0]], None
            return
        middle = len(numbered) // 2
        yield from _filters(numbered[:middle])
        yield from _filters(numbered[middle:])
        return
    yield [number for number, _ in numbered], words
