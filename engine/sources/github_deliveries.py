"""GitHub's own list of what it delivered, asked for what failed: page by page, and at the pace that GitHub allows.

Formats: GitHub Docs, "REST API endpoints for repository webhooks" (List deliveries, Get a delivery; likewise those for webhooks of
organisations and of GitHub Apps), "Using pagination in the REST API" and "Rate limits for the REST API".
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import msgspec

from hookrules.engine import bodies
from hookrules.engine.errors import HookrulesError, Unreadable
from hookrules.engine.model import Json
from hookrules.engine.outbound.budget import Budget
from hookrules.engine.outbound.client import Client
from hookrules.engine.outbound.failures import BadUrl, RequestFailed
from hookrules.engine.outbound.urls import Target

if TYPE_CHECKING:
    from hookrules.engine.outbound.http_client import Answer

Kind = TypeVar("Kind")

_SECONDS = 30.0
_LARGEST = 64 * 2**20
"""Bytes of one answer. GitHub delivers no payload of more than 25 MB."""
_TRIES = 5
_LONGEST_WAIT = 900.0
_UNTOLD_WAIT = 60.0  # what "Rate limits for the REST API" asks for where an answer names no time
_MOST_PAGES = 1000
_NEXT = re.compile(r'<([^<>]+)>\s*;[^,]*\brel="?next"?')


class Unanswered(HookrulesError):
    """The API gave no answer that can be used."""


class NotThere(Unanswered):
    """What was asked for is not there, not for us, or nothing that can be used; the rest may be."""


class Attempt(msgspec.Struct, frozen=True):
    """One entry of the list: GitHub tried to deliver."""

    id: int
    guid: str
    """The delivery id, which stays the same over redeliveries."""
    delivered_at: datetime
    status_code: int
    """0 where there was no answer."""
    event: str
    status: str = ""
    action: str | None = None

    @property
    def arrived(self) -> bool:
        return 200 <= self.status_code < 300


class _Request(msgspec.Struct):
    headers: dict[str, str]
    payload: dict[str, Json]


class _Delivery(msgspec.Struct):
    request: _Request


@dataclass(frozen=True, slots=True)
class Sent:
    """What GitHub sent. The payload is JSON as the API tells it, not the raw bytes, so that no signature fits it any more."""

    headers: Mapping[str, str]
    payload: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Hook:
    """Whose deliveries."""

    api: str
    path: str
    """`/repos/acme/shop/hooks/123/deliveries`."""


def api_url(text: str) -> str:
    """The API's address without a slash at its end. Raises ValueError for one that our token must not be sent to."""
    try:
        scheme = Target.read(text).scheme
    except BadUrl as bad:
        raise ValueError(str(bad)) from None
    if scheme != "https":
        raise ValueError("the token is sent over https:// only")
    return text.rstrip("/")


