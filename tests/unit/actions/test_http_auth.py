"""Tokens by client credentials: fetched once, kept until they expire, fetched again when refused."""

import base64
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from support_actions import Seen, Server, http_server, surroundings

from hookrules.actions import http_call, http_tokens
from hookrules.actions.http_request import HttpAction
from hookrules.actions.http_tokens import Grant, Tokens
from hookrules.engine.model import Outcome
from hookrules.engine.outbound.budget import Budget
from hookrules.engine.outbound.client import UNGUARDED
from hookrules.engine.outbound.failures import RequestFailed
from hookrules.engine.outbound.http_client import send

NAMES = {"secrets": {"api": "hünter 2:&="}}


@dataclass
class Issuer:
    """Gives tokens at `/token`, and takes those that it gave, and did not revoke, at `/api`."""

    server: Server
    given: list[Seen] = field(default_factory=list)
    revoked: set[str] = field(default_factory=set)
    answer: dict[str, Any] = field(default_factory=dict)
    status: int = 200

    def token(self, seen: Seen) -> tuple[int, bytes]:
        self.given.append(seen)
        token = f"token-number-{len(self.given)}"
        return self.status, json.dumps({"access_token": token, "token_type": "bearer", "expires_in": 3600} | self.answer).encode()

    def api(self, seen: Seen) -> tuple[int, bytes]:
        token = seen.headers.get("authorization", "").removeprefix("Bearer ")
        known = token.startswith("token-number-") and token not in self.revoked
        return (200, f"hello, {token}".encode()) if known else (401, b"who are you?")


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with http_server() as server:
        issuer = Issuer(server)
        server.routes = {"token": issuer.token, "api": issuer.api}
        yield issuer


@pytest.fixture(autouse=True)
def _no_tokens_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_tokens, "TOKENS", Tokens())


def call(issuer: Issuer, timeout: float = 20.0, **oauth: str) -> Outcome:
    written = {"token_url": f"{issuer.server.url}/token", "client_id": "hooks", "client_secret": "{{ secrets.api }}", **oauth}
    fields = {"url": f"{issuer.server.url}/api", "auth": {"oauth": written}, "allow_private": True}
    return HttpAction.model_validate(fields).render(NAMES).perform(surroundings(Path("/"), timeout=timeout))


def test_a_token_is_fetched_with_basic_credentials_and_sent(issuer: Issuer) -> None:
    assert call(issuer, scope="read write", audience="https://api.example").succeeded
    (asked,) = issuer.given
    assert asked.method == "POST"
    assert dict(parse_qsl(asked.body.decode())) == {
        "grant_type": "client_credentials",
        "scope": "read write",
        "audience": "https://api.example",
    }
    pair = base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")).decode()
    assert pair == "hooks:h%C3%BCnter+2%3A%26%3D"


def test_or_with_credentials_in_the_form(issuer: Issuer) -> None:
    assert call(issuer, credentials="form").succeeded
    (asked,) = issuer.given
    assert "authorization" not in asked.headers
    form = dict(parse_qsl(asked.body.decode()))
    assert form == {"grant_type": "client_credentials", "client_id": "hooks", "client_secret": NAMES["secrets"]["api"]}


def test_a_token_is_kept(issuer: Issuer) -> None:
    for _ in range(3):
        assert call(issuer).succeeded
    assert len(issuer.given) == 1


def test_another_scope_is_another_token(issuer: Issuer) -> None:
    assert call(issuer, scope="read").succeeded
    assert call(issuer, scope="write").succeeded
    assert len(issuer.given) == 2


def test_a_kept_token_that_is_refused_is_fetched_again_once(issuer: Issuer) -> None:
    assert call(issuer).succeeded
    issuer.revoked.add("token-number-1")
    assert call(issuer).succeeded
    assert len(issuer.given) == 2


def test_a_new_token_that_is_refused_is_the_end(issuer: Issuer) -> None:
    issuer.revoked = {"token-number-1", "token-number-2", "token-number-3"}
    for given in (1, 2, 3):
        outcome = call(issuer)
        assert "answered 401" in str(outcome.error)
        assert not outcome.retryable
        assert len(issuer.given) == given


def test_the_token_does_not_reach_the_journal(issuer: Issuer) -> None:
    assert call(issuer).result["body"] == "hello, •••"


def test_nor_do_other_credentials_that_a_server_repeats() -> None:
    with http_server() as server:
        server.routes = {"echo": lambda seen: (200, seen.headers["authorization"].encode())}
        fields = {"url": f"{server.url}/echo", "allow_private": True, "auth": {"basic": {"username": "me", "password": "hunter2"}}}
        assert HttpAction.model_validate(fields).render({}).perform(surroundings(Path("/"))).result["body"] == "Basic •••"


