"""Statuses of commits, as each forge's API takes them."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support_actions import Handler, Server, http_server, surroundings
from support_corpus import each_hostile

from hookrules.actions.action import target_of
from hookrules.actions.forge import Forge
from hookrules.actions.status import StatusAction, StatusCall
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Failure, FailureKind, Outcome, RunState
from hookrules.engine.secret import Vault

SHA = "0123456789abcdef0123456789abcdef01234567"
NAMES: dict[str, Any] = {
    "git": {"repo": "acme/shop", "sha": SHA},
    "rule": {"name": "deploy"},
    "run": {"id": "run_1", "rule": "deploy", "url": "https://console.example.com/runs/run_1"},
    "payload": None,
}


@pytest.fixture
def server() -> Iterator[Server]:
    with http_server() as running:
        yield running


def forge(**fields: Any) -> Forge:
    return Forge.model_validate({"token": "a long token", "allow_private": True, **fields}, context={"vault": Vault({}, Path())})


def call(fields: dict[str, Any], payload: Any = None, **names: Any) -> StatusCall:
    return StatusAction.model_validate({"forge": "f", **fields}).render({**NAMES, "payload": payload, **names})


def send(where: Forge, told: StatusCall | None, **around: Any) -> Outcome:
    assert told is not None
    return told.perform(surroundings(Path("/"), services={"forges": {"f": where}}, **around))


@pytest.mark.parametrize(
    ("kind", "path", "header", "document"),
    [
        (  # GitHub REST API, "Create a commit status"
            "github",
            f"/api/v3/repos/acme/shop/statuses/{SHA}",
            ("authorization", "Bearer a long token"),
            {
                "state": "pending",
                "context": "hookrules/deploy",
                "description": "running",
                "target_url": "https://console.example.com/runs/run_1",
            },
        ),
        (  # GitLab, Commits API, "Set commit pipeline status"
            "gitlab",
            f"/api/v4/projects/acme%2Fshop/statuses/{SHA}",
            ("private-token", "a long token"),
            {
                "state": "running",
                "context": "hookrules/deploy",
                "description": "running",
                "target_url": "https://console.example.com/runs/run_1",
            },
        ),
        (  # Gitea API, "Create a commit status"
            "gitea",
            f"/api/v1/repos/acme/shop/statuses/{SHA}",
            ("authorization", "token a long token"),
            {
                "state": "pending",
                "context": "hookrules/deploy",
                "description": "running",
                "target_url": "https://console.example.com/runs/run_1",
            },
        ),
        (  # Forgejo speaks Gitea's
            "forgejo",
            f"/api/v1/repos/acme/shop/statuses/{SHA}",
            ("authorization", "token a long token"),
            {
                "state": "pending",
                "context": "hookrules/deploy",
                "description": "running",
                "target_url": "https://console.example.com/runs/run_1",
            },
        ),
        (  # Bitbucket Cloud REST API, "Create a build status for a commit"
            "bitbucket",
            f"/2.0/repositories/acme/shop/commit/{SHA}/statuses/build",
            ("authorization", "Bearer a long token"),
            {
                "key": "hookrules/deploy",
                "name": "hookrules/deploy",
                "state": "INPROGRESS",
                "description": "running",
                "url": "https://console.example.com/runs/run_1",
            },
        ),
    ],
)
def test_a_status_has_the_shape_of_its_forge(
    server: Server, kind: str, path: str, header: tuple[str, str], document: dict[str, str]
) -> None:
    outcome = send(forge(kind=kind, url=server.url), call({}))
    assert (outcome.error, outcome.result) == (None, {"status": "pending"})
    (seen,) = server.seen
    assert (seen.method, seen.path, json.loads(seen.body)) == ("POST", path, document)
    assert seen.headers[header[0]] == header[1]
    assert seen.headers["content-type"] == "application/json"


STATES = ("pending", "success", "failure", "error", "cancelled")


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("github", ("pending", "success", "failure", "error", "error")),
        ("gitlab", ("running", "success", "failed", "failed", "canceled")),
        ("gitea", ("pending", "success", "failure", "error", "error")),
        ("bitbucket", ("INPROGRESS", "SUCCESSFUL", "FAILED", "FAILED", "STOPPED")),
    ],
)
def test_each_state_has_the_forge_s_own_word(server: Server, kind: str, told: tuple[str, ...]) -> None:
    for state in STATES:
        assert send(forge(kind=kind, url=server.url), call({"state": "{{ payload }}"}, state)).result == {"status": state}
    assert tuple(json.loads(seen.body)["state"] for seen in server.seen) == told


@pytest.mark.parametrize(
    ("state", "told", "words"),
    [
        (RunState.SUCCEEDED, "success", "succeeded"),
        (RunState.FAILED, "failure", "failed at build"),
        (RunState.DEAD, "failure", "failed at build"),
        (RunState.CANCELLED, "cancelled", "cancelled"),
    ],
)
def test_the_end_of_a_run_is_told_without_the_error_s_text(state: RunState, told: str, words: str) -> None:
    names = {**NAMES, "failed": {"step": "build", "error": "a secret"}} if told == "failure" else NAMES
    concluded = StatusAction.model_validate({"forge": "f"}).conclusion(names, state)
    assert concluded is not None
    assert (concluded.report.state, concluded.report.description) == (told, words)


def test_a_state_of_the_rule_s_own_is_told_once() -> None:
    action = StatusAction.model_validate({"forge": "f", "state": "success"})
    assert action.render(NAMES).report.state == "success"
    assert action.conclusion(NAMES, RunState.DEAD) is None


def test_without_a_console_there_is_no_link_but_where_the_forge_wants_one(server: Server) -> None:
    run = {"id": "run_1", "rule": "deploy"}
    for kind in ("github", "bitbucket"):
        assert send(forge(kind=kind, url=server.url), call({}, run=run)).succeeded
    github, bitbucket = (json.loads(seen.body) for seen in server.seen)
    assert "target_url" not in github
    assert bitbucket["url"] == f"{server.url}/acme/shop/commits/{SHA}"


@each_hostile
def test_a_hostile_value_is_text_of_the_status_and_changes_no_path(server: Server, value: str) -> None:
    assert send(forge(kind="gitea", url=server.url), call({"description": "{{ payload }}"}, value)).succeeded
    (seen,) = server.seen
    assert seen.path == f"/api/v1/repos/acme/shop/statuses/{SHA}"
    told = json.loads(seen.body)["description"]
    assert told == (value if len(value) <= 255 else f"{value[:254]}…")


@pytest.mark.parametrize(
    "repo", ["acme/../admin", "acme", "../..", "acme/shop?x=", "acme/shop#", "a b/c", "acme/shop/../../x", "acme/%2e%2e"]
)
def test_no_value_names_another_place_of_the_api(repo: str) -> None:
    with pytest.raises(TemplateError):
        call({}, git={"repo": repo, "sha": SHA})


@pytest.mark.parametrize("sha", ["main", SHA[:7], f"{SHA}/../x", "", None])
def test_a_status_is_of_a_whole_sha(sha: str | None) -> None:
    with pytest.raises(TemplateError):
        call({}, git={"repo": "acme/shop", "sha": sha})


def test_an_event_without_a_commit_says_what_is_missing() -> None:
    with pytest.raises(TemplateError, match=r"git\.repo"):
        call({}, git={})


def test_groups_in_groups_are_one_project_of_gitlab(server: Server) -> None:
    send(forge(kind="gitlab", url=server.url), call({"repo": "a/b/c"}))
    assert server.seen[0].path.startswith("/api/v4/projects/a%2Fb%2Fc/statuses/")


def test_bitbucket_takes_a_user_and_a_short_key(server: Server) -> None:
    context = "a context that is longer than bitbucket takes as a key"
    send(forge(kind="bitbucket", url=server.url, username="ann@example.com"), call({"context": context}))
    (seen,) = server.seen
    told = json.loads(seen.body)
    assert (len(told["key"]), told["name"]) == (40, context)
    assert base64.b64decode(seen.headers["authorization"].removeprefix("Basic ")) == b"ann@example.com:a long token"


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        ("github", "https://api.github.com/repos/acme/shop/"),
        ("gitlab", "https://gitlab.com/api/v4/projects/acme%2Fshop/"),
        ("bitbucket", "https://api.bitbucket.org/2.0/repositories/acme/shop/"),
    ],
)
def test_a_forge_that_has_one_place_needs_no_url(kind: str, base: str) -> None:
    from hookrules.actions.forge_statuses import POSTS

    assert POSTS[kind](forge(kind=kind).access, call({}).report).url.startswith(base)


@pytest.mark.parametrize(("status", "again"), [(401, False), (404, False), (422, False), (429, True), (500, True)])
def test_a_refusal_is_tried_again_only_where_that_can_help(server: Server, status: int, again: bool) -> None:
    outcome = send(forge(kind="github", url=f"{server.url}/status/{status}"), call({}))
    assert (outcome.succeeded, outcome.retryable, outcome.result) == (False, again, {})
    assert outcome.failure == Failure(FailureKind.STATUS, status)
    assert str(outcome.error).startswith("f: POST http://127.0.0.1")
    assert "a long token" not in str(outcome.error)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": "No commit found for SHA"}, "(No commit found for SHA)"),
        ({"error": {"message": "Bad key"}}, "(Bad key)"),
        ({"message": {"name": ["is too long"]}}, ""),
        ([], ""),
    ],
)
def test_what_the_forge_says_is_passed_on(server: Server, monkeypatch: pytest.MonkeyPatch, body: Any, words: str) -> None:
    answer(monkeypatch, 422, body)
    outcome = send(forge(kind="github", url=server.url), call({}))
    assert str(outcome.error).endswith(f"answered 422 {words}".rstrip())


def test_gitlab_s_refusal_of_the_same_state_again_is_a_success(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, 400, {"message": 'Cannot transition status via :run from :running (Reason(s): Status cannot transition via "run")'})
    assert send(forge(kind="gitlab", url=server.url), call({})).succeeded


def answer(monkeypatch: pytest.MonkeyPatch, status: int, body: Any) -> None:
    """What the server says to paths that it does not know."""
    monkeypatch.setattr(
        Handler, "answer_ok", lambda handler: handler.reply(status, json.dumps(body).encode(), Content_Type="application/json")
    )


def test_statuses_of_one_forge_share_a_breaker() -> None:
    assert target_of(call({}), {}) == target_of(call({"state": "success"}), {}) == "forge f"


def test_the_guard_holds_for_forges_too(server: Server) -> None:
    with pytest.raises(ValueError, match="allow_private: true"):
        forge(kind="gitea", url=server.url, allow_private=False)
    outcome = send(forge(kind="gitea", url=server.url.replace("http:", "https:"), allow_private=False), call({}))
    assert "loopback" in str(outcome.error)
    assert server.seen == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "gitea"}, "needs a 'url'"),
        ({"kind": "github", "username": "x"}, "is for Bitbucket"),
        ({"kind": "sourcehut"}, "github"),
        ({"kind": "github", "url": "https://user:pass@example.com"}, "without a password"),
        ({"kind": "github", "url": "https://example.com/"}, "without a / at its end"),
        ({"kind": "github", "url": "https://example.com?x"}, "where people open it"),
    ],
)
def test_a_forge_that_can_not_be_reached_does_not_load(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        forge(**fields)


@pytest.mark.parametrize("fields", [{"state": "done"}, {"sha": "abc"}, {"repo": "acme"}, {"context": "a\nb"}])
def test_what_can_be_no_status_does_not_load(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"no state|no full sha|no name|line break"):
        StatusAction.model_validate({"forge": "f", **fields})
