"""The text of a condition → its tree. Every refusal names its column and, where one is known, the remedy."""

import functools
import re

from hookrules.engine.conditions import mistakes
from hookrules.engine.conditions.lexer import Lexer
from hookrules.engine.conditions.operand_parser import JOINS, OperandParser
from hookrules.engine.conditions.operators import OPERATORS, Right
from hookrules.engine.conditions.quick_parsing import quick_tree
from hookrules.engine.conditions.tree import Combination, Condition, Group, Operand, Place, Quantifier, Test

LONGEST = 65_536
"""Characters of one text."""

_OPERATOR = re.compile(
    "|".join(
        r"\s+".join(map(re.escape, phrase.split())) + (r"(?![\w-])" if phrase[0].isalpha() else "(?![=!<>~])")
        for phrase in sorted(OPERATORS, key=len, reverse=True)
    )
)
_QUANTIFIERS = frozenset(Quantifier)
_COMBINATIONS = dict(zip(JOINS, (Combination.ALL, Combination.ANY), strict=True))


@functools.lru_cache(maxsize=4096)
def parse(text: str, path: tuple[int | str, ...] = (), *, in_step: bool = False) -> Condition:
    """Raises ConditionError; its `path` is the one given. Rules share many of their texts: each is read once."""
    if len(text) > LONGEST:
        raise Place(path).refuse(f"a condition has at most {LONGEST} characters; this one has {len(text)}")
    return quick_tree(text, path) or parsed(text, path, in_step=in_step)


def parsed(text: str, path: tuple[int | str, ...], *, in_step: bool) -> Condition:
    """As `parse`, by the whole grammar."""
    return _Parser(text, path, in_step=in_step).whole()


def parse_operand(text: str, *, in_step: bool = False) -> Operand:
    """A path, fact or function alone. Raises ConditionError."""
    if len(text) > LONGEST:
        raise Place().refuse(f"a path or fact has at most {LONGEST} characters; this one has {len(text)}")
    return _Parser(text, (), in_step=in_step).whole_operand()


class _Parser:
    def __init__(self, text: str, path: tuple[int | str, ...], *, in_step: bool) -> None:
        self._lexer = Lexer(text, path)
        self._operands = OperandParser(self._lexer, in_step=in_step)

    def whole(self) -> Condition:
        if self._lexer.at_end():
            raise self._lexer.error("the condition is empty; one is written like $.ref == refs/heads/main")
        condition = self._expression()
        if not self._lexer.at_end():
            raise mistakes.left_over(self._lexer, condition)
        return condition

    def whole_operand(self) -> Operand:
        operand = self._operands.operand(comma_ends=False)
        if not self._lexer.at_end():
            rest = self._lexer.text[self._lexer.column :][:40]
            raise self._lexer.error(f"a path, fact or function must stand alone here; {rest!r} follows it")
        return operand

    def _expression(self) -> Condition:
        self._lexer.skip_space()
        start = self._lexer.column
        parts, joins = [self._unary()], []
        while (word := self._lexer.word()) in JOINS:
            self._lexer.take(word)
            joins.append(word)
            parts.append(self._unary())
        if len(set(joins)) > 1:
            raise mistakes.mixed_joins(self._lexer, start, [part.text for part in parts], joins)
        if not joins:
            return parts[0]
        return Group(self._operands.written(start), self._lexer.place(start), _COMBINATIONS[joins[0]], tuple(parts))

    def _unary(self) -> Condition:
        self._lexer.skip_space()
        start = self._lexer.column
        if self._lexer.take_word("not"):
            with self._operands.nested():
                child = self._unary()
            return Group(self._operands.written(start), self._lexer.place(start), Combination.NOT, (child,))
        return self._parenthesised(start) if self._lexer.take("(") else self._test()

    def _parenthesised(self, start: int) -> Condition:
        with self._operands.nested():
            condition = self._expression()
        if not self._lexer.take(")"):
            if self._lexer.at_end():
                raise self._lexer.error("this parenthesis is not closed", column=start)
            raise mistakes.left_over(self._lexer, condition)
        if isinstance(condition, Group):  # its text keeps the parentheses, so that it can be quoted
            return Group(self._operands.written(start), condition.place, condition.kind, condition.children)
        return condition

    def _test(self) -> Test:
        self._lexer.skip_space()
        start = self._lexer.column
        quantifier = self._quantifier()
        left = self._operands.operand(comma_ends=False)
        found = self._lexer.take_match(_OPERATOR)
        if not found:
            self._refuse_unknown_operator()
            return Test(self._operands.written(start), self._lexer.place(start), left, quantifier=quantifier)
        phrase = " ".join(found[0].split())
        right = self._right(phrase, found.end())
        return Test(self._operands.written(start), self._lexer.place(start), left, phrase, right, quantifier)

    def _refuse_unknown_operator(self) -> None:
        if not self._lexer.at_end() and self._lexer.next() != ")" and self._lexer.word() not in JOINS:
            raise mistakes.unknown_operator(self._lexer)

    def _quantifier(self) -> Quantifier | None:
        word = self._lexer.word()
        if word not in _QUANTIFIERS:
            return None
        self._lexer.take(word)
        return Quantifier(word)

    def _right(self, phrase: str, column: int) -> Operand | None:
        operator = OPERATORS[phrase]
        if operator.right is Right.NOTHING:
            return None
        if self._lexer.at_end():
            raise mistakes.nothing_right(self._lexer.place(column), phrase)
        if operator.right is Right.PATTERN:
            return self._operands.patterns(phrase)
        return self._operands.value(comma_ends=False)