class GitHubDeliveries:
    def __init__(
        self,
        hook: Hook,
        authorization: Callable[[], str],
        client: Client,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        say: Callable[[str], None],
    ) -> None:
        """`say` takes a line for who waits. `authorization` is asked anew for each request."""
        self._hook = hook
        self._authorization = authorization
        self._client = client
        self._clock = clock
        self._sleep = sleep
        self._say = say

    def failed(self, since: float) -> list[Attempt]:
        """The last attempt at each delivery that never arrived, the oldest first. Raises Unanswered."""
        attempts = list(self._attempts(since))
        arrived = {attempt.guid for attempt in attempts if attempt.arrived}
        last = {attempt.guid: attempt for attempt in reversed(attempts) if attempt.guid not in arrived}
        return sorted(last.values(), key=lambda attempt: (attempt.delivered_at, attempt.id))

    def sent(self, attempt: Attempt) -> Sent:
        """Raises Unanswered; NotThere where this one alone can't be had."""
        answer = self._asked(f"{self._hook.api}{self._hook.path}/{attempt.id}")
        try:
            request = _read(answer, _Delivery, "a delivery").request
        except Unanswered as broken:
            raise NotThere(str(broken)) from None
        return Sent(request.headers, request.payload)

    def _attempts(self, since: float) -> Iterator[Attempt]:
        """The newest first."""
        url: str | None = f"{self._hook.api}{self._hook.path}?per_page=100"
        for _ in range(_MOST_PAGES):
            if url is None:
                return
            answer = self._asked(url)
            page = _read(answer, list[Attempt], "a list of deliveries")
            yield from (attempt for attempt in page if attempt.delivered_at.timestamp() >= since)
            if not page or page[-1].delivered_at.timestamp() < since:
                return
            url = self._following(answer)

    def _following(self, answer: "Answer") -> str | None:
        """The next page, where there is one. Our token goes to no other host that an answer names."""
        found = _NEXT.search(answer.headers.get("link", ""))
        if found is None:
            return None
        if Target.read(found[1]).origin != Target.read(self._hook.api).origin:
            raise Unanswered(f"{self._hook.api} names a next page elsewhere, at {Target.read(found[1])}; it is not asked")
        return found[1]

    def _asked(self, url: str) -> "Answer":
        """Raises Unanswered. What may pass is waited for."""
        for tries in range(1, _TRIES + 1):
            answer = self._answered(url)
            wait = _pause(answer, tries, self._clock())
            if wait is None and not isinstance(answer, RequestFailed):
                self._check(answer)
                return answer
            if wait is None or tries == _TRIES:
                break
            self._wait(wait)
        told = answer if isinstance(answer, RequestFailed) else f"answered {answer.status}, {tries} times"
        raise Unanswered(f"{self._hook.api}: {told}")

    def _answered(self, url: str) -> "Answer | RequestFailed":
        from hookrules.engine.outbound.http_client import Request, send

        headers = {
            "User-Agent": "hookrules",
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self._authorization()}",
        }
        try:
            return send(Request("GET", url, headers, response_limit=_LARGEST), Budget.of(_SECONDS), self._client)
        except RequestFailed as failed:
            return failed

    def _wait(self, seconds: float) -> None:
        if seconds > _LONGEST_WAIT:
            until = datetime.fromtimestamp(self._clock() + seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            raise Unanswered(f"{self._hook.api} answers this token no more before {until}: its rate limit is used up; ask again then")
        self._say(f"{self._hook.api} is asked again in {seconds:.0f} s")
        self._sleep(seconds)

    def _check(self, answer: "Answer") -> None:
        if 200 <= answer.status < 300 and answer.whole:
            return
        if not answer.whole:
            raise Unanswered(f"{self._hook.api} answered with more than {_LARGEST:,} bytes")
        kind = NotThere if answer.status in (404, 410) else Unanswered
        raise kind(f"{self._hook.api}{self._hook.path} answered {answer.status}{_REMEDIES.get(answer.status, '')}")


_REMEDIES = {
    401: ": the token is not known there, or has expired",
    403: ": the token may not read deliveries; give it read access to webhooks",
    404: ": there is no such hook, or the token may not see it",
}


def _pause(answer: "Answer | RequestFailed", tries: int, now: float) -> float | None:
    """Seconds until the same is asked again; None where the answer is final."""
    if isinstance(answer, RequestFailed):
        return 2.0 ** (tries - 1) if answer.retryable else None
    if answer.status >= 500:
        return 2.0 ** (tries - 1)
    if answer.status not in (403, 429):
        return None
    asked = answer.headers.get("retry-after", "")
    if asked.isdecimal():
        return float(asked[:9])
    reset = answer.headers.get("x-ratelimit-reset", "")
    if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(float(reset[:12]) - now, 0.0) + 1.0
    return _UNTOLD_WAIT if answer.status == 429 else None


def _read(answer: "Answer", kind: type[Kind], what: str) -> Kind:
    """Under the bounds of any payload. Raises Unanswered."""
    try:
        return msgspec.convert(bodies.decode(answer.body, "application/json"), kind)
    except (Unreadable, msgspec.ValidationError) as error:
        raise Unanswered(f"the API's answer is not {what}: {error}") from None
