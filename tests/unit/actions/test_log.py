"""Lines that a rule writes to the log."""

import unicodedata
from pathlib import Path

import pytest
from pydantic import ValidationError
from support_actions import surroundings
from support_templating import HOSTILE

from hookrules.actions.log import LogAction


def test_a_line_reaches_the_log_with_its_level(tmp_path: Path) -> None:
    lines: list[tuple[str, str]] = []
    call = LogAction.model_validate({"message": "{{ event.type }}", "level": "warning"}).render({"event": {"type": "push"}})
    assert call.perform(surroundings(tmp_path, log=lambda level, line: lines.append((level, line)))).succeeded
    assert lines == [("warning", "push")]


@pytest.mark.parametrize("value", [*HOSTILE, "\u2028", "\x9b31m", "\ud800", "\x85"])
def test_no_value_forges_a_line_or_an_escape(value: str) -> None:
    message = LogAction.model_validate({"message": "{{ payload.x }}"}).render({"payload": {"x": value}}).message
    assert len(message.splitlines()) <= 1
    invisible = {character for character in message if not character.isprintable()}
    assert all(character in "\u200b\u2060\ufeff" or unicodedata.category(character) in ("Co", "Cn") for character in invisible)
    message.encode()


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValidationError):
        LogAction.model_validate({"message": "x", "level": "loud"})