@pytest.mark.parametrize(
    ("status", "answer", "words", "again"),
    [
        (401, {"error": "invalid_client"}, "answered 401 (invalid_client)", False),
        (400, {"error": "hunter2 <script>"}, "answered 400", False),
        (503, {}, "answered 503", True),
        (200, {"access_token": None}, "holds no bearer token", False),
        (200, {"access_token": "a\nb"}, "holds no bearer token", False),
        (200, {"access_token": ""}, "holds no bearer token", False),
        (200, {"token_type": "mac"}, "holds no bearer token", False),
    ],
)
def test_why_there_is_no_token_is_told(issuer: Issuer, status: int, answer: dict[str, Any], words: str, again: bool) -> None:
    issuer.status, issuer.answer = status, answer
    outcome = call(issuer)
    assert f"no token from {issuer.server.url}: " in str(outcome.error)
    assert str(outcome.error).endswith(words)
    assert "hunter2" not in str(outcome.error)
    assert outcome.retryable is again
    assert [seen.path for seen in issuer.server.seen] == ["/token"]


def test_tokens_are_fetched_through_the_guard_too(issuer: Issuer) -> None:
    fields = {
        "url": "https://e.example/",
        "auth": {"oauth": {"token_url": f"{issuer.server.url}/token", "client_id": "a", "client_secret": "b"}},
    }
    outcome = HttpAction.model_validate(fields).render({}).perform(surroundings(Path("/")))
    assert "a loopback address" in str(outcome.error)
    assert not outcome.retryable
    assert issuer.server.seen == []


def test_a_token_and_its_request_share_one_time(issuer: Issuer) -> None:
    fields = {
        "url": f"{issuer.server.url}/api",
        "timeout": "200ms",
        "auth": {"oauth": {"token_url": f"{issuer.server.url}/drip", "client_id": "a", "client_secret": "b"}},
        "allow_private": True,
    }
    assert "within 0.2 s" in str(HttpAction.model_validate(fields).render({}).perform(surroundings(Path("/"))).error)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("expires_in", "kept", "over"),
    [
        (3600, 3569, 3571),
        ("3600", 3569, 3571),
        (100, 89, 91),
        (None, 269, 271),
        ("soon", 269, 271),
        (10**9, 86_000, 86_400),
        (0, 0, 0),
        (-5, 0, 0),
    ],
)
def test_a_token_is_kept_until_shortly_before_it_expires(issuer: Issuer, expires_in: object, kept: float, over: float) -> None:
    issuer.answer = {"expires_in": expires_in}
    clock = Clock()
    tokens = Tokens(clock)
    grant = Grant(f"{issuer.server.url}/token", "hooks", "secret")

    def token() -> tuple[str, bool]:
        return tokens.token(grant, lambda request: send(request, Budget.of(10), UNGUARDED), Budget.of(10))

    assert token() == ("token-number-1", False)
    clock.now += kept
    assert token() == (("token-number-1", True) if kept else ("token-number-2", False))
    clock.now += over - kept
    assert not token()[1]


def test_requests_at_once_fetch_one_token(issuer: Issuer) -> None:
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda _: call(issuer), range(24)))
    assert all(outcome.succeeded for outcome in outcomes)
    assert len(issuer.given) == 1


def test_who_waits_for_a_token_waits_no_longer_than_it_may() -> None:
    tokens, released, begun = Tokens(), threading.Event(), threading.Event()
    grant = Grant("https://e.example/token", "hooks", "secret")

    def stuck(_request: object) -> Any:
        begun.set()
        released.wait(20)
        raise RequestFailed("at last")

    with ThreadPoolExecutor(1) as other:
        fetching = other.submit(tokens.token, grant, stuck, Budget.of(20))
        begun.wait(20)
        with pytest.raises(RequestFailed, match=r"within 0\.1 s"):
            tokens.token(grant, stuck, Budget.of(0.1))
        released.set()
        assert isinstance(fetching.exception(), RequestFailed)


def test_no_secret_is_described(issuer: Issuer) -> None:
    oauth = {"token_url": "https://e.example/token", "client_id": "hooks", "client_secret": "{{ secrets.api }}", "scope": "read"}
    rendered = HttpAction.model_validate({"url": "https://e.example/", "auth": {"oauth": oauth}}).render(NAMES)
    assert rendered.describe()["auth"] == {"oauth": {"token_url": "https://e.example/token", "client_id": "hooks", "scope": "read"}}
    assert NAMES["secrets"]["api"] not in f"{rendered!r}"
    assert isinstance(rendered, http_call.HttpCall)
