"""Fetches published lists on a schedule, for whoever reads them."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from hookrules.engine.errors import HookrulesError
from hookrules.engine.outbound.addresses import RefusedAddress
from hookrules.engine.sources.address_lists import cache
from hookrules.engine.sources.address_lists.published import LISTS, PublishedList, networks_in

if TYPE_CHECKING:
    from hookrules.engine.outbound.http_client import Answer

PERIOD = 86_400.0
"""Seconds from one fetch of a list to the next."""
_SHORTEST_PAUSE, _LONGEST_PAUSE = 60.0, 3_600.0
"""Seconds from a fetch that failed to the next try; doubled from one to the other."""
_PATIENCE = 30.0
"""Seconds that a fetch may take."""
_MOST_REDIRECTS = 3

Say = Callable[[str, str], None]
"""Takes a level (`info`, `warning`) and a sentence."""


class NotFetched(HookrulesError):
    """A list that can't be had now, with the reason."""


def fetch(url: str, cancelled: threading.Event, *, allow_private: bool = False) -> bytes:
    """What is at the URL, from an address of the public Internet. Raises NotFetched."""
    for _ in range(_MOST_REDIRECTS + 1):
        answer = _answer(url, cancelled, allow_private=allow_private)
        if answer.status not in (301, 302, 303, 307, 308):
            break
        url = _followed(url, answer.headers.get("location", ""))
    if answer.status != 200:
        raise NotFetched(f"the answer is {answer.status}")
    if not answer.whole:
        raise NotFetched("the answer is larger than 1 MiB")
    return answer.body


def _answer(url: str, cancelled: threading.Event, *, allow_private: bool) -> "Answer":
    from urllib3.exceptions import HTTPError

    from hookrules.engine.outbound.http_client import Cancelled, Request, TimeIsUp, send

    headers = {"User-Agent": "hookrules", "Accept": "application/json"}
    try:
        return send(Request("GET", url, headers, allow_private=allow_private), timeout=_PATIENCE, cancelled=cancelled)
    except RefusedAddress:
        raise NotFetched("its host has an address that is not of the public Internet") from None
    except TimeIsUp:
        raise NotFetched(f"no whole answer within {_PATIENCE:g} s") from None
    except Cancelled:
        raise NotFetched("the worker ends") from None
    except (HTTPError, OSError) as error:
        raise NotFetched(f"no answer ({type(getattr(error, 'reason', None) or error).__name__})") from None


def _followed(url: str, location: str) -> str:
    """Never from https to http: who could change a list on its way could let anyone in."""
    target = urljoin(url, location)
    if urlsplit(target).scheme not in ("https", urlsplit(url).scheme):
        raise NotFetched("it has moved to a URL without https")
    return target


@dataclass(slots=True)
class _Plan:
    """When a list is fetched next."""

    due: float
    failures: int = 0

    def succeeded(self, now: float) -> None:
        self.due, self.failures = now + PERIOD, 0

    def failed(self, now: float) -> None:
        self.due = now + min(_SHORTEST_PAUSE * 2**self.failures, _LONGEST_PAUSE)
        self.failures = min(self.failures + 1, 10)


class Keeper:
    """`run` belongs in a thread of a worker. What is fresh on disk is not fetched again, so a restart asks no one."""

    def __init__(
        self,
        names: Iterable[str],
        folder: Path,
        say: Say,
        *,
        fetch: Callable[[str, threading.Event], bytes] = fetch,
        clock: Callable[[], float] = time.time,
        lists: Mapping[str, PublishedList] = LISTS,
    ) -> None:
        self._folder = folder
        self._say = say
        self._fetch = fetch
        self._clock = clock
        self._lists = lists
        self._plans = {name: _Plan(self._first_due(name)) for name in names}

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.refresh(stop)
            stop.wait(min(max(self.next_due() - self._clock(), 1.0), PERIOD))

    def next_due(self) -> float:
        """Infinity where there is no list to keep."""
        return min((plan.due for plan in self._plans.values()), default=float("inf"))

    def refresh(self, stop: threading.Event) -> None:
        """Fetch what is due."""
        for name, plan in self._plans.items():
            if plan.due <= self._clock() and not stop.is_set():
                self._renew(name, plan, stop)

    def _first_due(self, name: str) -> float:
        kept = cache.kept(self._folder, name)
        return 0.0 if kept is None else min(kept.fetched_at, self._clock()) + PERIOD

    def _renew(self, name: str, plan: _Plan, stop: threading.Event) -> None:
        now = self._clock()
        try:
            networks = networks_in(self._lists[name], self._fetch(self._lists[name].url, stop))
            cache.keep(self._folder, name, networks, now)
        except (NotFetched, ValueError, OSError) as error:
            plan.failed(now)
            self._say("warning", self._excuse(name, str(error), plan.due - now))
        else:
            plan.succeeded(now)
            self._say("info", f"the address list {name!r} is fetched: {len(networks)} networks")

    def _excuse(self, name: str, why: str, pause: float) -> str:
        meanwhile = "the one of before stays in force" if cache.kept(self._folder, name) else "no one is let in by it"
        return f"the address list {name!r} can't be had from {self._lists[name].url}: {why}; {meanwhile}; next try in {pause / 60:.0f} min"
