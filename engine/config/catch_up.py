"""`catch_up` of a source: where GitHub is asked for deliveries that failed."""

from collections.abc import Callable
from typing import Annotated, Any, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from hookrules.engine.config.keys import Boolean, Keys, problem
from hookrules.engine.secret import SecretField
from hookrules.engine.sources.github_app import app_token
from hookrules.engine.sources.github_deliveries import Hook, api_url


def _api(url: str) -> str:
    try:
        return api_url(url)
    except ValueError as fault:
        raise problem("url", str(fault)) from None


def _needs(*keys: str, without: tuple[str, ...]) -> dict[str, Any]:
    return {"required": list(keys), "not": {"anyOf": [{"required": [key]} for key in without]}}


_WAYS: list[Any] = [
    _needs("repository", "hook", "token", without=("organisation", "app", "private_key")),
    _needs("organisation", "hook", "token", without=("repository", "app", "private_key")),
    _needs("app", "private_key", without=("repository", "organisation", "hook", "token")),
]


class CatchUpFields(Keys):
    """Whose webhook it is, and who asks."""

    model_config = ConfigDict(json_schema_extra={"oneOf": _WAYS})

    repository: str | None = Field(None, pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", description="The repository that has the webhook.")
    organisation: str | None = Field(None, pattern=r"^[A-Za-z0-9_-]+$", description="Or the organisation that has it.")
    app: str | None = Field(None, pattern=r"^[A-Za-z0-9._-]+$", description="Or the GitHub App that has it: its client id.")
    hook: int | None = Field(None, ge=1, strict=True, description="The webhook's number, which ends the URL of its settings.")
    token: SecretField | None = Field(None, description="A token that may read webhooks of the repository or organisation.")
    private_key: SecretField | None = Field(None, description="The app's private key, a PEM file.")
    api: Annotated[str, AfterValidator(_api), Field(json_schema_extra={"pattern": "^https://"})] = Field(
        "https://api.github.com", description="The API; on GitHub Enterprise Server `https://HOST/api/v3`."
    )
    client: str | None = Field(None, description="A name under `clients`: certificates, a proxy, private networks.")
    allow_private: Boolean = Field(default=False, description="Also ask an API at a private address.")

    @model_validator(mode="after")
    def _one_whole_way(self) -> Self:
        owners = [name for name in ("repository", "organisation", "app") if getattr(self, name) is not None]
        if len(owners) != 1:
            raise problem("catch_up", "'catch_up' names one of 'repository', 'organisation' and 'app', the one that has the webhook")
        needed, strange = (("private_key",), ("hook", "token")) if self.app else (("hook", "token"), ("private_key",))
        for key in needed:
            if getattr(self, key) is None:
                raise problem("catch_up", f"'{owners[0]}' needs '{key}' beside it")
        for key in strange:
            if getattr(self, key) is not None:
                raise problem("catch_up", f"'{key}' has no use beside '{owners[0]}'")
        return self

    def hook_of(self) -> Hook:
        if self.app is not None:
            return Hook(self.api, "/app/hook/deliveries")
        owner = f"/repos/{self.repository}" if self.repository is not None else f"/orgs/{self.organisation}"
        return Hook(self.api, f"{owner}/hooks/{self.hook}/deliveries")

    def authorization(self, clock: Callable[[], float]) -> Callable[[], str]:
        """What gives the token for a request."""
        app, key, token = self.app, self.private_key, self.token
        if app is not None and key is not None:
            return lambda: app_token(app, key.reveal(), clock())
        return lambda: token.reveal() if token is not None else ""
