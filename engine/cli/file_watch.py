"""A process that says when the configuration, its rules, or a secret's file has another content than when it was loaded.

The system's word that something happened (`watchfiles`, which only this module knows) is the occasion; what counts is the content. So it
does not matter how an editor saves, and what changed back is no change. What the configuration names is looked at every second besides:
where a link above it leads elsewhere, the system tells nothing.
"""

import hashlib
import os
import select
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hookrules.engine import logs
from hookrules.engine.children import Lifeline, Work
from hookrules.engine.config.rule_files import rule_files
from hookrules.engine.config.settings import Settings
from hookrules.engine.config.yaml_nodes import plain
from hookrules.engine.config.yaml_reader import read_file

_LOOK_EVERY = 1.0
"""Seconds between two looks at what the configuration names."""
_QUIET = 0.2
"""Seconds without a further change after which whoever writes is taken to have finished."""
_MOST_PATIENCE = 3.0
"""Seconds after the first change in which it is looked at in any case."""
_RULES = Settings.model_fields["rules"].default

Content = Mapping[str, bytes]
"""A digest of each file that can be read. Others in the folder of rules are there without one, since they break the set."""
_UNREADABLE = b""


@dataclass(frozen=True, slots=True)
class Named:
    """What a configuration leads to, whether or not it is there: itself and secrets (`{file: …}`), and the folder of its rules."""

    files: tuple[Path, ...]
    rules: Path

    @classmethod
    def by(cls, config: Path) -> "Named":
        data = plain(read_file(config).root)
        rules = data.get("rules") if isinstance(data, dict) else None
        secrets = (config.parent / name for name in _file_names(data))
        return cls((config, *secrets), config.parent / (rules if isinstance(rules, str) else _RULES))

    def all(self) -> tuple[Path, ...]:
        return (*self.files, self.rules)

    def content(self) -> Content:
        named = {str(path): digest for path in self.files if (digest := _digest(path)) is not None}
        return named | {str(path): _digest(path) or _UNREADABLE for path in _rule_files(self.rules)}

    def marks(self) -> Sequence[object]:
        """What changes where one of these becomes another; cheap enough to ask every second."""
        return [_mark(path) for path in self.all()]


def content_of(config: Path) -> Content:
    return Named.by(config).content()


def watching(config: Path, loaded: Content, tell: Callable[[], None]) -> Work:
    """`loaded` is the content from before the load; `tell` is called for each other one that is found."""

    def work(lifeline: Lifeline) -> None:
        lifeline.ready()
        _Watch(config, loaded, tell, lifeline.fd).run()

    return work


class _Watch:
    def __init__(self, config: Path, loaded: Content, tell: Callable[[], None], lifeline: int) -> None:
        self._config = config
        self._content = loaded
        self._tell = tell
        self._lifeline = lifeline
        self._complained = False

    def is_set(self) -> bool:
        """What `watchfiles` asks of whether to stop."""
        return bool(select.select([self._lifeline], [], [], 0)[0])

    def run(self) -> None:
        while not self.is_set():
            self._until_something_happens()

    def _until_something_happens(self) -> None:
        """What is watched is chosen anew every time: behind a name there may be another file now."""
        named = Named.by(self._config)
        marks, first = named.marks(), True
        for happened in self._happenings([str(path) for path in named.all() if path.exists()]):
            changed = bool(happened) or marks != named.marks()
            if changed or first:  # first: what came before anything was watched
                self._look()
            if changed:
                return
            first = False

    def _happenings(self, paths: Sequence[str]) -> Iterator[object]:
        """Something true where the system tells of a change, something false every second."""
        from watchfiles import watch

        try:
            yield from watch(
                *paths,
                watch_filter=None,
                debounce=int(_MOST_PATIENCE * 1000),
                step=int(_QUIET * 1000),
                stop_event=self,
                rust_timeout=int(_LOOK_EVERY * 1000),
                yield_on_timeout=True,
            )
        except OSError as error:
            self._complain(error)
            select.select([self._lifeline], [], [], _LOOK_EVERY)
            yield error

    def _complain(self, error: OSError) -> None:
        """The system watches no more files for us, or one has gone this very moment: all is looked at every second then."""
        if not self._complained and not isinstance(error, FileNotFoundError):
            logs.warning("files can't be watched, and are looked at every second instead", reason=str(error))
            self._complained = True

    def _look(self) -> None:
        content = content_of(self._config)
        if content != self._content:
            self._content = content
            self._tell()


def _file_names(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        name = data.get("file")
        if isinstance(name, str) and name:
            yield name
        for inner in data.values():
            yield from _file_names(inner)
    elif isinstance(data, list):
        for inner in data:
            yield from _file_names(inner)


def _rule_files(root: Path) -> Sequence[Path]:
    try:
        return rule_files(root)
    except OSError:
        return ()


def _digest(path: Path) -> bytes | None:
    try:
        return hashlib.sha256(path.read_bytes()).digest() if path.is_file() else None  # whoever opens a named pipe waits for its writer
    except (OSError, ValueError):
        return None


def _mark(path: Path) -> object:
    try:
        found = path.stat()
        return os.path.realpath(path), found.st_ino, found.st_mtime_ns, found.st_size
    except (OSError, ValueError):  # ValueError: no path at all, with a zero in it
        return None
