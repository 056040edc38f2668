from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared_data import github_payloads
from support_forges import facts

from hookrules.engine import bodies
from hookrules.engine.model import Delivery
from hookrules.engine.sources.github import GitHub, signature
from hookrules.engine.sources.provider import Credentials

SOURCE = GitHub("github", signature(Credentials(("secret of github",))))


def delivery(**headers: str) -> Delivery:
    return Delivery("github", b"", {name.replace("_", "-"): (value,) for name, value in headers.items()}, 0.0)


def test_the_type_is_the_event_and_its_action() -> None:
    assert SOURCE.event_type(delivery(x_github_event="pull_request"), {"action": "opened"}) == "pull_request.opened"
    assert SOURCE.event_type(delivery(x_github_event="push"), {}) == "push"
    assert SOURCE.event_type(delivery(), {"action": "opened"}) == ""


def test_the_delivery_id_is_githubs() -> None:
    assert SOURCE.delivery_id(delivery(x_github_delivery="72d3162e"), {}) == "72d3162e"
    assert SOURCE.delivery_id(delivery(), {}) is None


PUSH = {
    "ref": "refs/heads/main",
    "after": "c0ffee",
    "repository": {"full_name": "acme/shop"},
    "sender": {"login": "ada"},
    "commits": [{"added": ["a"], "modified": ["b"], "removed": []}, {"added": [], "modified": ["b"], "removed": ["c"]}],
}


def test_a_push_says_where_it_went_and_what_it_touched() -> None:
    assert facts(SOURCE, "push", PUSH) == {"repo": "acme/shop", "branch": "main", "sha": "c0ffee", "actor": "ada", "files": ["a", "b", "c"]}


def test_a_tag_push_has_no_branch_and_a_deletion_no_commit() -> None:
    facts = SOURCE.git("push", {**PUSH, "ref": "refs/tags/v1", "deleted": True})
    assert facts["tag"] == "v1"
    assert "branch" not in facts
    assert "sha" not in facts


def pull_request(head_repository: dict[str, str] | None) -> dict[str, Any]:
    return {
        "pull_request": {
            "base": {"ref": "main", "repo": {"full_name": "acme/shop"}},
            "head": {"ref": "fix", "sha": "beef", "repo": head_repository},
        }
    }


def test_the_branch_of_a_pull_request_is_its_base() -> None:
    facts = SOURCE.git("pull_request.opened", pull_request({"full_name": "acme/shop"}))
    assert (facts["branch"], facts["head_branch"], facts["sha"], facts["fork"]) == ("main", "fix", "beef", False)


@pytest.mark.parametrize("head", [{"full_name": "eve/shop"}, None])
def test_a_change_from_another_repository_is_a_fork_also_where_that_was_deleted(head: dict[str, str] | None) -> None:
    assert SOURCE.git("pull_request.opened", pull_request(head))["fork"] is True


def test_the_commit_of_an_annotated_tag_is_what_it_points_to() -> None:
    facts = SOURCE.git("push", {**PUSH, "ref": "refs/tags/v1", "after": "facade", "head_commit": {"id": "c0ffee"}, "commits": []})
    assert (facts["tag"], facts["sha"]) == ("v1", "c0ffee")


@pytest.mark.parametrize("event_type", ["pull_request.opened", "pull_request_review.submitted", "pull_request_review_comment.created"])
def test_reviews_and_their_comments_have_the_facts_of_the_pull_request(event_type: str) -> None:
    assert SOURCE.git(event_type, pull_request({"full_name": "acme/shop"}))["branch"] == "main"


REPOSITORY = {"repository": {"full_name": "acme/shop"}}


