"""The text of a template → Jinja's tree, and what of the text can't be read."""

import re

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.parser import Parser

from hookrules.engine.errors import TemplateError
from hookrules.engine.templating.environment import ENVIRONMENT
from hookrules.engine.templating.foreign_paths import jsonpath_at

MOST_FAULTS = 20
"""What is told of one text; the rest comes when that is mended."""
_OPENING = re.compile(r"\{[{%#]")
_OPEN_BLOCK = "Unexpected end of template"
_OFFSET = re.compile(r" at \d+$")
_IN_THE_WAY = re.compile(r"[^\n]")


def readable_tree(source: str) -> tuple[nodes.Template, tuple[TemplateError, ...]]:
    """The tree of all that can be read, in its place, and an error for each `{{ }}` that can't be; at a `{% %}` that can't be it ends."""
    faults: list[TemplateError] = []
    text: str | None = source
    while text is not None and len(faults) < MOST_FAULTS:
        try:
            return Parser(ENVIRONMENT, text).parse(), tuple(faults)
        except TemplateSyntaxError as error:
            faults.append(_told(error, source))
            text = _without_the_unreadable(text, faults[-1])
        except RecursionError:
            faults.append(TemplateError("the template nests too deeply"))
            break
    return nodes.Template([]), tuple(faults)


def _without_the_unreadable(text: str, fault: TemplateError) -> str | None:
    """The text with blanks for the `{{ }}` that the fault is in; None where it is in none."""
    place = _offset(text, fault)
    if fault.message.startswith(_OPEN_BLOCK):
        return None
    start = max((found.start() for found in _OPENING.finditer(text) if found.start() <= place), default=-1)
    closed = text.find("}}", start + 2)
    if start < 0 or text[start + 1] != "{" or 0 <= closed < place - 1:
        return None
    following = _OPENING.search(text, start + 2)
    end = min(closed + 2 if closed >= 0 else len(text), following.start() if following else len(text))
    return text[:start] + _IN_THE_WAY.sub(" ", text[start:end]) + text[end:]


def _offset(text: str, fault: TemplateError) -> int:
    lines = text.split("\n")
    return sum(len(line) + 1 for line in lines[: fault.line]) + fault.column


def _told(error: TemplateSyntaxError, source: str) -> TemplateError:
    message = _OFFSET.sub("", str(error.message or "this is no template").rstrip("."))
    row, column = max(int(error.lineno) - 1, 0), getattr(error.lineno, "column", 0)
    suggestion = None
    foreign = jsonpath_at(source.split("\n")[row], column) if "unexpected char '$'" in message else None
    if foreign:
        message, suggestion = foreign
    elif "unknown tag" in message.lower():
        message = message.split(". ")[0].replace("Encountered", "an")
        suggestion = f"templates know {', '.join(f'{{% {tag} %}}' for tag in ('if', 'for', 'set', 'raw'))}"
    elif "comment" in message and "${#" in source:
        suggestion = "{# begins a comment of the template; write {% raw %}${#…}{% endraw %}"
    elif "{{." in source or "{{ ." in source:
        suggestion = "where {{ }} is another program's, write {% raw %}{{.Name}}{% endraw %}"
    return TemplateError(message, line=row, column=column, suggestion=suggestion)
