"""Query strings → filters."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookrules.engine.journal import EventFilter, RunFilter
from hookrules.engine.model import RunState
from hookrules.engine.web.parameters import BadParameter, event_filter, no_filter, run_filter


def test_what_is_left_out_or_empty_asks_nothing() -> None:
    assert event_filter("") == EventFilter()
    assert event_filter("source=&type=+&limit=") == EventFilter()
    assert run_filter("rule=&state=") == RunFilter()


def test_what_is_given_is_asked() -> None:
    assert event_filter("source=github&type=pull_request.opened&limit=500") == EventFilter("github", "pull_request.opened", 500)
    assert run_filter("rule=deploy-main&state=dead&event=evt_1&limit=1") == RunFilter("deploy-main", RunState.DEAD, "evt_1", 1)


@pytest.mark.parametrize("limit", ["0", "501", "-1", "1.5", "x", "٣", "9" * 5000, "0x10", "1_0"])
def test_a_limit_out_of_bounds_is_refused_with_the_bounds(limit: str) -> None:
    with pytest.raises(BadParameter, match=r"from 1 to 500|longer than"):
        event_filter(f"limit={limit}")


def test_an_unknown_state_is_refused_with_the_states() -> None:
    with pytest.raises(BadParameter, match=r"'broken'; the states are queued, running, .*skipped"):
        run_filter("state=broken")


def test_a_misspelt_parameter_is_refused_instead_of_listing_everything() -> None:
    with pytest.raises(BadParameter, match=r"no parameter 'sorce'; it has source, type, limit"):
        event_filter("sorce=github")
    with pytest.raises(BadParameter, match="it has none"):
        no_filter("a=b")


def test_a_parameter_given_twice_is_refused() -> None:
    with pytest.raises(BadParameter, match="source is given twice"):
        event_filter("source=a&source=b")


@pytest.mark.parametrize("query", ["source=%ff", "&".join(f"a{n}=1" for n in range(30)), "source=" + "x" * 201])
def test_what_no_page_of_ours_sends_is_refused(query: str) -> None:
    with pytest.raises(BadParameter):
        event_filter(query)


@given(st.text())
def test_a_query_gives_a_bounded_filter_or_is_refused(query: str) -> None:
    with suppress(BadParameter):
        assert 1 <= run_filter(query).limit <= 500
