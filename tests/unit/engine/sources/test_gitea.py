import pytest
from support_forges import NOW, SHA, TAG_OBJECT, ZEROS, delivery, facts, forged_bodies, forged_headers, proves, vectors

from hookrules.engine.sources.gitea import PROVIDER, Gitea
from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.source import Verifier


def verifier_of(*secrets: str) -> Verifier:
    assert PROVIDER.verifier is not None
    return PROVIDER.verifier(Credentials(secrets))


VERIFIER = verifier_of("secret of gitea")
SOURCE = Gitea("forge", VERIFIER)
WHERE = {"repository": {"full_name": "acme/shop"}, "sender": {"login": "ada"}}
COMMIT = {"id": SHA, "added": ["a"], "removed": [], "modified": ["b"]}


def test_what_it_signs_it_accepts_and_nothing_else() -> None:
    signed = VERIFIER.sign(delivery({"ref": "refs/heads/main"}), NOW)
    assert verifier_of("the new secret", "secret of gitea").verify(signed, NOW) == 2
    assert not any(proves(VERIFIER, forged) for forged in (*forged_bodies(signed), *forged_headers(signed, "x-gitea-signature")))
    assert not proves(verifier_of("secret of giteA"), signed)


def test_published_signatures_have_their_verdict() -> None:
    for secret, published, expected in vectors("gitea"):
        assert proves(verifier_of(secret), published) is expected


@pytest.mark.parametrize(
    ("event", "event_type_header", "action", "expected"),
    [
        ("push", "push", None, "push"),
        ("pull_request", "pull_request_sync", "synchronized", "pull_request.synchronized"),
        ("pull_request_approved", "pull_request_review_approved", "reviewed", "pull_request_approved.reviewed"),
        ("", "package", "created", "package.created"),
    ],
)
def test_the_type_is_the_event_and_its_action(event: str, event_type_header: str, action: str | None, expected: str) -> None:
    headers = {"X-Gitea-Event": event, "X-Gitea-Event-Type": event_type_header, "X-Gogs-Event": "other", "X-GitHub-Event": "other"}
    assert SOURCE.event_type(delivery(headers=headers), {"action": action}) == expected


def test_its_label_is_what_it_reads() -> None:
    labelled = delivery(headers=dict(SOURCE.label("release.published", "72d3162e")))
    assert SOURCE.event_type(labelled, {"action": "published"}) == "release.published"
    assert SOURCE.delivery_id(labelled, {}) == "72d3162e"


def test_a_push_says_where_it_went_and_what_it_touched() -> None:
    payload = {**WHERE, "ref": "refs/heads/main", "after": SHA, "commits": [COMMIT], "total_commits": 1, "head_commit": COMMIT}
    assert facts(SOURCE, "push", payload) == {"repo": "acme/shop", "actor": "ada", "branch": "main", "sha": SHA, "files": ["a", "b"]}


def test_files_are_not_told_where_gitea_left_commits_out() -> None:
    assert "files" not in facts(
        SOURCE, "push", {**WHERE, "ref": "refs/heads/main", "after": SHA, "commits": [COMMIT] * 5, "total_commits": 6}
    )


def test_a_tag_push_has_no_branch_and_the_commit_that_the_tag_points_to() -> None:
    payload = {**WHERE, "ref": "refs/tags/v1", "after": TAG_OBJECT, "head_commit": COMMIT, "commits": [], "total_commits": 0}
    assert facts(SOURCE, "push", payload) == {"repo": "acme/shop", "actor": "ada", "tag": "v1", "sha": SHA, "files": []}


def test_a_deleted_tag_has_no_commit() -> None:
    assert "sha" not in SOURCE.git("push", {**WHERE, "ref": "refs/tags/v1", "after": ZEROS, "head_commit": None, "commits": []})


@pytest.mark.parametrize("event", ["pull_request.opened", "pull_request_approved.reviewed", "pull_request_rejected.reviewed"])
@pytest.mark.parametrize(("head", "fork"), [({"full_name": "acme/shop"}, False), ({"full_name": "eve/shop"}, True), (None, True)])
def test_a_pull_request_and_its_reviews_say_where_it_comes_from(event: str, head: dict[str, str] | None, fork: bool) -> None:
    request = {"base": {"ref": "main", "repo": {"full_name": "acme/shop"}}, "head": {"ref": "fix", "sha": SHA, "repo": head}}
    facts = SOURCE.git(event, {**WHERE, "pull_request": request})
    assert facts == {"repo": "acme/shop", "actor": "ada", "branch": "main", "head_branch": "fix", "sha": SHA, "fork": fork}


def test_what_is_created_has_a_commit_and_ci_its_head() -> None:
    assert SOURCE.git("create", {**WHERE, "ref": "fix", "ref_type": "branch", "sha": SHA})["sha"] == SHA
    run = {"head_branch": "main", "head_sha": SHA, "head_repository": {"full_name": "acme/shop"}}
    assert SOURCE.git("workflow_run.completed", {**WHERE, "workflow_run": run})["branch"] == "main"
    assert SOURCE.git("status", {**WHERE, "sha": SHA})["sha"] == SHA
    assert SOURCE.git("release.published", {**WHERE, "release": {"tag_name": "v1"}})["tag"] == "v1"
