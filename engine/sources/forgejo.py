"""Forgejo: HMAC-SHA256 of the payload in `X-Forgejo-Signature`; old versions send it, and all else, under Gitea's name alone.

Format: Forgejo's sources, services/webhook/shared/payloader.go and modules/structs/action.go.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from hookrules.engine.model import Delivery, Json
from hookrules.engine.sources.git_facts import Reader, commit
from hookrules.engine.sources.gitea import Gitea
from hookrules.engine.sources.gogs import PayloadSignature
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import Verifier, at, text_at


@dataclass(frozen=True, slots=True)
class ForgejoSignature(Verifier):
    """A wrong signature of its own is not saved by a right one of Gitea's."""

    own: PayloadSignature
    giteas: PayloadSignature

    @classmethod
    def of(cls, credentials: Credentials) -> "ForgejoSignature":
        return cls(PayloadSignature.of_brand("Forgejo", credentials), PayloadSignature.of_brand("Gitea", credentials))

    def verify(self, delivery: Delivery, now: float) -> int | None:
        chosen = self.own if self.own.header.lower() in delivery.headers else self.giteas
        return chosen.verify(delivery, now)

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        return self.own.sign(self.giteas.sign(delivery, now), now)


def _action_run(payload: Json) -> dict[str, Json]:
    """Its `prettyref` is a branch, a tag or a pull request's number, and nothing says which."""
    run = at(payload, "run")
    fork = at(run, "is_fork_pull_request")
    return {
        "repo": text_at(run, "repository", "full_name"),
        "actor": text_at(run, "trigger_user", "login"),
        "sha": commit(at(run, "commit_sha")),
        "fork": fork if isinstance(fork, bool) else None,
    }


@dataclass(frozen=True, slots=True)
class Forgejo(Gitea):
    """`provider: forgejo`."""

    brands: ClassVar[tuple[str, ...]] = ("Forgejo", "Gitea")
    readers: ClassVar[Mapping[str, Reader]] = {
        **Gitea.readers,
        "action_run_failure": _action_run,
        "action_run_recover": _action_run,
        "action_run_success": _action_run,
    }
    reads = (
        *Gitea.reads,
        *(("run", "repository", "full_name"), ("run", "trigger_user", "login"), ("run", "commit_sha"), ("run", "is_fork_pull_request")),
    )


PROVIDER = Provider(
    title="Forgejo",
    source=Forgejo,
    verifier=ForgejoSignature.of,
    proof="the *Secret* of the webhook in the repository's, organisation's or instance's settings",
    setup="Settings → Webhooks → Add webhook → Forgejo: the target URL, POST, `application/json`, the secret, the events.",
    types="`X-Forgejo-Event`, else `X-Gitea-Event`, and the payload's `action` where it has one: `push`, `pull_request.opened`.",
    delivery="`X-Forgejo-Delivery`, else `X-Gitea-Delivery`. Delivered again by hand it is another, so that the rules run again.",
    remarks="A push lists five commits, or as many as `[ui] FEED_MAX_COMMIT_NUM` of app.ini says. "
    "Where there were others, `git.files` is missing.",
)
