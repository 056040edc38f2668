"""`hookrules send` to a server that runs: each forge's delivery is proven, named and read as that forge sends it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from serving import CONFIG, SECRET, Server, project, serving
from support_cli import hookrules

SIGNING_TOKEN = "whsec_dHdlbnR5LWZvdXIgYnl0ZXMgb2YgYSBrZXk="
FORGES = (
    CONFIG
    + f"""
  gitlab: {{provider: gitlab, secret: {SECRET}}}
  gitlab-signed: {{provider: gitlab, secret: [{SIGNING_TOKEN}, {SECRET}]}}
  bitbucket: {{provider: bitbucket, secret: {SECRET}}}
  gitea: {{provider: gitea, secret: {SECRET}}}
  forgejo: {{provider: forgejo, secret: {SECRET}}}
  gogs: {{provider: gogs, secret: {SECRET}}}
"""
)
RULES = """
rules:
  - name: on-main
    on: ["*.push", bitbucket.repo.push, bitbucket.repo.refs_changed]
    when: [git.repo == acme/shop, git.branch == main, git.actor == ada]
    steps: [{log: "{{ git.sha }}"}]
  - name: on-request
    on: [gitlab.merge_request.open, "*.pull_request.opened", bitbucket.pr.opened]
    when: [git.branch == main, not git.fork]
    steps: [{log: "{{ git.head_branch }}"}]
