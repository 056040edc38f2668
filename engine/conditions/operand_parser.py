"""What stands left and right of an operator, from the text → the tree: paths, facts, functions, literals, lists and patterns."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from hookrules.engine.conditions import mistakes
from hookrules.engine.conditions.fact_fields import BARE_ROOTS, EVENT_ROOTS, STEP_ROOTS
from hookrules.engine.conditions.functions import FUNCTIONS, Argument
from hookrules.engine.conditions.lexer import Lexer
from hookrules.engine.conditions.tree import Call, Fact, ListOf, Literal, Operand, Path, Pattern, Place
from hookrules.engine.conditions.values import parse_number
from hookrules.engine.errors import ConditionError

DEEPEST = 50
"""How deep parentheses, `not`, lists and functions may nest in one text."""

JOINS = ("and", "or")

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?=[\s),\]<>=!]|$)")
_CALL = re.compile(r"([A-Za-z_]\w*)\(", re.ASCII)
_CONSTANTS = {"true": True, "false": False, "null": None}


@cache
def _fact_patterns(*, in_step: bool) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The beginning of a fact left of an operator, and right of one, where a word alone is text."""
    roots = "|".join(EVENT_ROOTS + STEP_ROOTS if in_step else EVENT_ROOTS)
    bare = rf"|(?:{'|'.join(BARE_ROOTS)})(?![\w.\[-])" if in_step else ""
    return re.compile(rf"(?:{roots})(?=[.\[]){bare}"), re.compile(rf"(?:{roots})(?=\.[\w.-]*\w)")


def begins_as_fact(text: str) -> bool:
    """Also as one that only a step knows."""
    return _fact_patterns(in_step=True)[0].match(text.lstrip()) is not None


