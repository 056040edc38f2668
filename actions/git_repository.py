"""A repository as hookrules.yaml describes it: where it is, how it is reached, and under which folder its checkouts lie."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from hookrules.actions.action import Service
from hookrules.engine.secret import Secret, SecretField

SECTION = "repositories"
Protocol = Literal["https", "ssh", "http", "file"]
_USER, _HOST = r"[A-Za-z0-9_][A-Za-z0-9._-]*", r"[A-Za-z0-9][A-Za-z0-9.-]*"
_PATH = r"(?:(?![\"'\\?#])[!-~])*"
_URL = re.compile(
    rf"(?P<scheme>https?|ssh|file)://(?:(?P<user>{_USER})@)?(?P<host>(?:{_HOST}|\[[0-9A-Fa-f:.]+\])?)(?::(?P<port>[0-9]{{1,5}}))?/{_PATH}"
)
_SCP = re.compile(rf"{_USER}@(?P<host>{_HOST}):[A-Za-z0-9_~/.]{_PATH}")
_KNOWN_HOST = re.compile(r"(?:@[a-z-]+ )?[^\s@]\S* (?:ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/]+=*(?: .*)?|#.*|")  # sshd(8), known_hosts


@dataclass(frozen=True, slots=True)
class GitUrl:
    """A URL of a protocol that may be spoken. `host` is with its port."""

    text: str
    scheme: Protocol
    host: str

    @classmethod
    def read(cls, text: str) -> "GitUrl":
        """Raises ValueError."""
        found = _URL.fullmatch(text)
        short = None if found else _SCP.fullmatch(text)
        if short:
            return cls(text, "ssh", short["host"].lower())
        if not found:
            raise ValueError("a repository's URL is https://HOST/PATH, ssh://USER@HOST/PATH or USER@HOST:PATH, without a password in it")
        scheme, host = found["scheme"], found["host"].lower()
        if (scheme == "file") == bool(host) or (found["user"] and scheme != "ssh"):
            raise ValueError("a repository's URL is https://HOST/PATH, without a user; 'username' and 'password' say who asks")
        return cls(text, scheme, f"{host}:{found['port']}" if found["port"] else host)  # type: ignore[arg-type]

    @property
    def base(self) -> str:
        """What all URLs of the same server begin with."""
        return f"{self.scheme}://{self.host}/"


def _url(text: str) -> str:
    return GitUrl.read(text).text


def _private_key(key: Secret) -> Secret:
    if not key.placeholder and not key.reveal().lstrip().startswith("-----BEGIN "):
        raise ValueError("the key is no private key of SSH: it begins with -----BEGIN OPENSSH PRIVATE KEY-----")
    return key


def _known_hosts(text: str) -> str:
    for line in text.splitlines():
        if not _KNOWN_HOST.fullmatch(line.strip()):
            raise ValueError(
                f"{line[:60]!r} is no line of known_hosts: write what `ssh-keyscan HOST` prints, once you know that it is right"
            )
    return text


class Repository(Service):
    """A repository that `git` may check out."""

    example: ClassVar[tuple[str, Mapping[str, Any]]] = (
        "shop",
        {
            "url": "git@git.example.com:acme/shop.git",
            "root": "/srv/checkouts",
            "key": {"env": "SHOP_DEPLOY_KEY"},
            "known_hosts": "git.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL1bXJqZ2V4YW1wbGVrZXlvZmFob3N0dGhhdGlz",
        },
    )

    url: Annotated[str, AfterValidator(_url)] = Field(description="Where it is: `https://…`, `ssh://…` or `git@HOST:PATH`.")
    root: str = Field(min_length=1, description="The folder that its checkouts lie in; a relative one starts where hookrules.yaml lies.")
    key: Annotated[SecretField, AfterValidator(_private_key)] | None = Field(None, description="The private key of SSH: a deploy key.")
    known_hosts: Annotated[str, AfterValidator(_known_hosts)] | None = Field(
        None, description="The host's keys of SSH, in lines as `ssh-keyscan` prints them; no other is believed."
    )
    username: str = Field("git", pattern=r"^[^\s:]+$", description="With `password`: who asks over HTTPS.")
    password: SecretField | None = Field(None, description="A password or token for HTTPS.")
    ca: str | None = Field(None, description="A file of the certificates (PEM) that are trusted, in place of the system's.")
    protocols: list[Protocol] = Field(["https", "ssh"], min_length=1, description="What may be spoken, with its submodules, too.")

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        scheme = self.place.scheme
        if scheme not in self.protocols:
            raise ValueError(f"its URL is one of {scheme}://, which may not be spoken; write protocols: [{scheme}] if you mean it")
        if scheme == "ssh" and (self.key is None or self.known_hosts is None):
            raise ValueError("SSH needs a 'key', and 'known_hosts': what `ssh-keyscan HOST` prints, once you know that it is right")
        if self.password is not None and scheme != "https":
            raise ValueError(f"a 'password' is for https://, and this is {scheme}://")
        return self

    @property
    def place(self) -> GitUrl:
        return GitUrl.read(self.url)
