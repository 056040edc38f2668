"""What a reload leaves as it is: where the server listens and where its journal lies. A change of these takes a restart."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

from hookrules.engine.cli.project import Project
from hookrules.engine.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Unchanging:
    first: Settings
    """As they were written when the server was started."""
    played: Project
    """What serves: a dry run has another journal than is written."""
    bound: Sequence[str] = ()
    """The settings by which sockets were bound."""

    def changed_in(self, settings: Settings) -> list[str]:
        """The names of those that are written otherwise now."""
        changed = [name for name in ("store", *self.bound) if _of(settings, name) != _of(self.first, name)]
        token = (settings.console.token is None) != (self.first.console.token is None)
        return [*changed, "console.token"] if token else changed

    def kept_in(self, project: Project) -> Project:
        """The project, over the journal of before; a console that is served stays behind its token."""
        console, first = project.settings.console, self.first.console
        if console.token is None and first.token is not None:
            console = console.model_copy(update={"token": first.token})
        settings = project.settings.model_copy(update={"store": self.played.settings.store, "console": console})
        return replace(project, settings=settings, dry_run=self.played.dry_run)


def _of(settings: Settings, name: str) -> object:
    return reduce(getattr, name.split("."), settings)
