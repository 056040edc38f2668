"""Repositories as hookrules.yaml describes them."""

from pathlib import Path
from typing import Any

import pytest

from hookrules.actions.git_repository import GitUrl, Repository
from hookrules.engine.secret import Placeholders, Vault

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n"
HOST = "git.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL1b"
SSH = {"url": "git@git.example.com:acme/shop.git", "root": "/srv", "key": KEY, "known_hosts": HOST}


def described(**fields: Any) -> Repository:
    return Repository.model_validate({"root": "/srv", **fields}, context={"vault": Vault({}, Path())})


@pytest.mark.parametrize(
    ("url", "scheme", "host"),
    [
        ("https://git.example.com/acme/shop.git", "https", "git.example.com"),
        ("https://GIT.example.com:8443/acme/shop", "https", "git.example.com:8443"),
        ("https://[2001:db8::1]/x", "https", "[2001:db8::1]"),
        ("ssh://git@git.example.com:22/acme/shop", "ssh", "git.example.com:22"),
        ("ssh://git.example.com/~me/shop", "ssh", "git.example.com"),
        ("git@git.example.com:acme/shop.git", "ssh", "git.example.com"),
        ("http://127.0.0.1:8080/x", "http", "127.0.0.1:8080"),
        ("file:///srv/git/shop", "file", ""),
    ],
)
def test_a_url_tells_its_protocol_and_host(url: str, scheme: str, host: str) -> None:
    read = GitUrl.read(url)
    assert (read.scheme, read.host) == (scheme, host)


BAD_URLS = r"""-x --upload-pack=id ext::sh fd::3 git://example.com/x ftp://example.com/x /srv/git ./x ../x example.com/x
https:///x https://-x/y ssh://-oProxyCommand=id/x ssh://x@-oProxyCommand/y -x@host:y git@-oProxyCommand=id:x host:path git@host:-x
https://user@example.com/x https://user:pass@example.com/x https://example.com https://exa"mple/x https://example.com/a"b
https://example.com/x?a=b https://example.com/x#y file://host/x https://example.com/a\b https://ex%61mple.com/x"""


@pytest.mark.parametrize(
    "url", [*BAD_URLS.split(), "", "https://example.com/a b", "https://example.com/\n", "https://example.com/x\0", "git@host:x\ny"]
)
def test_what_git_could_read_as_something_else_is_no_url(url: str) -> None:
    with pytest.raises(ValueError, match="a repository's URL is"):
        GitUrl.read(url)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"url": "http://git.example.com/x"}, r"protocols: \[http\]"),
        ({"url": "file:///srv/x"}, r"protocols: \[file\]"),
        ({**SSH, "key": "my key is under the mat"}, "no private key"),
        ({**SSH, "known_hosts": "git.example.com"}, "known_hosts"),
        ({**SSH, "known_hosts": HOST + "\nProxyCommand id"}, "known_hosts"),
        ({"url": SSH["url"], "known_hosts": HOST}, "SSH needs a 'key'"),
        ({"url": SSH["url"], "key": KEY}, "SSH needs a 'key'"),
        ({**SSH, "password": "a long password"}, "is for https"),
        ({"url": "https://example.com/x", "username": "a:b", "password": "a long password"}, "pattern"),
        ({"url": "https://example.com/x", "protocols": ["ext"]}, "https"),
    ],
)
def test_a_repository_that_can_not_be_reached_does_not_load(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        described(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        SSH,
        {**SSH, "known_hosts": f"# of the host itself\n\n{HOST} a comment\n@cert-authority *.example.com ssh-rsa AAAA\n"},
        {"url": "https://example.com/x", "password": "a long password"},
        {"url": "http://example.com/x", "protocols": ["http"]},
    ],
)
def test_a_repository_that_can_be_reached_loads(fields: dict[str, Any]) -> None:
    described(**fields)


def test_a_placeholder_stands_for_a_key() -> None:
    Repository.model_validate({**SSH, "key": {"env": "GONE"}}, context={"vault": Placeholders(Path())})