class OperandParser:
    def __init__(self, lexer: Lexer, *, in_step: bool) -> None:
        self._lexer = lexer
        self._roots = EVENT_ROOTS + STEP_ROOTS if in_step else EVENT_ROOTS
        self._fact, self._dotted_fact = _fact_patterns(in_step=in_step)
        self._depth = 0

    @contextmanager
    def nested(self) -> Iterator[None]:
        """One level deeper. Raises ConditionError below the deepest."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._lexer.error(f"conditions nest at most {DEEPEST} deep")
        yield
        self._depth -= 1

    def written(self, start: int) -> str:
        """The text from there to here."""
        return self._lexer.text[start : self._lexer.column].strip()

    def operand(self, *, comma_ends: bool) -> Operand:
        """What may stand left of an operator: bare text may not."""
        operand = self._path_fact_or_call(self._fact, comma_ends=comma_ends) or self._quoted() or self._number()
        if operand is None:
            raise mistakes.no_operand(self._lexer, self._roots)
        return operand

    def _path_fact_or_call(self, facts: re.Pattern[str], *, comma_ends: bool) -> Operand | None:
        self._lexer.skip_space()
        start = self._lexer.column
        if self._lexer.next() == "$":
            return self._path(start, comma_ends=comma_ends)
        call = self._lexer.looks_at(_CALL)
        if call and call[1] in FUNCTIONS:
            return self._call(call[1], start)
        fact = self._lexer.looks_at(facts)
        if fact:
            root = fact[0]
            read = self._lexer.bare if root in ("header", "query") else self._lexer.path_text
            text = read(comma_ends=comma_ends)
            mistakes.refuse_operand(self._lexer, text, start)
            return Fact(text, self._lexer.place(start), root, text[len(root) :])
        return None

    def _path(self, start: int, *, comma_ends: bool) -> Path:
        if self._lexer.text.startswith("${", start):
            raise mistakes.template(self._lexer)
        text = self._lexer.path_text(comma_ends=comma_ends)
        mistakes.refuse_operand(self._lexer, text, start)
        return Path(text, self._lexer.place(start))

    def _quoted(self) -> Literal | None:
        if self._lexer.next() not in ("'", '"'):
            return None
        start = self._lexer.column
        value = self._lexer.quoted()
        return Literal(self.written(start), self._lexer.place(start), value, quoted=True)

    def _number(self) -> Literal | None:
        place = self._lexer.place()
        found = self._lexer.take_match(_NUMBER)
        return self._literal(found[0], place) if found else None

    def _literal(self, text: str, place: Place) -> Literal:
        if text in _CONSTANTS:
            return Literal(text, place, _CONSTANTS[text])
        number = parse_number(text)
        if number is None and _NUMBER.fullmatch(text):
            raise place.refuse(f"{text[:40]} is too large for a number; in quotes it is text")
        return Literal(text, place, text if number is None else number)

    def _call(self, name: str, start: int) -> Call:
        self._lexer.take(name + "(")
        with self.nested():
            arguments = self._arguments(name, start)
        return Call(self.written(start), self._lexer.place(start), name, tuple(arguments))

    def _arguments(self, name: str, start: int) -> list[Operand]:
        wanted = FUNCTIONS[name].arguments
        arguments: list[Operand] = []
        while not self._lexer.take(")"):
            if len(arguments) == len(wanted) or (arguments and not self._lexer.take(",")):
                raise mistakes.unclosed_call(self._lexer, name, start)
            read = self.operand if wanted[len(arguments)] in (Argument.VALUE, Argument.SET) else self.value
            arguments.append(read(comma_ends=True))
        return arguments

    def value(self, *, comma_ends: bool) -> Operand:
        """What may stand right of an operator: every word is a literal, a dotted fact is a fact."""
        if self._lexer.next() == "[":
            return self._list()
        operand = self._path_fact_or_call(self._dotted_fact, comma_ends=comma_ends) or self._quoted()
        if operand is not None:
            return operand
        place = self._lexer.place()
        if self._lexer.text.startswith("{{", self._lexer.column):
            raise mistakes.template(self._lexer)
        text = self._lexer.bare(comma_ends=comma_ends)
        if not text:
            raise self._lexer.error("a value is missing here; empty text is written ''")
        return self._literal(text, place)

    def _list(self) -> ListOf:
        start = self._lexer.column
        self._lexer.take("[")
        if self._lexer.take("]"):
            raise self._lexer.error("this list is empty; `is empty` asks for an empty list", column=start)
        with self.nested():
            items = [self.value(comma_ends=True)]
            while self._lexer.take(","):
                items.append(self.value(comma_ends=True))
        self._close_list(start)
        return ListOf(self.written(start), self._lexer.place(start), tuple(items))

    def _close_list(self, start: int) -> None:
        if not self._lexer.take("]"):
            if self._lexer.at_end():
                raise self._lexer.error("this list is not closed", column=start)
            raise self._lexer.error("a comma or ] is expected here; text with white space is written in quotes")

    def patterns(self, phrase: str) -> Operand:
        """One pattern or a list of them. What begins with `[` is a list where its `]` ends the test (`[a-z]+` is no list)."""
        if self._lexer.next() != "[":
            return self._pattern(phrase, in_list=False)
        start = self._lexer.column
        try:
            patterns = self._pattern_list(phrase, start)
        except ConditionError:
            patterns = None
        if patterns is None or not self._test_ends():
            self._lexer.column = start
            return self._pattern(phrase, in_list=False)
        if len(patterns.items) == 1 and self._lexer.text[patterns.items[0].place.column] not in "'\"/":
            raise mistakes.list_or_class(patterns)
        return patterns

    def _test_ends(self) -> bool:
        return self._lexer.at_end() or self._lexer.next() == ")" or self._lexer.word() in JOINS

    def _pattern_list(self, phrase: str, start: int) -> ListOf:
        self._lexer.take("[")
        items = [self._pattern(phrase, in_list=True)]
        while self._lexer.take(","):
            items.append(self._pattern(phrase, in_list=True))
        self._close_list(start)
        return ListOf(self.written(start), self._lexer.place(start), tuple(items))

    def _pattern(self, phrase: str, *, in_list: bool) -> Pattern:
        first = self._lexer.next()
        start = self._lexer.column
        ignore_case = False
        if first in ("'", '"'):
            pattern = self._lexer.quoted()
        elif first == "/" and phrase.endswith("matches"):
            pattern, ignore_case = self._lexer.slashed_pattern(in_list=in_list)
        else:
            pattern = self._lexer.pattern(in_list=in_list)
            mistakes.refuse_path_as_pattern(self._lexer.place(start), pattern)
        if not pattern and first not in ("'", '"'):
            raise mistakes.nothing_right(self._lexer.place(start), phrase)
        return Pattern(self.written(start), self._lexer.place(start), pattern, ignore_case)
