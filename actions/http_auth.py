"""Credentials of a request: a user name and a password, a token, or a token that is fetched with them."""

import base64
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hookrules.actions.action import Names
from hookrules.actions.http_tokens import Grant
from hookrules.engine.templating import HeaderValue, TextTemplate, UrlTemplate


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Basic(_Part):
    """A user name and a password (RFC 7617)."""

    username: TextTemplate = Field(description="Who.")
    password: TextTemplate = Field(description="And the proof of it, like `{{ secrets.password }}`.")


class OAuth(_Part):
    """Client credentials of OAuth 2.0 (RFC 6749, 4.4)."""

    token_url: UrlTemplate = Field(description="Where tokens are given.")
    client_id: TextTemplate = Field(description="Who asks for one.")
    client_secret: TextTemplate = Field(description="And the proof of it, like `{{ secrets.api }}`.")
    scope: TextTemplate | None = Field(None, description="What the token shall be good for; several with a space between.")
    audience: TextTemplate | None = Field(None, description="Whom it shall be good for, where the server asks for that.")
    credentials: Literal["header", "form"] = Field("header", description="Where the server takes id and secret.")

    def grant(self, names: Names) -> Grant:
        """Raises TemplateError."""
        return Grant(
            token_url=self.token_url.render(names),
            client_id=self.client_id.render(names),
            client_secret=self.client_secret.render(names),
            scope=None if self.scope is None else self.scope.render(names),
            audience=None if self.audience is None else self.audience.render(names),
            in_form=self.credentials == "form",
        )


class Auth(_Part):
    """One way to say who asks."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [way]} for way in ("basic", "bearer", "oauth")]})

    basic: Basic | None = Field(None, description="A user name and a password.")
    bearer: HeaderValue | None = Field(None, description="A token, sent as `Authorization: Bearer …`.")
    oauth: OAuth | None = Field(None, description="Client credentials, for which a token is fetched, and kept until it expires.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(way is not None for way in (self.basic, self.bearer, self.oauth)) != 1:
            raise ValueError("auth is one of basic: {username, password}, bearer: a token, oauth: {token_url, client_id, client_secret}")
        return self

    def header(self, names: Names) -> str | None:
        """The value of `Authorization`; None where a token has to be fetched first. Raises TemplateError."""
        if self.bearer is not None:
            return f"Bearer {self.bearer.render(names)}"
        if self.basic is None:
            return None
        pair = f"{self.basic.username.render(names)}:{self.basic.password.render(names)}"
        return f"Basic {base64.b64encode(pair.encode(errors='replace')).decode()}"
