"""Types that were probably meant for known ones."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookrules.engine.config.event_types import pattern_meant, type_meant
from hookrules.engine.sources.catalogue import Catalogue, published
from hookrules.engine.sources.shapes import Shape

GITHUB = published("github")
NEWER = [
    "bypass_request_secret_scanning.created",
    "check_run.neutral",
    "code_scanning_alert.updated_assignment",
    "custom_property.promote_to_enterprise",
    "dependabot_alert.auto_dismissed",
    "dependabot_alert.auto_reopened",
    "dependabot_alert.assignees_changed",
    "discussion.closed",
    "discussion.reopened",
    "exemption_request_push_ruleset.created",
    "issue_comment.pinned",
    "issue_dependencies.blocked_by_added",
    "issues.typed",
    "issues.untyped",
    "organization_role.assigned",
    "personal_access_token_request.approved",
    "projects_v2.closed",
    "projects_v2_status_update.created",
    "repository_advisory.published",
    "repository_ruleset.edited",
    "secret_scanning_alert.publicly_leaked",
    "secret_scanning_alert.validated",
    "secret_scanning_scan.completed",
    "security_and_analysis",
    "sub_issues.sub_issue_added",
    "workflow_job.cancelled",
    "merge_queue_entry.created",
]


@pytest.mark.parametrize("type_", NEWER)
def test_a_type_that_is_newer_than_the_catalogue_is_no_slip(type_: str) -> None:
    assert GITHUB.under(type_) == ()
    assert type_meant(type_, GITHUB) is None


@pytest.mark.parametrize("type_", ["", *GITHUB.events, "*", "*.opened", "pull_request.*", "repository_dispatch.deploy.live"])
def test_a_known_type_is_no_slip(type_: str) -> None:
    assert type_meant(type_, GITHUB) is None


@given(st.sampled_from(sorted({name.partition(".")[0] for name in GITHUB.events})), st.data())
def test_one_slip_of_the_pen_is_found_in_a_name_of_any_length(name: str, data: st.DataObject) -> None:
    at, letter = data.draw(st.integers(0, len(name) - 1)), data.draw(st.sampled_from(string.ascii_lowercase))
    before, after = name[:at], name[at + 1 :]
    swapped = before + after[:1] + name[at] + after[1:]
    for slipped in (before + after, before + letter + name[at:], before + letter + after, swapped):
        known = any(slipped == each.partition(".")[0] for each in GITHUB.events)
        assert (type_meant(slipped, GITHUB) is None) == known


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("github.psuh", "github.push"),
        ("github.Push", "github.push"),
        ("github.push.x", "github.push"),
        ("github.push.*", "github.push"),
        ("github.pul_request.openned", "github.pull_request.opened"),
        ("github.pul_request.typed", "github.pull_request.typed"),
        ("github.*.openned", "github.*.opened"),
        ("github.isues.*", "github.issues.*"),
        ("github.pu", None),
        ("github.foo", None),
        ("github", None),
        ("lab.psuh", None),
        ("*.psuh", None),
    ],
)
def test_each_part_is_held_against_the_known_ones(pattern: str, meant: str | None) -> None:
    assert pattern_meant(pattern, {"github": GITHUB}) == meant


def test_what_came_says_nothing_of_names_that_differ_in_a_letter_or_go_on() -> None:
    seen = Catalogue(dict.fromkeys(("door-1", "heat", "temperature.low"), Shape()), seen=True)
    assert [type_meant(type_, seen) for type_ in ("door-2", "heal", "heat.high", "temprature.low")] == [None, None, None, "temperature.low"]
