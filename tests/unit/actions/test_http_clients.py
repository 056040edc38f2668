"""Section `clients` of hookrules.yaml, and the requests that leave as it says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from support_actions import Server, http_server, surroundings
from support_proxy import proxy
from support_tls import issued, server_context, write_files

from hookrules.actions.http_clients import HttpClient
from hookrules.actions.http_request import HttpAction
from hookrules.engine.model import Outcome
from hookrules.engine.secret import Placeholders, Vault


def load(folder: Path, **fields: Any) -> HttpClient:
    return HttpClient.model_validate(fields, context={"vault": Vault({"PASSWORD": "hunter2"}, folder)})


def ask(url: str, folder: Path, clients: dict[str, HttpClient], **fields: Any) -> Outcome:
    action = HttpAction.model_validate({"url": url, **fields})
    return action.render({}).perform(surroundings(folder, services={"clients": clients}))


@pytest.fixture
def server() -> Iterator[Server]:
    with http_server() as running:
        yield running


@pytest.mark.parametrize("allowed", ["127.0.0.1", "127.0.0.0/8", "localhost", "*.localhost", "LOCALHOST."])
def test_what_a_client_allows_is_reached(server: Server, tmp_path: Path, allowed: str) -> None:
    host = "127.0.0.1" if allowed[0] == "1" else "a.localhost" if allowed[0] == "*" else "localhost"
    clients = {"inner": load(tmp_path, allow=[allowed])}
    assert ask(f"http://{host}:{server.port}/", tmp_path, clients, client="inner").succeeded
    assert "a loopback address" in str(
        ask(f"http://127.0.0.2:{server.port}/", tmp_path, {"inner": load(tmp_path, allow=["127.0.0.1"])}).error
    )


def test_default_holds_for_steps_that_name_no_client(server: Server, tmp_path: Path) -> None:
    clients = {"default": load(tmp_path, allow=["127.0.0.1"]), "other": load(tmp_path)}
    assert ask(server.url, tmp_path, clients).succeeded
    outcome = ask(server.url, tmp_path, clients, client="other")
    assert "allow_private" in str(outcome.error)
    assert len(server.seen) == 1


def test_what_is_allowed_holds_on_the_address_that_a_redirect_leads_to(server: Server, tmp_path: Path) -> None:
    server.elsewhere = f"http://127.0.0.2:{server.port}/ok"
    outcome = ask(f"{server.url}/elsewhere", tmp_path, {"default": load(tmp_path, allow=["127.0.0.1"])}, follow_redirects=True)
    assert "127.0.0.2 is a loopback address" in str(outcome.error)
    assert len(server.seen) == 1


def test_a_client_that_is_gone_since_the_rule_was_loaded_is_told(server: Server, tmp_path: Path) -> None:
    outcome = ask(server.url, tmp_path, {}, client="gone")
    assert "there is no 'gone' under 'clients'" in str(outcome.error)
    assert not outcome.retryable


def test_a_client_s_certificate_and_authority_are_used(tmp_path: Path) -> None:
    write_files(tmp_path, "hooks.example")
    (tmp_path / "hooks.example.key").write_bytes(issued("hooks.example").key_pem("hunter2"))
    fields = {"ca": "ca.pem", "certificate": "hooks.example.pem", "key": "hooks.example.key", "key_password": {"env": "PASSWORD"}}
    with http_server(server_context(tmp_path, ask_for_certificate=True)) as partner:
        assert ask(partner.url, tmp_path, {"partner": load(tmp_path, **fields)}, client="partner", allow_private=True).succeeded
        assert partner.seen[0].certificate == "hooks.example"


def test_a_client_s_proxy_is_used(server: Server, tmp_path: Path) -> None:
    with proxy() as proxied:
        proxied.known = "me:hunter2"
        fields = {"proxy": proxied.url, "proxy_user": "me", "proxy_password": {"env": "PASSWORD"}, "allow_proxy": True}
        assert ask(server.url, tmp_path, {"default": load(tmp_path, **fields)}, allow_private=True).succeeded
        assert proxied.asked == [f"GET {server.url}/ HTTP/1.1"]


def test_proxies_of_the_environment_are_not_used(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy() as proxied:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxied.url)
        assert ask(server.url, tmp_path, {}, allow_private=True).succeeded
        assert proxied.asked == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"allow": ["10.1.0.7/16"]}, "write 10.1.0.0/16 for all of it"),
        ({"allow": ["10.1.0.0/33"]}, "neither an address"),
        ({"allow": ["https://api.internal"]}, "neither an address"),
        ({"allow": ["api.internal:8080"]}, "neither an address"),
        ({"allow": ["*"]}, "neither an address"),
        ({"allow": [""]}, "neither an address"),
        ({"proxy": "http://proxy.example:3128"}, "allow_proxy: true"),
        ({"proxy": "proxy.example:3128", "allow_proxy": True}, "begins with https:// or http://"),
        ({"proxy": "socks5://proxy.example:1080", "allow_proxy": True}, "begins with https:// or http://"),
        ({"proxy": "http://me:hunter2@proxy.example:3128", "allow_proxy": True}, "proxy_user"),
        ({"proxy": "http://proxy.example:3128/path", "allow_proxy": True}, "without a path"),
        ({"proxy_user": "me"}, "'proxy_user' does nothing without 'proxy'"),
        ({"key": "a.key"}, "'key' does nothing without 'certificate'"),
        ({"certificate": "gone.pem"}, "no such file"),
        ({"ca": "broken.pem"}, "can't be used"),
        ({"certificate": "a.pem", "key": "b.key"}, "do not belong together"),
        ({"certificate": "broken.pem"}, "can't be used"),
        ({"nonsense": 1}, "Extra inputs"),
    ],
)
def test_a_bad_client_is_refused_at_load(fields: dict[str, Any], words: str, tmp_path: Path) -> None:
    (tmp_path / "broken.pem").write_text("nonsense")
    write_files(tmp_path, "a")
    write_files(tmp_path, "b")
    with pytest.raises(ValidationError) as told:
        load(tmp_path, **fields)
    assert words in str(told.value.errors()[0]["msg"])
    assert "hunter2" not in str(told.value.errors()[0]["msg"])


def test_where_no_secrets_are_there_no_certificates_need_to_be(tmp_path: Path) -> None:
    """`validate` in a pipeline of others."""
    HttpClient.model_validate({"certificate": "gone.pem", "ca": "gone.pem"}, context={"vault": Placeholders(tmp_path)})


def test_a_client_shows_no_secret(tmp_path: Path) -> None:
    made = load(tmp_path, proxy="http://proxy.example:3128", proxy_user="me", proxy_password={"env": "PASSWORD"}, allow_proxy=True)
    assert "hunter2" not in f"{made!r}{made.made(tmp_path, made.reach())!r}"
