from typing import Any
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace
from support_forges import NOW, SHA, delivery, facts, forged_bodies, forged_headers, proves, vectors

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.gogs import PROVIDER, Gogs, PayloadSignature
from hookrules.engine.sources.provider import Credentials

SIGNATURE = PayloadSignature.of_brand("Gogs", Credentials(("secret of gogs",)))
SOURCE = Gogs("forge", SIGNATURE)
SIGNED = SIGNATURE.sign(delivery({"ref": "refs/heads/main"}), NOW)


def test_what_it_signs_it_accepts_and_nothing_else() -> None:
    assert proves(SIGNATURE, SIGNED)
    assert not any(proves(SIGNATURE, forged) for forged in (*forged_bodies(SIGNED), *forged_headers(SIGNED, "x-gogs-signature")))
    assert not proves(PayloadSignature.of_brand("Gogs", Credentials(("secret of gogS",))), SIGNED)


def test_the_second_of_two_secrets_is_told_to_have_proved_it() -> None:
    assert PayloadSignature.of_brand("Gogs", Credentials(("the new secret", "secret of gogs"))).verify(SIGNED, NOW) == 2


def test_published_signatures_have_their_verdict() -> None:
    for secret, published, expected in vectors("gogs"):
        assert proves(PayloadSignature.of_brand("Gogs", Credentials((secret,))), published) is expected


def form(fields: Any, content_type: str = "application/x-www-form-urlencoded") -> Delivery:
    headers = {**SIGNED.headers, "content-type": (content_type,)}
    return replace(SIGNED, body=urlencode(fields).encode(), headers=headers)


def test_a_form_is_proven_by_the_payload_in_it() -> None:
    assert proves(SIGNATURE, form({"payload": SIGNED.body}))
    assert proves(SIGNATURE, form({"payload": SIGNED.body}, "application/x-www-form-urlencoded; charset=UTF-8"))
    assert not proves(SIGNATURE, form({"payload": SIGNED.body.replace(b"main", b"evil")}))


@pytest.mark.parametrize(
    "other",
    [
        form([("payload", SIGNED.body), ("payload", '{"ref":"refs/heads/evil"}')]),
        form([("payload", SIGNED.body), ("ref", "refs/heads/evil")]),
        form({"payload": SIGNED.body}, "application/x-www-form-urlencoded; charset=utf-16"),
        form({"other": SIGNED.body}),
        form({}),
        replace(form({}), body=b"payload=\xff"),
    ],
)
def test_a_form_that_holds_more_than_was_signed_is_refused(other: Delivery) -> None:
    with pytest.raises(Unproven, match="field payload"):
        SIGNATURE.verify(other, NOW)


def test_type_and_delivery_id_stand_in_its_headers() -> None:
    headers = {"X-Gogs-Event": "pull_request", "X-Gogs-Delivery": "f6266f16"}
    assert SOURCE.event_type(delivery(headers=headers), {"action": "opened"}) == "pull_request.opened"
    assert SOURCE.delivery_id(delivery(headers=headers), {}) == "f6266f16"
    assert SOURCE.event_type(delivery(), {"action": "opened"}) == ""
    assert SOURCE.delivery_id(delivery(), {}) is None


def test_its_label_is_what_it_reads() -> None:
    labelled = delivery(headers=dict(SOURCE.label("issues.opened", "f6266f16")))
    assert SOURCE.event_type(labelled, {"action": "opened"}) == "issues.opened"
    assert SOURCE.delivery_id(labelled, {}) == "f6266f16"


WHERE = {"repository": {"full_name": "acme/shop"}, "sender": {"login": "ada"}}
COMMIT = {"id": SHA, "added": ["a"], "removed": None, "modified": ["b"]}


def test_a_push_says_where_it_went_and_what_it_touched() -> None:
    payload = {**WHERE, "ref": "refs/heads/main", "after": SHA, "commits": [COMMIT]}
    assert facts(SOURCE, "push", payload) == {"repo": "acme/shop", "actor": "ada", "branch": "main", "sha": SHA, "files": ["a", "b"]}


def test_files_are_not_told_where_gogs_may_have_left_commits_out() -> None:
    assert "files" not in facts(SOURCE, "push", {**WHERE, "ref": "refs/heads/main", "after": SHA, "commits": [COMMIT] * 5})


@pytest.mark.parametrize(("head", "fork"), [("acme/shop", False), ("eve/shop", True), ("", True)])
def test_a_pull_request_says_where_it_comes_from(head: str, fork: bool) -> None:
    request = {
        "base_branch": "main",
        "head_branch": "fix",
        "base_repo": {"full_name": "acme/shop"},
        "head_repo": {"name": "deleted", "full_name": head},
    }
    facts = SOURCE.git("pull_request.opened", {**WHERE, "pull_request": request})
    assert facts == {"repo": "acme/shop", "actor": "ada", "branch": "main", "head_branch": "fix", "fork": fork}


def test_a_tag_is_created_with_its_commit_and_deleted_without() -> None:
    assert SOURCE.git("create", {**WHERE, "ref": "v1", "ref_type": "tag", "sha": SHA})["sha"] == SHA
    assert SOURCE.git("delete", {**WHERE, "ref": "v1", "ref_type": "tag"}) == {"repo": "acme/shop", "actor": "ada", "tag": "v1"}


def test_the_provider_makes_this_verifier() -> None:
    assert PROVIDER.verifier is not None
    assert PROVIDER.verifier(Credentials(("secret of gogs",))) == SIGNATURE
