"""Access tokens of OAuth 2.0: fetched with a client's credentials (RFC 6749, 4.4), and kept until they expire."""

import base64
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, urlencode

from hookrules.engine import bodies
from hookrules.engine.errors import Unreadable
from hookrules.engine.model import Json
from hookrules.engine.outbound.budget import Budget
from hookrules.engine.outbound.failures import RequestFailed, may_pass
from hookrules.engine.outbound.urls import Target

if TYPE_CHECKING:
    from hookrules.engine.outbound.http_client import Answer, Request

Send = Callable[["Request"], "Answer"]
"""Raises RequestFailed."""

_MOST_KEPT = 256
_UNTOLD_LIFETIME = 300.0
_LONGEST_LIFETIME = 86_400.0
_MARGIN = 30.0
"""Seconds before its end after which a token is not used any more, or a tenth of its life where that is less."""
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")
_ERROR = re.compile(r"[A-Za-z0-9_.-]{1,60}")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is asked for with."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str | None = None
    audience: str | None = None
    in_form: bool = False
    """Whether id and secret stand in the form, in place of a header."""

    def describe(self) -> Mapping[str, Json]:
        told = {"token_url": self.token_url, "client_id": self.client_id, "scope": self.scope, "audience": self.audience}
        return {key: value for key, value in told.items() if value is not None}

    def request(self) -> "Request":
        from hookrules.engine.outbound.http_client import Request

        headers = {"User-Agent": "hookrules", "Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        form = {"grant_type": "client_credentials", "scope": self.scope, "audience": self.audience}
        if self.in_form:
            form |= {"client_id": self.client_id, "client_secret": self.client_secret}
        else:
            headers["Authorization"] = f"Basic {self._pair()}"
        body = urlencode({name: value for name, value in form.items() if value is not None}, errors="replace")
        return Request("POST", self.token_url, headers, body.encode())

    def _pair(self) -> str:
        """Encoded twice, as RFC 6749 has it (2.3.1)."""
        pair = ":".join(quote_plus(part, errors="replace") for part in (self.client_id, self.client_secret))
        return base64.b64encode(pair.encode()).decode()


class _Entry:
    """One grant's token. Its lock lets one fetch, and the others wait for what it gets."""

    __slots__ = ("lock", "token", "until")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.token: str | None = None
        self.until = 0.0


class Tokens:
    """Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[Grant, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def token(self, grant: Grant, send: Send, budget: Budget) -> tuple[str, bool]:
        """A token, and whether it was kept from before. Raises RequestFailed."""
        entry = self._entry(grant)
        while not entry.lock.acquire(timeout=budget.slice()):
            pass
        try:
            if entry.token is not None and self._clock() < entry.until:
                return entry.token, True
            entry.token, lifetime = _fetched(grant, send)
            entry.until = self._clock() + lifetime - min(_MARGIN, lifetime / 10)
            return entry.token, False
        finally:
            entry.lock.release()

    def forget(self, grant: Grant, token: str) -> None:
        """It was refused. A newer one, which another request got meanwhile, stays."""
        entry = self._entry(grant)
        with entry.lock:
            if entry.token == token:
                entry.token = None

    def _entry(self, grant: Grant) -> _Entry:
        with self._lock:
            entry = self._kept.setdefault(grant, _Entry())
            self._kept.move_to_end(grant)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
            return entry


def _fetched(grant: Grant, send: Send) -> tuple[str, float]:
    """A token and how many seconds it lives."""
    where = str(Target.read(grant.token_url))
    try:
        answer = send(grant.request())
    except RequestFailed as failed:
        raise RequestFailed(f"no token from {where}: {failed}", retryable=failed.retryable) from None
    document = _document(answer.body)
    token, kind = document.get("access_token"), document.get("token_type", "bearer")
    if answer.status == 200 and isinstance(token, str) and _TOKEN.fullmatch(token) and str(kind).lower() == "bearer":
        return token, _lifetime(document.get("expires_in"))
    error = document.get("error")
    why = f" ({error})" if isinstance(error, str) and _ERROR.fullmatch(error) else ""
    said = f"answered {answer.status}{why}" if answer.status != 200 else "its answer holds no bearer token"
    raise RequestFailed(f"no token from {where}: {said}", retryable=may_pass(answer.status))


def _document(body: bytes) -> dict[str, Json]:
    try:
        document = bodies.decode(body, "application/json")
    except Unreadable:
        return {}
    return document if isinstance(document, dict) else {}


def _lifetime(expires_in: Json) -> float:
    """Seconds; some servers write them as text."""
    try:
        seconds = float(expires_in)
    except (TypeError, ValueError):
        return _UNTOLD_LIFETIME
    return min(max(seconds, 0.0), _LONGEST_LIFETIME)


TOKENS = Tokens()


def send_authorized(request: "Request", grant: Grant, send: Send, budget: Budget, tokens: Tokens = TOKENS) -> tuple["Answer", str]:
    """The answer, and the token that it came for: where a kept one is refused (401), another is fetched, once. Raises RequestFailed."""
    token, kept = tokens.token(grant, send, budget)
    answer = send(_with_token(request, token))
    if answer.status == 401 and kept:
        tokens.forget(grant, token)
        token, _ = tokens.token(grant, send, budget)
        answer = send(_with_token(request, token))
    return answer, token


def _with_token(request: "Request", token: str) -> "Request":
    return replace(request, headers={**request.headers, "Authorization": f"Bearer {token}"})
