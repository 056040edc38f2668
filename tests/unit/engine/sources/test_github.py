from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared_data import github_payloads

from hookrules.engine.model import Delivery
from hookrules.engine.sources.github import GitHub, git_facts, signature
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
    assert git_facts("push", PUSH) == {"repo": "acme/shop", "branch": "main", "sha": "c0ffee", "actor": "ada", "files": ["a", "b", "c"]}


def test_a_tag_push_has_no_branch_and_a_deletion_no_commit() -> None:
    facts = git_facts("push", {**PUSH, "ref": "refs/tags/v1", "deleted": True})
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
    facts = git_facts("pull_request.opened", pull_request({"full_name": "acme/shop"}))
    assert (facts["branch"], facts["head_branch"], facts["sha"], facts["fork"]) == ("main", "fix", "beef", False)


@pytest.mark.parametrize("head", [{"full_name": "eve/shop"}, None])
def test_a_change_from_another_repository_is_a_fork_also_where_that_was_deleted(head: dict[str, str] | None) -> None:
    assert git_facts("pull_request.opened", pull_request(head))["fork"] is True


def test_the_branch_of_a_workflow_is_unknown_where_its_head_lies_elsewhere() -> None:
    run = {"head_branch": "main", "head_sha": "beef", "head_repository": {"full_name": "eve/shop"}}
    facts = git_facts("workflow_run.completed", {"workflow_run": run, "repository": {"full_name": "acme/shop"}})
    assert "branch" not in facts
    assert facts["fork"] is True


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["ref", "commits", "added", "pull_request", "base", "head", "repo", "workflow_run", "check_run", "check_suite", "release"]
            ),
            inner,
            max_size=4,
        )
    ),
)


@given(st.sampled_from(["push", "pull_request", "workflow_run", "check_run", "check_suite", "create", "release"]), json_values)
def test_no_payload_crashes_the_facts(event_type: str, payload: Any) -> None:
    git_facts(event_type, payload)


def test_the_facts_of_githubs_own_examples_are_read() -> None:
    for event_type, payloads in github_payloads().items():
        for payload in payloads:
            facts = git_facts(event_type, payload)
            if "repository" in payload:
                assert facts["repo"] == payload["repository"]["full_name"]
            if event_type == "push" and payload["ref"].startswith("refs/heads/"):
                assert facts["branch"] == payload["ref"].removeprefix("refs/heads/")
            if event_type == "pull_request":
                assert facts["branch"] == payload["pull_request"]["base"]["ref"]
