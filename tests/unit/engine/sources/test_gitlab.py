from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_forges import NOW, SHA, TAG_OBJECT, ZEROS, delivery, facts, forged_bodies, forged_headers, proves

from hookrules.engine.errors import Unproven
from hookrules.engine.sources.combined import AnyOf
from hookrules.engine.sources.gitlab import GitLab, token_or_signature
from hookrules.engine.sources.provider import Credentials

TOKEN = "the secret token"
SIGNING_TOKEN = "whsec_dHdlbnR5LWZvdXIgYnl0ZXMgb2YgYSBrZXk="
OTHER_SIGNING_TOKEN = "whsec_dHdlbnR5LWZvdXIgYnl0ZXMgb2YgYW5vdGhlcg=="


def verifier_of(*secrets: str) -> AnyOf:
    return token_or_signature(Credentials(secrets))


BY_TOKEN, BY_SIGNATURE = verifier_of(TOKEN), verifier_of(SIGNING_TOKEN)
SOURCE = GitLab("forge", BY_TOKEN)
PUSHED = delivery({"object_kind": "push"})


def test_the_token_proves_and_no_other_does() -> None:
    sent = BY_TOKEN.sign(PUSHED, NOW)
    assert sent.headers["x-gitlab-token"] == (TOKEN,)
    assert BY_TOKEN.verify(sent, NOW) == 1
    assert not any(proves(BY_TOKEN, forged) for forged in forged_headers(sent, "x-gitlab-token"))
    assert not proves(verifier_of(TOKEN + "!"), sent)


def test_the_signature_proves_body_id_and_time() -> None:
    sent = BY_SIGNATURE.sign(PUSHED, NOW)
    assert "x-gitlab-token" not in sent.headers
    assert BY_SIGNATURE.verify(sent, NOW) == 1
    assert not any(proves(BY_SIGNATURE, forged) for forged in forged_bodies(sent))
    assert not any(proves(BY_SIGNATURE, forged) for forged in forged_headers(sent, "webhook-signature", "webhook-id", "webhook-timestamp"))
    assert not proves(verifier_of(OTHER_SIGNING_TOKEN), sent)
    assert not proves(BY_SIGNATURE, sent, NOW + 301)
    assert not proves(BY_SIGNATURE, sent, NOW - 301)


def test_the_tolerance_is_that_of_the_source() -> None:
    patient = token_or_signature(Credentials((SIGNING_TOKEN,), tolerance=600))
    assert proves(patient, patient.sign(PUSHED, NOW), NOW + 599)


def test_a_signing_token_is_never_taken_as_a_token() -> None:
    assert not proves(BY_SIGNATURE, delivery({}, {"X-Gitlab-Token": SIGNING_TOKEN}))


@pytest.mark.parametrize("old", [TOKEN, SIGNING_TOKEN])
def test_any_of_several_secrets_proves_and_is_told_while_one_replaces_the_other(old: str) -> None:
    both = verifier_of(OTHER_SIGNING_TOKEN, old)
    assert both.verify(verifier_of(OTHER_SIGNING_TOKEN).sign(PUSHED, NOW), NOW) == 1
    assert both.verify(verifier_of(old).sign(PUSHED, NOW), NOW) == 2
    assert proves(verifier_of(OTHER_SIGNING_TOKEN), both.sign(PUSHED, NOW))
    assert not proves(both, verifier_of("some other token").sign(PUSHED, NOW))