@pytest.mark.parametrize(
    ("event_type", "payload", "facts"),
    [
        ("create", {"ref_type": "branch", "ref": "fix"}, {"branch": "fix"}),
        ("delete", {"ref_type": "tag", "ref": "v1"}, {"tag": "v1"}),
        ("release.published", {"release": {"tag_name": "v1"}}, {"tag": "v1"}),
        (
            "check_run.completed",
            {"check_run": {"head_sha": "beef", "check_suite": {"head_branch": "main"}}},
            {"branch": "main", "head_branch": "main", "sha": "beef"},
        ),
        ("check_suite.completed", {"check_suite": {"head_sha": "beef", "head_branch": None}}, {"sha": "beef"}),
        (
            "merge_group.checks_requested",
            {"merge_group": {"base_ref": "refs/heads/main", "head_ref": "refs/heads/gh-readonly-queue/main/pr-7-abc", "head_sha": "beef"}},
            {"branch": "main", "head_branch": "gh-readonly-queue/main/pr-7-abc", "sha": "beef"},
        ),
        ("deployment_status.created", {"deployment": {"ref": "main", "sha": "beef"}}, {"sha": "beef"}),
        ("status", {"sha": "beef", "branches": [{"name": "main"}]}, {"sha": "beef"}),
        ("commit_comment.created", {"comment": {"commit_id": "beef"}}, {"sha": "beef"}),
        ("workflow_dispatch", {"ref": "refs/heads/main"}, {"branch": "main"}),
        ("repository_dispatch.deploy", {"branch": "main"}, {"branch": "main"}),
        ("code_scanning_alert.created", {"ref": "refs/heads/main", "commit_oid": "beef"}, {"branch": "main", "sha": "beef"}),
    ],
)
def test_an_event_has_the_facts_that_its_payload_gives(event_type: str, payload: dict[str, Any], facts: dict[str, Any]) -> None:
    assert SOURCE.git(event_type, {**REPOSITORY, **payload}) == {"repo": "acme/shop", **facts}


def test_the_branch_of_a_job_is_not_told_since_it_may_be_another_repositorys() -> None:
    facts = SOURCE.git("workflow_job.completed", {**REPOSITORY, "workflow_job": {"head_branch": "main", "head_sha": "beef"}})
    assert facts == {"repo": "acme/shop", "head_branch": "main", "sha": "beef"}


def test_the_branch_of_a_workflow_is_unknown_where_nothing_says_whose_it_is() -> None:
    assert "branch" not in SOURCE.git("workflow_run.completed", {"workflow_run": {"head_branch": "main"}})


def test_the_branch_of_a_workflow_is_unknown_where_its_head_lies_elsewhere() -> None:
    run = {"head_branch": "main", "head_sha": "beef", "head_repository": {"full_name": "eve/shop"}}
    facts = SOURCE.git("workflow_run.completed", {"workflow_run": run, "repository": {"full_name": "acme/shop"}})
    assert "branch" not in facts
    assert facts["fork"] is True


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["ref", "commits", "added", "pull_request", "base", "head", "repo", "workflow_run", "check_run", "merge_group"]
            ),
            inner,
            max_size=4,
        )
    ),
)


@given(st.sampled_from(["push", "pull_request", "workflow_run", "check_run", "merge_group", "create", "release"]), json_values)
def test_no_payload_crashes_the_facts(event_type: str, payload: Any) -> None:
    SOURCE.git(event_type, payload)


def test_the_facts_of_githubs_own_examples_are_read() -> None:
    for event_type, payloads in github_payloads().items():
        for payload in payloads:
            facts = SOURCE.git(event_type, payload)
            if "repository" in payload:
                assert facts["repo"] == payload["repository"]["full_name"]
            if event_type == "push" and payload["ref"].startswith("refs/heads/"):
                assert facts["branch"] == payload["ref"].removeprefix("refs/heads/")
            if event_type == "pull_request":
                assert facts["branch"] == payload["pull_request"]["base"]["ref"]


def test_all_that_it_reads_is_among_what_it_asks_for() -> None:
    excerpt = bodies.excerpt(SOURCE.asks())
    assert excerpt is not None
    for event, payloads in github_payloads().items():
        for payload in [*payloads, *({**payload, "ref": "refs/tags/v1"} for payload in payloads)]:
            part, sent = excerpt.of(msgspec.json.encode(payload)), delivery(x_github_event=event)
            event_type = SOURCE.event_type(sent, payload)
            assert SOURCE.event_type(sent, part) == event_type
            assert SOURCE.git(event_type, part) == SOURCE.git(event_type, payload)
