"""The requests of the page on `http` are sent, to a server of ours, and the page shows every field."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from support_actions import Server, http_server, surroundings
from support_docs import ENVIRON, blocks

from hookrules.actions.http_auth import OAuth
from hookrules.actions.http_bodies import Part
from hookrules.actions.http_call import HttpCall
from hookrules.actions.http_clients import HttpClient
from hookrules.actions.http_request import HttpAction
from hookrules.engine.config.yaml_nodes import plain
from hookrules.engine.config.yaml_reader import read_text

NAMES: dict[str, Any] = {
    "payload": {"after": "12345e7", "commits": []},
    "git": {"branch": "main", "repo": "acme/shop", "actor": "ann"},
    "header": {"content-type": "application/json"},
    "secrets": {"chat_url": "https://chat.example.com/a-long-secret", "partner_signing": ENVIRON["CALLS_SECRET"]},
    "steps": {"chart": {"stdout": "iVBORw0KGgo=\n"}},
}
DOCUMENTS = [plain(read_text(block.text, str(block)).root) for block in blocks("yaml") if block.page.endswith("actions/http.md")]
STEPS = [step["http"] for document in DOCUMENTS for rule in document.get("rules", []) for step in rule["steps"] if "http" in step]
REQUESTS: list[dict[str, Any]] = [step if isinstance(step, dict) else {"url": step} for step in STEPS]


@pytest.fixture
def server() -> Iterator[Server]:
    with http_server() as running:
        running.routes["oauth"] = lambda _: (200, json.dumps({"access_token": "a-token"}).encode())
        yield running


def here(url: str, server: Server) -> str:
    parts = urlsplit(url)
    return f"{server.url}{parts.path}" + (f"?{parts.query}" if parts.query else "")


def sent_here(call: HttpCall, server: Server) -> HttpCall:
    grant = call.grant and replace(call.grant, token_url=here(call.grant.token_url, server))
    return replace(call, url=here(call.url, server), grant=grant, client=None, allow_private=True)


@pytest.mark.parametrize("fields", REQUESTS, ids=[request["url"] for request in REQUESTS])
def test_a_request_of_the_page_is_sent(server: Server, fields: Mapping[str, Any]) -> None:
    call = HttpAction.model_validate(fields).render(NAMES)
    outcome = sent_here(call, server).perform(surroundings(Path("/"), body=b'{"after": "12345e7"}'))
    assert outcome.succeeded, outcome.error
    assert server.seen[-1].method == call.method


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def test_the_page_shows_every_field() -> None:
    shown = set(keys(DOCUMENTS))
    models = (HttpAction, Part, OAuth, HttpClient)
    known = {field.alias or name for model in models for name, field in model.model_fields.items()}
    assert known - shown == set()
