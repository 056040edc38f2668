"""Where a path leads, as a catalogue of events knows it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_catalogue import payload_of, routes_in

from hookrules.engine.conditions.jsonpath import canonical, parse_path
from hookrules.engine.config.payload_paths import follow, mended, payloads_of, written
from hookrules.engine.sources.catalogue import published

GITHUB = published("github")
CATALOGUES = {"github": GITHUB}


def answer(path: str, *on: str) -> str | None:
    """`known`, what was probably meant, an empty text where nothing like it is known, or None where it can't be said."""
    payloads = payloads_of(on or ("github.push",), CATALOGUES)
    route = parse_path(path).route
    end = follow(payloads, route) if payloads else None
    if end is None:
        return None
    if end.followed == len(route):
        return "known"
    meant = mended(end, route)
    return written(meant) if meant else ""


@given(st.sampled_from(sorted(GITHUB.events)), st.randoms(use_true_random=False))
def test_a_path_that_a_payload_has_is_never_called_unknown(event: str, chance: random.Random) -> None:
    for route in routes_in(payload_of(GITHUB.events[event], chance)):
        assert answer(canonical(route), f"github.{event.replace('*', 'deploy')}") in ("known", None)


@pytest.mark.parametrize(
    "path",
    ["$", "$.ref", "$.commits[0].id", "$.commits[-1].id", "$.commits[*].author.name", "$.commits[0:2].id", "$.commits[?(@.id == 'x')].id"],
)
def test_what_a_push_has_is_known(path: str) -> None:
    assert answer(path) == "known"


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("$.repositry.full_name", "$.repository"),
        ("$.commits[*].autor.name", "$.commits[*].author"),
        ("$.commits[?(@.id == 'x')].massage", "$.commits[*].message"),
        ("$.commits.author", "$.commits[*].author"),
        ("$.full_name", "$.repository.full_name"),
        ("$.ref.name", ""),
        ("$.ref[0]", ""),
        ("$.pull_request.title", ""),
    ],
)
def test_what_a_push_has_not_is_unknown_and_the_nearest_is_named(path: str, meant: str) -> None:
    assert answer(path) == meant


@pytest.mark.parametrize("path", ["$..nmae", "$.repository.custom_properties.team", "$['a', 'b'].c", "$.commits.`len`"])
def test_what_only_a_document_knows_is_not_judged(path: str) -> None:
    assert answer(path) is None


def test_a_path_of_one_of_several_events_is_known() -> None:
    assert answer("$.pull_request.title", "github.push", "github.pull_request") == "known"
    assert answer("$.label.name", "github.pull_request") == "known"
    assert answer("$.label.name", "github.pull_request.opened") != "known"
    assert answer("$.client_payload.x", "github.repository_dispatch.deploy") is None


@pytest.mark.parametrize("on", ["lab", "github.sub_issues", "rule.deploy.failed", "*.push"])
def test_nothing_is_said_of_a_rule_that_is_also_on_an_event_that_no_catalogue_has(on: str) -> None:
    assert answer("$.nonsense", "github.push", on) is None