"""
GITHUBS_PUSH = {"ref": "refs/heads/main", "after": "c0ffee", "repository": {"full_name": "acme/shop"}, "sender": {"login": "ada"}}
GITHUBS_REQUEST = {
    "action": "opened",
    "pull_request": {
        "base": {"ref": "main", "repo": {"full_name": "acme/shop"}},
        "head": {"ref": "fix", "repo": {"full_name": "acme/shop"}},
    },
}
GITLABS_PUSH = {
    "object_kind": "push",
    "ref": "refs/heads/main",
    "after": "c0ffee",
    "project": {"path_with_namespace": "acme/shop"},
    "user_username": "ada",
}
GITLABS_REQUEST = {
    "object_kind": "merge_request",
    "object_attributes": {
        "action": "open",
        "target_branch": "main",
        "source_branch": "fix",
        "target_project_id": 7,
        "source_project_id": 7,
    },
}
CLOUDS_PUSH: dict[str, Any] = {
    "push": {"changes": [{"new": {"type": "branch", "name": "main", "target": {"hash": "c0ffee"}}}]},
    "repository": {"full_name": "acme/shop"},
    "actor": {"nickname": "ada"},
}
SERVERS_REQUEST = {
    "eventKey": "pr:opened",
    "pullRequest": {
        side: {"id": f"refs/heads/{branch}", "repository": {"slug": "shop", "project": {"key": "ACME"}}}
        for side, branch in (("toRef", "main"), ("fromRef", "fix"))
    },
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(project(tmp_path_factory.mktemp("forges"), RULES, FORGES)) as running:
        yield running


def send(server: Server, source: str, payload: Any, *options: str) -> str:
    (server.folder / "payload.json").write_text(json.dumps(payload))
    sent = hookrules("send", source, "payload.json", "--to", f"{server.hooks}/hooks/{source}", *options, folder=server.folder)
    assert sent.returncode == 0, sent.stderr
    return sent.stdout


@pytest.mark.parametrize(
    ("source", "event", "payload", "rule"),
    [
        ("github", "push", GITHUBS_PUSH, "on-main"),
        ("gitlab", "push", GITLABS_PUSH, "on-main"),
        ("gitlab-signed", "push", GITLABS_PUSH, "on-main"),
        ("gitlab", "merge_request.open", GITLABS_REQUEST, "on-request"),
        ("bitbucket", "repo.push", CLOUDS_PUSH, "on-main"),
        ("bitbucket", "pr.opened", SERVERS_REQUEST, "on-request"),
        ("gitea", "push", GITHUBS_PUSH, "on-main"),
        ("gitea", "pull_request.opened", GITHUBS_REQUEST, "on-request"),
        ("forgejo", "push", GITHUBS_PUSH, "on-main"),
        ("gogs", "push", GITHUBS_PUSH, "on-main"),
    ],
)
def test_what_is_sent_as_a_forge_does_fires_the_rule_for_it(server: Server, source: str, event: str, payload: Any, rule: str) -> None:
    assert f": {rule} (" in send(server, source, payload, "--event", event)


@pytest.mark.parametrize("source", ["gitlab", "gitlab-signed", "bitbucket", "gitea", "forgejo", "gogs"])
def test_a_delivery_that_comes_again_starts_nothing_new(server: Server, source: str) -> None:
    assert "no rule fires" in send(server, source, {}, "--delivery", "again", "--event", "test")
    assert "came before" in send(server, source, {}, "--delivery", "again", "--event", "test")


def test_a_push_of_two_branches_fires_for_the_one_that_the_rule_is_about(server: Server) -> None:
    fix = {"new": {"type": "branch", "name": "fix", "target": {"hash": "beef"}}}
    both = {**CLOUDS_PUSH, "push": {"changes": [fix, *CLOUDS_PUSH["push"]["changes"]]}}
    assert send(server, "bitbucket", both, "--event", "repo.push").count("on-main") == 1


def test_a_type_that_a_source_reads_from_the_payload_is_not_taken_from_the_command_line(server: Server) -> None:
    (server.folder / "payload.json").write_text("{}")
    sent = hookrules("send", "sensors", "payload.json", "--event", "heat", folder=server.folder)
    assert sent.returncode == 1
    assert "--event says nothing to the source sensors" in sent.stderr


def test_a_delivery_with_another_secret_is_refused(server: Server) -> None:
    status, answer = server.post("/hooks/gitlab", b"{}", {"Content-Type": "application/json", "X-Gitlab-Token": "a guess"})
    assert (status, answer) == (401, {"error": "the token in X-Gitlab-Token is not this source's"})


@pytest.mark.parametrize(("name", "hint"), [("push.json", "with --event, like --event push;"), ("other.json", "with --event;")])
def test_a_type_that_nobody_said_is_missed_aloud(server: Server, name: str, hint: str) -> None:
    (server.folder / name).write_text(json.dumps(GITHUBS_PUSH))
    to = ("--to", f"{server.hooks}/hooks/github")
    sent = hookrules("send", "github", name, *to, folder=server.folder)
    assert sent.returncode == 0
    assert f"the event has no type, so that rules on a type can't fire; say which {hint} `hookrules paths github`" in sent.stderr
    for said in (("--event", "push"), ("--header", "X-GitHub-Event: push")):
        assert "no type" not in hookrules("send", "github", name, *to, *said, folder=server.folder).stderr


def test_a_payload_that_is_of_another_type_than_was_said_is_told(server: Server) -> None:
    (server.folder / "payload.json").write_text(json.dumps(GITHUBS_REQUEST))
    for verb in (
        ("send", "github", "payload.json", "--to", f"{server.hooks}/hooks/github"),
        ("explain", "payload.json", "--source", "github"),
    ):
        said = hookrules(*verb, "--event", "pull_request.labeled", folder=server.folder).stderr
        assert "--event says pull_request.labeled, and the payload makes it pull_request.opened\n" in said
        assert "--event says" not in hookrules(*verb, "--event", "pull_request", folder=server.folder).stderr


def test_a_misspelt_type_is_told_and_sent(server: Server) -> None:
    (server.folder / "payload.json").write_text(json.dumps(GITHUBS_PUSH))
    sent = hookrules("send", "github", "payload.json", "--event", "psuh", "--to", f"{server.hooks}/hooks/github", folder=server.folder)
    assert (sent.returncode, "no github event is known as 'psuh'; did you mean 'push'?\n" in sent.stderr) == (0, True)


def test_a_type_that_the_payload_says_is_not_missed(server: Server) -> None:
    (server.folder / "payload.json").write_text('{"kind": "heat"}')
    sent = hookrules("send", "sensors", "payload.json", "--to", f"{server.hooks}/hooks/sensors", folder=server.folder)
    assert (sent.returncode, "no type" in sent.stderr) == (0, False)
