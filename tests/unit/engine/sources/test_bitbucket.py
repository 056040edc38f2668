from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_forges import NOW, SHA, ZEROS, delivery, forged_bodies, forged_headers, proves, vectors

from hookrules.engine.sources.bitbucket import Bitbucket, signature
from hookrules.engine.sources.provider import Credentials

SIGNATURE = signature(Credentials(("secret of bitbucket",)))
SOURCE = Bitbucket("forge", SIGNATURE)


def test_what_it_signs_it_accepts_and_nothing_else() -> None:
    signed = SIGNATURE.sign(delivery({"push": {"changes": []}}), NOW)
    assert signature(Credentials(("the new secret", "secret of bitbucket"))).verify(signed, NOW) == 2
    assert not any(proves(SIGNATURE, forged) for forged in (*forged_bodies(signed), *forged_headers(signed, "x-hub-signature")))
    assert not proves(signature(Credentials(("secret of bitbuckeT",))), signed)


def test_published_signatures_of_cloud_and_server_have_their_verdict() -> None:
    for secret, published, expected in vectors("bitbucket", "bitbucket-server"):
        assert proves(signature(Credentials((secret,))), published) is expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("repo:push", "repo.push"),
        ("pullrequest:changes_request_created", "pullrequest.changes_request_created"),
        ("pr:reviewer:approved", "pr.reviewer.approved"),
        ("diagnostics:ping", "diagnostics.ping"),
    ],
)
def test_the_type_is_the_key_with_dots(key: str, expected: str) -> None:
    assert SOURCE.event_type(delivery(headers={"X-Event-Key": key}), {}) == expected


def test_data_center_also_says_the_key_in_its_payload() -> None:
    assert SOURCE.event_type(delivery(), {"eventKey": "repo:refs_changed"}) == "repo.refs_changed"
    assert SOURCE.event_type(delivery(), {}) == ""


def test_the_delivery_id_is_clouds_or_data_centers() -> None:
    assert SOURCE.delivery_id(delivery(headers={"X-Request-UUID": "clouds", "X-Request-Id": "a proxy's"}), {}) == "clouds"
    assert SOURCE.delivery_id(delivery(headers={"X-Request-Id": "data center's"}), {}) == "data center's"
    assert SOURCE.delivery_id(delivery(headers={"X-Hook-UUID": "the webhook's"}), {}) is None


@pytest.mark.parametrize(
    ("event_type", "label"),
    [
        ("repo.push", {"X-Event-Key": "repo:push", "X-Request-UUID": "id"}),
        ("pr.reviewer.approved", {"X-Event-Key": "pr:reviewer:approved", "X-Request-Id": "id"}),
        ("repo.refs_changed", {"X-Event-Key": "repo:refs_changed", "X-Request-Id": "id"}),
    ],
)
def test_its_label_is_that_of_the_product_that_has_such_events(event_type: str, label: dict[str, str]) -> None:
    assert SOURCE.label(event_type, "id") == label
    assert SOURCE.event_type(delivery(headers=label), {}) == event_type


CLOUD = {
    "repository": {"full_name": "acme/shop", "name": "shop", "project": {"key": "SHOP"}},
    "actor": {"display_name": "Ada", "nickname": "ada", "type": "user"},
}
SERVER = {"repository": {"slug": "shop", "project": {"key": "ACME"}}, "actor": {"name": "ada", "displayName": "Ada"}}
IN_CLOUD, ON_SERVER = {"repo": "acme/shop", "actor": "ada"}, {"repo": "ACME/shop", "actor": "ada"}


def cloud_change(name: str, kind: str = "branch", *, deleted: bool = False) -> dict[str, Any]:
    ref = {"type": kind, "name": name, "target": {"type": "commit", "hash": SHA}}
    return {"old": ref, "new": None, "closed": True} if deleted else {"old": None, "new": ref, "closed": False}


def server_change(ref: str, to: str = SHA) -> dict[str, Any]:
    return {"ref": {"id": ref, "displayId": ref.rpartition("/")[2]}, "refId": ref, "fromHash": ZEROS, "toHash": to, "type": "UPDATE"}


@pytest.mark.parametrize(
    ("change", "facts"),
    [
        (cloud_change("feature/a"), {"branch": "feature/a", "sha": SHA}),
        (cloud_change("v1", "tag"), {"tag": "v1", "sha": SHA}),
        (cloud_change("feature/a", deleted=True), {"branch": "feature/a"}),
        (cloud_change("v1", "tag", deleted=True), {"tag": "v1"}),
    ],
)
def test_a_push_to_cloud_says_where_it_went(change: dict[str, Any], facts: dict[str, str]) -> None:
    assert SOURCE.git("repo.push", {**CLOUD, "push": {"changes": [change]}}) == {**IN_CLOUD, **facts}


