import asyncio
import json
from collections.abc import Iterator

import pytest

from hookrules.engine import logs


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    line, least = logs._log.line, logs._log.least
    yield
    logs._log.line, logs._log.least = line, least


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


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_mistake_of_ours_is_told_with_its_place(style: logs.Format, capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(style)
    try:
        raise KeyError("inside")
    except KeyError:
        logs.exception("it broke", run="run_1")
    output = capsys.readouterr().err
    assert "it broke" in output
    assert "run_1" in output
    assert "test_a_mistake_of_ours_is_told_with_its_place" in output


def test_before_a_server_begins_only_trouble_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    logs.info("nobody asked")
    logs.warning("somebody should know")
    assert capsys.readouterr().err.endswith(" warning: somebody should know\n")


def test_what_one_turn_of_an_event_loop_says_is_written_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    async def turns() -> list[str]:
        logs.info("one")
        logs.info("two")
        seen = [capsys.readouterr().err]
        await asyncio.sleep(0)
        return [*seen, capsys.readouterr().err]

    logs.set_up("text")
    before, after = asyncio.run(turns())
    assert not before
    assert [line.split(" ", 1)[1] for line in after.splitlines()] == ["one", "two"]