def test_a_refusal_says_what_is_wrong_and_not_what_was_expected() -> None:
    with pytest.raises(Unproven) as refused:
        verifier_of(TOKEN, SIGNING_TOKEN).verify(delivery({}, {"X-Gitlab-Token": "a guess"}), NOW)
    assert str(refused.value) == (
        "the token in X-Gitlab-Token is not this source's; no header webhook-id; the sender has to sign its deliveries"
    )


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64"])
def test_a_secret_that_can_prove_nothing_is_refused_when_it_is_read(secret: str) -> None:
    with pytest.raises(ValueError, match="secret"):
        verifier_of(TOKEN, secret)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"object_kind": "push", "event_name": "push"}, "push"),
        ({"object_kind": "tag_push"}, "tag_push"),
        ({"object_kind": "merge_request", "object_attributes": {"action": "open"}}, "merge_request.open"),
        ({"object_kind": "merge_request", "object_attributes": {"title": "no action"}}, "merge_request"),
        ({"object_kind": "issue", "event_type": "confidential_issue", "object_attributes": {"action": "close"}}, "issue.close"),
        ({"object_kind": "note", "object_attributes": {"action": "create"}}, "note.create"),
        ({"object_kind": "emoji", "event_type": "award", "object_attributes": {"action": "award"}}, "emoji.award"),
        ({"object_kind": "release", "action": "create"}, "release.create"),
        ({"object_kind": "milestone", "action": "close", "object_attributes": {}}, "milestone.close"),
        ({"object_kind": "pipeline", "object_attributes": {"status": "failed"}}, "pipeline.failed"),
        ({"object_kind": "build", "build_status": "success"}, "job.success"),
        ({"object_kind": "deployment", "status": "running"}, "deployment.running"),
        ({"event_name": "user_add_to_group"}, "user_add_to_group"),
        ({"event_name": "project_create"}, "project_create"),
    ],
)
def test_the_type_is_what_the_payload_says(payload: dict[str, Any], expected: str) -> None:
    assert SOURCE.event_type(delivery(headers={"X-Gitlab-Event": "System Hook"}), payload) == expected


def test_the_type_is_the_headers_where_a_template_made_the_payload() -> None:
    assert SOURCE.event_type(delivery(headers={"X-Gitlab-Event": "Merge Request Hook"}), {"text": "hello"}) == "merge_request"
    assert SOURCE.event_type(delivery(headers={"X-Gitlab-Event": "Job Hook"}), {"build_status": "failed"}) == "job.failed"
    assert SOURCE.event_type(delivery(), []) == ""


def test_the_delivery_id_is_the_one_that_a_repetition_keeps() -> None:
    uuids = {"X-Gitlab-Event-UUID": "of all that it sets off", "X-Gitlab-Webhook-UUID": "of the webhook"}
    assert SOURCE.delivery_id(delivery(headers={**uuids, "Idempotency-Key": "key"}), {}) == "key"
    assert SOURCE.delivery_id(delivery(headers={**uuids, "Idempotency-Key": "key", "webhook-id": "id"}), {}) == "id"
    assert SOURCE.delivery_id(delivery(headers=uuids), {}) is None


def test_its_label_is_what_gitlab_sends() -> None:
    assert SOURCE.label("merge_request.open") == {"X-Gitlab-Event": "Merge Request Hook"}
    assert SOURCE.label("", "key") == {"Idempotency-Key": "key", "webhook-id": "key"}


def test_a_label_keeps_its_id_when_it_is_signed() -> None:
    assert SOURCE.delivery_id(BY_SIGNATURE.sign(delivery({}, dict(SOURCE.label("push", "key"))), NOW), {}) == "key"


PROJECT = {"project": {"id": 7, "path_with_namespace": "acme/tools/shop"}}
BY_ADA = {"user": {"name": "Ada", "username": "ada"}}
COMMIT = {"id": SHA, "added": ["a"], "modified": ["b"], "removed": []}
PUSH = {
    **PROJECT,
    "ref": "refs/heads/main",
    "after": SHA,
    "checkout_sha": SHA,
    "user_name": "Ada",
    "user_username": "ada",
    "commits": [COMMIT],
    "total_commits_count": 1,
}
WHERE = {"repo": "acme/tools/shop", "actor": "ada"}


def test_a_push_says_where_it_went_and_what_it_touched() -> None:
    assert facts(SOURCE, "push", PUSH) == {**WHERE, "branch": "main", "sha": SHA, "files": ["a", "b"]}


def test_files_are_not_told_where_gitlab_left_commits_out() -> None:
    assert "files" not in facts(SOURCE, "push", {**PUSH, "commits": [COMMIT] * 20, "total_commits_count": 21})


def test_a_deleted_branch_has_no_commit() -> None:
    payload = {**PUSH, "after": ZEROS, "checkout_sha": None, "commits": [], "total_commits_count": 0}
    assert facts(SOURCE, "push", payload) == {**WHERE, "branch": "main", "files": []}