@pytest.mark.parametrize(
    ("change", "facts"),
    [
        (server_change("refs/heads/feature/a"), {"branch": "feature/a", "sha": SHA}),
        (server_change("refs/tags/v1"), {"tag": "v1", "sha": SHA}),
        (server_change("refs/heads/feature/a", ZEROS), {"branch": "feature/a"}),
    ],
)
def test_a_push_to_data_center_says_where_it_went(change: dict[str, Any], facts: dict[str, str]) -> None:
    assert SOURCE.git("repo.refs_changed", {**SERVER, "changes": [change]}) == {**ON_SERVER, **facts}


def branches(items: Any) -> list[Any]:
    return [SOURCE.git("", item)["branch"] for item in items]


def test_a_push_of_several_refs_is_an_event_for_each() -> None:
    cloud = {**CLOUD, "push": {"changes": [cloud_change("main"), cloud_change("fix")]}}
    server = {**SERVER, "changes": [server_change("refs/heads/main"), server_change("refs/heads/fix")]}
    sent = delivery(headers={"X-Request-UUID": "id"})
    for payload in (cloud, server):
        items = SOURCE.items(sent, payload)
        assert items is not None
        assert branches(items) == ["main", "fix"]
        assert [SOURCE.item_id(sent, payload, item, number) for number, item in enumerate(items)] == ["id#0", "id#1"]


def test_a_push_of_one_ref_is_one_event_as_it_came() -> None:
    assert SOURCE.items(delivery(), {**CLOUD, "push": {"changes": [cloud_change("main")]}}) is None
    assert SOURCE.items(delivery(), {**SERVER, "changes": [server_change("refs/heads/main")]}) is None
    assert SOURCE.items(delivery(), {**CLOUD, "changes": {"name": {"old": "a", "new": "b"}}}) is None


@pytest.mark.parametrize(("head", "fork"), [({"full_name": "acme/shop"}, False), ({"full_name": "eve/shop"}, True), (None, True)])
def test_a_pull_request_of_cloud_says_where_it_comes_from(head: dict[str, str] | None, fork: bool) -> None:
    request = {
        "destination": {"branch": {"name": "main"}, "repository": {"full_name": "acme/shop"}},
        "source": {"branch": {"name": "fix"}, "commit": {"hash": SHA[:12]}, "repository": head},
    }
    facts = SOURCE.git("pullrequest.created", {**CLOUD, "pullrequest": request})
    assert facts == {**IN_CLOUD, "branch": "main", "head_branch": "fix", "sha": SHA[:12], "fork": fork}


@pytest.mark.parametrize(("project", "fork"), [("ACME", False), ("~eve", True)])
def test_a_pull_request_of_data_center_says_where_it_comes_from(project: str, fork: bool) -> None:
    head = {"slug": "shop", "project": {"key": project}}
    request = {
        "toRef": {"id": "refs/heads/main", "displayId": "main", "repository": SERVER["repository"]},
        "fromRef": {"id": "refs/heads/fix", "displayId": "fix", "latestCommit": SHA, "repository": head},
    }
    facts = SOURCE.git("pr.opened", {"actor": SERVER["actor"], "pullRequest": request})
    assert facts == {**ON_SERVER, "branch": "main", "head_branch": "fix", "sha": SHA, "fork": fork}


def test_a_status_and_a_comment_have_their_commit() -> None:
    status = {**CLOUD, "commit_status": {"refname": "main", "state": "FAILED", "commit": {"hash": SHA}}}
    assert SOURCE.git("repo.commit_status_updated", status) == {**IN_CLOUD, "branch": "main", "head_branch": "main", "sha": SHA}
    assert SOURCE.git("repo.commit_comment_created", {**CLOUD, "commit": {"hash": SHA}})["sha"] == SHA
    assert SOURCE.git("repo.comment.added", {**SERVER, "commit": SHA})["sha"] == SHA


values = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3))
keys = st.sampled_from(["push", "changes", "new", "pullrequest", "pullRequest", "toRef", "commit", "repository", "actor", "ref", "project"])


@given(values | st.dictionaries(keys, values | st.dictionaries(keys, values, max_size=3), max_size=5))
def test_no_payload_crashes_type_items_and_facts(payload: Any) -> None:
    SOURCE.event_type(delivery(), payload)
    for item in SOURCE.items(delivery(), payload) or [payload]:
        SOURCE.git("repo.push", item)
