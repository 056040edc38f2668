from msgspec.structs import replace
from support_forges import NOW, SHA, delivery, facts, forged_bodies, forged_headers, proves

from hookrules.engine.model import Delivery
from hookrules.engine.sources.forgejo import Forgejo, ForgejoSignature
from hookrules.engine.sources.provider import Credentials

SIGNATURE = ForgejoSignature.of(Credentials(("secret of forgejo",)))
SOURCE = Forgejo("forge", SIGNATURE)
SIGNED = SIGNATURE.sign(delivery({"ref": "refs/heads/main"}), NOW)


def without_own_signature(signed: Delivery) -> Delivery:
    """As an old version sends it."""
    return replace(signed, headers={name: values for name, values in signed.headers.items() if name != "x-forgejo-signature"})


def test_what_it_signs_it_accepts_and_nothing_else() -> None:
    assert proves(SIGNATURE, SIGNED)
    assert not any(proves(SIGNATURE, forged) for forged in forged_bodies(SIGNED))
    assert not proves(ForgejoSignature.of(Credentials(("secret of forgejO",))), SIGNED)


def test_an_old_version_proves_itself_with_giteas_signature_alone() -> None:
    old = without_own_signature(SIGNED)
    assert proves(SIGNATURE, old)
    assert not any(proves(SIGNATURE, forged) for forged in (*forged_bodies(old), *forged_headers(old, "x-gitea-signature")))


def test_a_wrong_signature_of_its_own_is_not_saved_by_giteas() -> None:
    *wrong, missing = forged_headers(SIGNED, "x-forgejo-signature")
    assert not any(proves(SIGNATURE, forged) for forged in wrong)
    assert missing == without_own_signature(SIGNED)


def test_the_second_of_two_secrets_is_told_to_have_proved_it() -> None:
    assert ForgejoSignature.of(Credentials(("the new secret", "secret of forgejo"))).verify(SIGNED, NOW) == 2


def test_type_and_delivery_id_are_its_own_or_else_giteas() -> None:
    giteas = {"X-Gitea-Event": "push", "X-Gitea-Delivery": "giteas"}
    own = {**giteas, "X-Forgejo-Event": "pull_request", "X-Forgejo-Delivery": "own"}
    assert SOURCE.event_type(delivery(headers=own), {"action": "opened"}) == "pull_request.opened"
    assert SOURCE.delivery_id(delivery(headers=own), {}) == "own"
    assert SOURCE.event_type(delivery(headers=giteas), {}) == "push"
    assert SOURCE.delivery_id(delivery(headers=giteas), {}) == "giteas"


def test_its_label_names_both() -> None:
    assert SOURCE.label("pull_request.opened", "own") == {
        "X-Forgejo-Event": "pull_request",
        "X-Forgejo-Delivery": "own",
        "X-Gitea-Event": "pull_request",
        "X-Gitea-Delivery": "own",
    }


def test_a_push_has_the_facts_that_gitea_gives() -> None:
    payload = {
        "repository": {"full_name": "acme/shop"},
        "sender": {"login": "ada"},
        "ref": "refs/heads/main",
        "after": SHA,
        "commits": [{"added": ["a"], "removed": [], "modified": []}],
        "total_commits": 1,
    }
    assert facts(SOURCE, "push", payload) == {"repo": "acme/shop", "actor": "ada", "branch": "main", "sha": SHA, "files": ["a"]}


def test_a_run_says_its_commit_and_whether_it_is_a_forks() -> None:
    run = {
        "repository": {"full_name": "acme/shop"},
        "trigger_user": {"login": "ada"},
        "prettyref": "main",
        "commit_sha": SHA,
        "is_fork_pull_request": True,
    }
    facts = SOURCE.git("action_run_failure.failure", {"action": "failure", "run": run, "prior_status": "running"})
    assert facts == {"repo": "acme/shop", "actor": "ada", "sha": SHA, "fork": True}