def test_a_tag_push_has_no_branch_and_the_commit_that_the_tag_points_to() -> None:
    payload = {**PUSH, "ref": "refs/tags/v1", "after": TAG_OBJECT, "commits": [], "total_commits_count": 0}
    assert facts(SOURCE, "tag_push", payload) == {**WHERE, "tag": "v1", "sha": SHA, "files": []}


def merge_request(source_project: int | None) -> dict[str, Any]:
    return {
        "target_branch": "main",
        "source_branch": "fix",
        "target_project_id": 7,
        "source_project_id": source_project,
        "last_commit": {"id": SHA},
    }


@pytest.mark.parametrize(("source_project", "fork"), [(7, False), (8, True), (None, True)])
def test_a_merge_request_and_comments_on_it_say_where_it_comes_from(source_project: int | None, fork: bool) -> None:
    facts = {**WHERE, "branch": "main", "head_branch": "fix", "sha": SHA, "fork": fork}
    request = merge_request(source_project)
    assert SOURCE.git("merge_request.open", {**PROJECT, **BY_ADA, "object_attributes": request}) == facts
    assert SOURCE.git("note.create", {**PROJECT, **BY_ADA, "object_attributes": {"note": "hm"}, "merge_request": request}) == facts


def test_a_comment_on_a_commit_has_that_commit() -> None:
    assert SOURCE.git("note.create", {**PROJECT, **BY_ADA, "commit": {"id": SHA}}) == {**WHERE, "sha": SHA}
    assert SOURCE.git("note.create", {**PROJECT, **BY_ADA, "issue": {"iid": 1}}) == WHERE


def pipeline(ref: str, *, tag: bool = False, request: dict[str, Any] | None = None) -> dict[str, Any]:
    return {**PROJECT, **BY_ADA, "object_attributes": {"ref": ref, "tag": tag, "sha": SHA}, "merge_request": request}


def test_a_pipeline_has_its_branch_or_its_tag() -> None:
    on_branch = {**WHERE, "branch": "main", "head_branch": "main", "sha": SHA, "fork": False}
    assert SOURCE.git("pipeline.success", pipeline("main")) == on_branch
    assert SOURCE.git("pipeline.success", pipeline("main", request=merge_request(7))) == on_branch
    assert SOURCE.git("pipeline.success", pipeline("v1", tag=True)) == {**WHERE, "tag": "v1", "sha": SHA, "fork": False}


def test_the_branch_of_a_pipeline_is_unknown_where_its_head_lies_in_another_project() -> None:
    facts = SOURCE.git("pipeline.success", pipeline("main", request=merge_request(8)))
    assert facts == {**WHERE, "head_branch": "main", "sha": SHA, "fork": True}


def test_a_job_has_its_branch_or_its_tag_and_none_where_it_is_a_merge_requests() -> None:
    job = {**PROJECT, **BY_ADA, "sha": SHA, "tag": False}
    assert SOURCE.git("job.failed", {**job, "ref": "main"}) == {**WHERE, "branch": "main", "head_branch": "main", "sha": SHA}
    assert SOURCE.git("job.failed", {**job, "ref": "v1", "tag": True}) == {**WHERE, "tag": "v1", "sha": SHA}
    assert SOURCE.git("job.failed", {**job, "ref": "refs/merge-requests/1/head"}) == {**WHERE, "sha": SHA}


def test_a_release_has_its_tag_and_commit() -> None:
    assert SOURCE.git("release.create", {**PROJECT, "tag": "v1", "commit": {"id": SHA}}) == {"repo": WHERE["repo"], "tag": "v1", "sha": SHA}


def test_who_was_added_to_a_group_is_not_who_did_it() -> None:
    assert SOURCE.git("user_add_to_group", {"event_name": "user_add_to_group", "user_username": "bob"}) == {}


values = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2))
keys = st.sampled_from(["object_kind", "object_attributes", "merge_request", "ref", "tag", "sha", "commits", "project", "user", "action"])


@given(
    st.sampled_from(["push", "tag_push", "merge_request", "note", "pipeline", "build", "release", "deployment"]),
    values | st.dictionaries(keys, values | st.dictionaries(keys, values, max_size=4), max_size=6),
)
def test_no_payload_crashes_type_and_facts(kind: str, payload: Any) -> None:
    shaped = {"object_kind": kind, **payload} if isinstance(payload, dict) else payload
    SOURCE.git(SOURCE.event_type(delivery(), shaped), shaped)
