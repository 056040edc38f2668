"""What an ingress knows of lists: their networks now, read again when a file changes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hookrules.engine.sources.address_lists import cache
from hookrules.engine.sources.address_lists.published import LISTS, Network, networks_of_file

OLD = 3 * 86_400.0
"""Seconds after which a list should have been fetched again, twice over."""

_GLANCE = 1.0
"""Seconds between two looks at a file."""
_REMINDER = 3_600.0
"""Seconds between two words about the same trouble."""

_Content = tuple[tuple[Network, ...], float | None]
"""Networks, and when they were fetched."""


class AddressLists:
    """Fails closed: a list that was never had lets no one in. One that was had stays in force, however old, and its age is told."""

    def __init__(self, folder: Path, warn: Callable[[str], None], clock: Callable[[], float] = time.time) -> None:
        """`folder` is where the worker keeps what it fetched."""
        self._folder = folder
        self._warn = warn
        self._clock = clock
        self._watched: dict[str | Path, _WatchedFile] = {}

    def networks(self, name: str) -> tuple[Network, ...]:
        """Of a published list. Raises KeyError for a name that is not in LISTS."""
        if name not in self._watched:
            from_url = f"the worker fetches it from {LISTS[name].url}"
            remedy = f"{from_url}; until it has come, no one is let in by it. A list of your own is `{{file: PATH}}`"
            self._watched[name] = _WatchedFile(cache.path_of(self._folder, name), _fetched, f"the address list {name!r}", remedy)
        return self._watched[name].networks(self._clock(), self._warn)

    def networks_of_file(self, path: Path) -> tuple[Network, ...]:
        """Of a person's own file."""
        if path not in self._watched:
            self._watched[path] = _WatchedFile(path, _own, f"the address list {path}", "no one is let in by it until it can be read")
        return self._watched[path].networks(self._clock(), self._warn)


def check_file(path: Path) -> None:
    """Whether a person's own file can be used. Raises OSError, and ValueError that says what is wrong in it."""
    _own(cache.read_bounded(path))


def _fetched(data: bytes) -> _Content:
    kept = cache.decoded(data)
    return kept.parsed(), kept.fetched_at


def _own(data: bytes) -> _Content:
    return networks_of_file(data.decode()), None


@dataclass(slots=True)
class _WatchedFile:
    path: Path
    read: Callable[[bytes], _Content]
    """Raises ValueError."""
    what: str
    remedy: str
    _networks: tuple[Network, ...] = ()
    _fetched_at: float | None = None
    _version: tuple[int, int, int] | None = None
    _looked_at: float = float("-inf")
    _warned_at: float = float("-inf")
    _trouble: str | None = None

    def networks(self, now: float, warn: Callable[[str], None]) -> tuple[Network, ...]:
        if not 0 <= now - self._looked_at < _GLANCE:
            self._looked_at = now
            self._look()
            self._tell(now, warn)
        return self._networks

    def _look(self) -> None:
        try:
            stat = self.path.stat()
            version = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if version != self._version:
                self._networks, self._fetched_at = self.read(cache.read_bounded(self.path))
                self._version = version
            self._trouble = None
        except OSError as error:
            self._trouble = (error.strerror or str(error)).lower()
        except ValueError as error:
            self._trouble = str(error)

    def _tell(self, now: float, warn: Callable[[str], None]) -> None:
        said = self._said(now)
        if said is None:
            self._warned_at = float("-inf")
        elif now - self._warned_at >= _REMINDER:
            self._warned_at = now
            warn(said)

    def _said(self, now: float) -> str | None:
        if self._trouble is not None and not self._networks:
            return f"{self.what} can't be used ({self._trouble}): {self.remedy}"
        if self._trouble is not None:
            return f"{self.what} can't be read again ({self._trouble}); what it was before stays in force"
        if self._fetched_at is not None and now - self._fetched_at > OLD:
            days = (now - self._fetched_at) / 86_400
            return f"{self.what} is {days:.0f} days old and stays in force; the worker's log says why there is no newer one"
        return None
