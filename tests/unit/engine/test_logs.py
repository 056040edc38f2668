import json
import logging

import pytest

from hookrules.engine import logs


@pytest.fixture(autouse=True)
def _log_as_before() -> object:
    handlers, level, propagate = logs.logger.handlers[:], logs.logger.level, logs.logger.propagate
    yield
    logs.logger.handlers[:], logs.logger.propagate = handlers, propagate
    logs.logger.setLevel(level)


def test_a_line_for_people_names_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("text")
    logs.info("event", id="evt_1", rules=["a", "b"], delivery=None, reason="two words")
    line = capsys.readouterr().err
    assert line.endswith('event  id=evt_1  rules=a,b  reason="two words"\n')


def test_a_line_for_programs_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("json")
    logs.warning("refused", status=401)
    line = json.loads(capsys.readouterr().err)
    assert (line["message"], line["status"], line["level"]) == ("refused", 401, "warning")
    assert line["time"].endswith("Z")


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_sender_can_not_write_a_line_of_its_own(style: logs.Format, capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(style)
    logs.info("event", delivery="x\n12:00:00 event  id=evt_forged\x1b[31m\u2028")
    output = capsys.readouterr().err
    assert output.count("\n") == 1
    assert "\x1b" not in output
    assert "\u2028" not in output


def test_levels_are_the_log_actions_own() -> None:
    assert logs.LEVELS["warning"] == logging.WARNING
