"""A running server's next generation: loaded beside the one that serves, taken whole or not at all, and told to whoever wants to know."""

import gc
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from hookrules.engine import logs
from hookrules.engine.children import Farewell, Job
from hookrules.engine.cli.control import Answer, Control
from hookrules.engine.cli.file_watch import Content, watching
from hookrules.engine.cli.findings import as_json, as_line, count, from_here
from hookrules.engine.cli.processes import LAST_MOMENTS, Shared, prepare
from hookrules.engine.cli.project import Project, load_project
from hookrules.engine.cli.restarts import Unchanging
from hookrules.engine.cli.systemd import tell
from hookrules.engine.config.findings import Finding, errors
from hookrules.engine.errors import ConfigurationError, HookrulesError
from hookrules.engine.model import Json
from hookrules.engine.reloads import LastReload
from hookrules.engine.takeover import Generation

Compose = Callable[[Project, Shared], Sequence[Job]]
"""The processes that serve a project."""

_FINDINGS_SAID = 20
"""In the log; whoever asked gets all."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What waits until its processes are ready."""

    project: Project
    shared: Shared
    restart: Sequence[str]
    since: float


class Reloading:
    """What the supervisor asks for its next generation (`Reloads`)."""

    def __init__(self, compose: Compose, control: Control, unchanging: Unchanging) -> None:
        self._compose = compose
        self._control = control
        self._unchanging = unchanging
        self._project = unchanging.played
        self._shared = Shared()
        self._coming: _Loaded | None = None
        self._bell, self._ring = os.pipe()
        os.set_blocking(self._bell, False)
        self._wanted = False

    def first(self) -> Generation:
        return self._generation(self._project, self._shared)

    def watchers(self, loaded: Content | None) -> list[Job]:
        """The process that watches for changes of what was loaded first; None is for no one who does."""
        if loaded is None:
            return []
        return [Job("watcher", watching(self._project.config, loaded, lambda: _say(self._ring)), Farewell.NOTHING)]

    def listening(self) -> Sequence[int]:
        there = self._control.fileno()
        return [self._bell] if there is None else [self._bell, there]

    def hear(self) -> None:
        if self._control.hear() | _heard(self._bell):  # not `|=`: what a signal says meanwhile would be lost
            self._wanted = True

    def ask(self) -> None:
        self._wanted = True

    def wanted(self) -> bool:
        return self._wanted

    def load(self) -> Generation | None:
        self._wanted = False
        self._control.begin()
        since = time.monotonic()
        tell(os.environ, f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")
        try:
            self._coming = self._loaded(since)
        except HookrulesError as error:
            self._refuse(str(error), error.findings if isinstance(error, ConfigurationError) else ())
        except Exception as error:  # noqa: BLE001  whatever it is, those who send and those who wait are served on
            logs.exception("a reload broke down")
            self._refuse(f"hookrules made a mistake ({type(error).__name__}); its log says where")
        else:
            return self._generation(self._coming.project, self._coming.shared)
        return None

    def _loaded(self, since: float) -> _Loaded:
        """Raises HookrulesError."""
        gc.unfreeze()  # it was frozen for the children that hold it, and what the last reload replaced may go
        gc.collect()
        before = self._project
        written = load_project(before.config)
        project, shared = self._unchanging.kept_in(written), self._shared.following(before)
        prepare(project, shared.unchanged)
        return _Loaded(project, shared, self._unchanging.changed_in(written.settings), since)

    def _generation(self, project: Project, shared: Shared) -> Generation:
        return Generation(self._compose(project, shared), project.settings.server.drain + LAST_MOMENTS)

    def taken(self) -> None:
        coming, before = self._coming, self._project
        if coming is None:
            return
        self._project, self._shared, self._coming = coming.project, coming.shared, None
        self._shared.board.write(LastReload(time.time()))  # before anyone is told, so that who is told finds it there
        for finding in from_here(set(self._project.findings) - set(before.findings), Path.cwd()):
            logs.warning(as_line(finding))
        for change in coming.restart:
            logs.warning(f"{change} has changed, and that takes a restart; until then the one before stays")
        logs.info("reloaded", **_difference(before, self._project), seconds=time.monotonic() - coming.since)
        self._conclude(
            Answer(True, len(self._project.ruleset), "the new set is in force", _placed(self._project.findings), tuple(coming.restart))
        )

    def failed(self, reason: str) -> None:
        self._coming = None
        self._refuse(reason)

    def _refuse(self, reason: str, found: Sequence[Finding] = ()) -> None:
        lines = tuple(map(as_line, errors(found)))
        self._shared.board.write(LastReload(time.time(), reason, lines))
        logs.error("the reload is refused, and what was in force stays", reason=reason)
        for line in lines[:_FINDINGS_SAID]:
            logs.error(line)
        if len(lines) > _FINDINGS_SAID:
            logs.error(f"and {count(len(lines) - _FINDINGS_SAID, 'more error')}; `hookrules validate` lists them")
        self._conclude(Answer(False, len(self._project.ruleset), reason, _placed(found)))

    def _conclude(self, answer: Answer) -> None:
        self._control.answer(answer)
        tell(os.environ, "READY=1")

    def let_go(self) -> None:
        self._control.let_go()


@contextmanager
def reloading(project: Project, played: Project, compose: Compose, bound: Sequence[str]) -> Iterator[Reloading]:
    """For a project as it is written, as it is `played`, and the settings that its sockets were bound by."""
    with closing(Control(project.settings.store_file(project.folder))) as control:
        yield Reloading(compose, control, Unchanging(project.settings, played, bound))


def _difference(before: Project, after: Project) -> dict[str, int]:
    old, new = before.ruleset.rules, after.ruleset.rules
    changed = sum(old[name].digest != rule.digest for name, rule in new.items() if name in old)
    return {"rules": len(new), "added": len(new.keys() - old.keys()), "changed": changed, "removed": len(old.keys() - new.keys())}


def _placed(found: Sequence[Finding]) -> tuple[dict[str, Json], ...]:
    """For someone who may stand in another folder."""
    return tuple(as_json(replace(finding, file=str(Path(finding.file).absolute()))) for finding in found)


def _say(ring: int) -> None:
    os.write(ring, b"!")


def _heard(bell: int) -> bool:
    try:
        return bool(os.read(bell, 4096))
    except BlockingIOError:
        return False
