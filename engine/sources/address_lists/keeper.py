"""Fetches published lists on a schedule, for whoever reads them."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hookrules.engine.errors import HookrulesError
from hookrules.engine.outbound.budget import Budget
from hookrules.engine.outbound.client import PUBLIC, Client
from hookrules.engine.outbound.failures import RequestFailed
from hookrules.engine.sources.address_lists import cache
from hookrules.engine.sources.address_lists.published import LISTS, PublishedList, networks_in

PERIOD = 86_400.0
"""Seconds from one fetch of a list to the next."""
_SHORTEST_PAUSE, _LONGEST_PAUSE = 60.0, 3_600.0
"""Seconds from a fetch that failed to the next try; doubled from one to the other."""
_PATIENCE = 30.0
"""Seconds that a fetch may take."""

Say = Callable[[str, str], None]
"""Takes a level (`info`, `warning`) and a sentence."""


class NotFetched(HookrulesError):
    """A list that can't be had now, with the reason."""


def fetch(url: str, cancelled: threading.Event, *, client: Client = PUBLIC) -> bytes:
    """What is at the URL, from an address of the public Internet, followed where it has moved to. Raises NotFetched.

    The client follows no redirect from https to http: who could change a list on its way could let anyone in.
    """
    from hookrules.engine.outbound.http_client import Request, send

    request = Request("GET", url, {"User-Agent": "hookrules", "Accept": "application/json"}, follow_redirects=True)
    try:
        answer = send(request, Budget.of(_PATIENCE, cancelled), client)
    except RequestFailed as failed:
        raise NotFetched(str(failed)) from None
    if answer.status != 200:
        raise NotFetched(f"the answer is {answer.status}")
    if not answer.whole:
        raise NotFetched("the answer is larger than 1 MiB")
    return answer.body


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
