"""A template's compiled code, made at its first use, and what it yields for a run's names."""

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any

from jinja2 import Template
from jinja2.exceptions import TemplateRuntimeError

from hookrules.engine.errors import TemplateError
from hookrules.engine.templating.environment import ENVIRONMENT, Printed
from hookrules.engine.templating.parsing import parse
from hookrules.engine.templating.printing import OUTPUT_LIMIT

Piece = str | Printed
_FILE = "<template>"
_QUOTED = re.compile(r"'[^']*'")


@functools.lru_cache(maxsize=4096)
def _compiled(source: str) -> Template:
    code = ENVIRONMENT.compile(parse(source).tree)
    return Template.from_code(ENVIRONMENT, code, ENVIRONMENT.globals)


def pieces(source: str, names: Mapping[str, Any]) -> list[Piece]:
    """The template's text and printed values, in order. Raises TemplateError."""
    template = _compiled(source)
    render: Callable[[Any], Iterator[Any]] = template.root_render_func
    try:
        return list(_bounded(render(template.new_context(dict(names)))))
    except TemplateError:
        raise
    except RecursionError:
        raise TemplateError("a value nests too deeply") from None
    except Exception as error:  # noqa: BLE001 — filters raise what they like; each is the template's failure
        raise _failure(error, template) from None


def _bounded(stream: Iterator[Piece]) -> Iterator[Piece]:
    length = 0
    for piece in stream:
        length += len(piece) if isinstance(piece, str) else 1
        if length > OUTPUT_LIMIT:
            raise TemplateError(f"a template prints more than {OUTPUT_LIMIT:,} characters")
        yield piece


def _failure(error: Exception, template: Template) -> TemplateError:
    return TemplateError(_said(error), line=max(_line(error.__traceback__, template) - 1, 0))


def _said(error: Exception) -> str:
    """What went wrong, without the values: an error's text may quote them."""
    if isinstance(error, TemplateRuntimeError) and error.message:
        return str(error.message)
    text = _QUOTED.sub("…", str(error)) if not isinstance(error, TypeError) else str(error)
    return f"this can't be worked out: {text or type(error).__name__}"


def _line(traceback: TracebackType | None, template: Template) -> int:
    line = 1
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == _FILE:
            line = template.get_corresponding_lineno(traceback.tb_lineno)
        traceback = traceback.tb_next
    return line
