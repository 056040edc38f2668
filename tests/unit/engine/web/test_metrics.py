"""The journal's counts for Prometheus."""

import re

from hookrules.engine.model import RunState
from hookrules.engine.reloads import LastReload
from hookrules.engine.web.metrics import exposition

_SAMPLE = re.compile(r'(?P<name>[a-z_]+)(?:\{(?:[a-z]+="[a-z0-9_-]*",?)+\})? (?P<value>\d+(?:\.\d+)?)')


def test_every_sample_is_well_formed_and_announced() -> None:
    text = exposition({"events": 3, "runs.dead": 2, "refusals.401.github": 5, "refusals.404.": 1}, LastReload(1_700_000_000.25))
    assert text.endswith("\n")
    announced: dict[str, set[str]] = {}
    for line in text.splitlines():
        if line.startswith("# "):
            _, keyword, name, words = line.split(" ", 3)
            announced.setdefault(name, set()).add(keyword)
            assert keyword == "HELP" or words == ("counter" if name.endswith("_total") else "gauge")
        else:
            sample = _SAMPLE.fullmatch(line)
            assert sample
            assert announced[sample["name"]] == {"HELP", "TYPE"}


def test_a_state_without_runs_is_zero_and_not_absent() -> None:
    lines = exposition({"events": 3, "runs.dead": 2}).splitlines()
    assert "hookrules_journal_events 3" in lines
    assert 'hookrules_journal_runs{state="dead"} 2' in lines
    assert 'hookrules_journal_runs{state="queued"} 0' in lines
    assert sum(line.startswith("hookrules_journal_runs{") for line in lines) == len(RunState)


def test_open_breakers_are_counted() -> None:
    assert "hookrules_open_breakers 0" in exposition({"events": 0}).splitlines()
    assert "hookrules_open_breakers 2" in exposition({"events": 0, "breakers.open": 2}).splitlines()


def test_refusals_are_counted_by_source_and_status() -> None:
    lines = exposition({"events": 0, "refusals.401.github": 5, "refusals.404.": 1}).splitlines()
    assert 'hookrules_refusals_total{source="github",status="401"} 5' in lines
    assert 'hookrules_refusals_total{source="",status="404"} 1' in lines


def test_a_refused_reload_can_be_alerted_on_and_before_the_first_there_is_none() -> None:
    assert "last_reload" not in exposition({})
    assert "hookrules_last_reload_taken 1" in exposition({}, LastReload(5.0)).splitlines()
    assert "hookrules_last_reload_taken 0" in exposition({}, LastReload(5.0, "1 error")).splitlines()
