"""Helpers for tests of templates."""

from pathlib import Path
from typing import Any

import pytest
import support_corpus

from hookrules.engine.errors import TemplateError

HOSTILE = list(support_corpus.HOSTILE.values())
"""Values that a shell, a template or a terminal would read as more than text."""


def refusal(place: Any, source: object) -> TemplateError:
    """The error that a place gives for a template at load."""
    with pytest.raises(TemplateError) as told:
        place(source)
    return told.value


def failure(place: Any, source: object, **names: Any) -> TemplateError:
    """The error of a rendering."""
    template = place(source)
    with pytest.raises(TemplateError) as told:
        template.render(names)
    return told.value


def recorder(folder: Path) -> Path:
    """A folder for PATH with one program, `record`, which writes its arguments to `log` beside it, NUL after each, \\1 after all."""
    programs = folder / "bin"
    programs.mkdir()
    script = programs / "record"
    script.write_text(f"#!/bin/sh\n{{ for a; do printf '%s\\0' \"$a\"; done; printf '\\1'; }} >> '{folder}/log'\n")
    script.chmod(0o755)
    return programs


def recorded(folder: Path) -> list[list[bytes]]:
    """The arguments of each call of `record`."""
    log = folder / "log"
    calls = log.read_bytes().split(b"\1")[:-1] if log.exists() else []
    return [call.split(b"\0")[:-1] for call in calls]
