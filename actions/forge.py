"""A forge as hookrules.yaml describes it."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, Field, model_validator

from hookrules.actions.action import Service
from hookrules.actions.forge_statuses import USUAL_URLS, Access, Kind
from hookrules.engine.secret import SecretField

SECTION = "forges"
_URL = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*[^\s?#/])?")


def _url(text: str) -> str:
    if not _URL.fullmatch(text):
        raise ValueError("a forge's URL is where people open it, without a / at its end and without a password: https://git.example.com")
    return text


class Forge(Service):
    """A forge that hookrules speaks to, beside receiving its deliveries."""

    example: ClassVar[tuple[str, Mapping[str, Any]]] = ("github", {"kind": "github", "token": {"env": "FORGE_TOKEN"}})

    kind: Kind = Field(description="Whose API it speaks.")
    url: Annotated[str, AfterValidator(_url), Field(json_schema_extra={"pattern": f"^{_URL.pattern}$"})] | None = Field(
        None, description="Where people open it, like `https://git.example.com`; needed for gitea and forgejo."
    )
    token: SecretField = Field(description="What it asks for: a token that may set the statuses of commits.")
    username: str | None = Field(None, pattern=r"^[^\s:]+$", description="With Bitbucket's API tokens and app passwords: whose they are.")
    allow_private: bool = Field(default=False, strict=True, description="Also connect to private, loopback and link-local addresses.")

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.url is None and self.kind not in USUAL_URLS:
            raise ValueError(f"a forge of kind {self.kind} needs a 'url', like https://git.example.com")
        if self.url is not None and self.url.startswith("http://") and not self.allow_private:
            raise ValueError(
                "the token would be sent where all on the way can read it; write https://, or allow_private: true for a server inside"
            )
        if self.username is not None and self.kind != "bitbucket":
            raise ValueError("a 'username' is for Bitbucket; other forges take the token alone")
        return self

    @property
    def access(self) -> Access:
        return Access(self.url or USUAL_URLS[self.kind], self.token.reveal(), self.username)
