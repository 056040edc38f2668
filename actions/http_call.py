"""A request of kind `http` with every value in its place: described, sent, and judged by its answer."""

import email.utils
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hookrules.actions.action import Services, Surroundings
from hookrules.actions.http_bodies import Body
from hookrules.actions.http_clients import client_of
from hookrules.actions.http_fields import has_header
from hookrules.actions.http_signature import signature_headers
from hookrules.actions.http_tokens import Grant, send_authorized
from hookrules.engine import bodies
from hookrules.engine.errors import Unreadable
from hookrules.engine.model import Failure, FailureKind, Json, Outcome
from hookrules.engine.outbound.budget import Budget
from hookrules.engine.outbound.failures import RefusedAddress, RequestFailed, TimeIsUp, may_pass
from hookrules.engine.outbound.urls import Target

if TYPE_CHECKING:
    from hookrules.engine.outbound.http_client import Answer, Request

_LONGEST_WAIT = 86_400.0
REMEDY = "`allow_private: true` lets this step connect there, or `allow` of a client in hookrules.yaml"
_MASK = "•••"
_SHORTEST = 8
"""A shorter credential can't be masked: it would be found in what is none."""


@dataclass(frozen=True, slots=True)
class HttpCall:
    method: str
    url: str
    headers: Mapping[str, str]
    body: Body | None
    grant: Grant | None = None
    signing_secret: str | None = field(default=None, repr=False)
    client: str | None = None
    timeout: float | None = None
    success_status: tuple[tuple[int, int], ...] = ((200, 299),)
    response_limit: int = 2**20
    follow_redirects: bool = False
    allow_private: bool = False

    def describe(self) -> Mapping[str, Json]:
        headers = dict(self.headers)
        if self.body is not None and not has_header(headers, "content-type"):
            headers["Content-Type"] = self.body.media
        told: dict[str, Json] = {"method": self.method, "url": self.url, "headers": headers}
        if self.body is not None:
            told |= self.body.describe()
        if self.grant is not None:
            told["auth"] = {"oauth": dict(self.grant.describe())}
        if self.signing_secret is not None:
            told["sign"] = "Standard Webhooks"
        return told if self.client is None else {**told, "client": self.client}

    def target(self, services: Services) -> str | None:
        del services
        return self._place

    @property
    def _place(self) -> str | None:
        """Scheme, host and port."""
        try:
            return str(Target.read(self.url))
        except RequestFailed:
            return None

    def perform(self, surroundings: Surroundings) -> Outcome:
        try:
            answer = self._answer(surroundings, Budget.of(self._seconds(surroundings), surroundings.cancelled))
        except RefusedAddress as refused:
            return self._failed(f"{refused}; {REMEDY}", retryable=False)
        except RequestFailed as failed:
            return replace(self._failed(str(failed), retryable=failed.retryable), failure=_failure(failed))
        if not answer.whole:
            most = f"{self.response_limit:,} bytes"
            surroundings.log("warning", f"{self._where} answered with more than {most}; the rest of its body is dropped")
        return self._outcome(answer)

    def suppose(self, result: Mapping[str, Json]) -> Outcome:
        from hookrules.engine.outbound.http_client import Answer

        status, headers = result.get("status", self.success_status[0][0]), result.get("headers", {})
        if not isinstance(status, int) or isinstance(status, bool):
            raise TypeError(f"'status' is a whole number, not {status!r}")
        if not isinstance(headers, Mapping):
            raise TypeError("'headers' is a mapping of names to texts")
        body = result["body"] if "body" in result else json.dumps(result["json"]) if "json" in result else ""
        lowered = {str(name).lower(): str(value) for name, value in headers.items()}
        return self._outcome(Answer(status, lowered, str(body).encode(errors="replace"), whole=True))

    def _seconds(self, surroundings: Surroundings) -> float:
        return min(self.timeout or surroundings.timeout, surroundings.timeout)

    def _answer(self, surroundings: Surroundings, budget: Budget) -> "Answer":
        """Masked, where it tells the credentials that it was asked with. Raises RequestFailed."""
        from hookrules.engine.outbound.http_client import send

        client = client_of(surroundings.services, self.client, surroundings.folder, allow_private=self.allow_private)
        request = self._request(surroundings)
        if self.grant is None:
            given = next((value for name, value in self.headers.items() if name.lower() == "authorization"), "")
            return _without(given.partition(" ")[2], send(request, budget, client))
        answer, token = send_authorized(request, self.grant, lambda each: send(each, budget, client), budget)
        return _without(token, answer)

    def _request(self, surroundings: Surroundings) -> "Request":
        """Raises RequestFailed."""
        from hookrules.engine.outbound.http_client import Request

        headers = {"User-Agent": "hookrules", "Accept": "*/*", **self.headers}
        if not has_header(headers, "idempotency-key"):
            headers["Idempotency-Key"] = surroundings.idempotency_key
        body, media = (None, "") if self.body is None else self.body.encoded(surroundings.body)
        if media and not has_header(headers, "content-type"):
            headers["Content-Type"] = media
        if self.signing_secret is not None:
            headers |= signature_headers(self.signing_secret, surroundings.idempotency_key, time.time(), body or b"")
        return Request(self.method, self.url, headers, body, self.follow_redirects, self.response_limit)

    @property
    def _where(self) -> str:
        """The URL without its path and query, which may hold secrets."""
        return self._place or "the URL"

    def _failed(self, why: str, *, retryable: bool) -> Outcome:
        return Outcome(succeeded=False, error=f"{self.method} {self._where}: {why}", retryable=retryable)

    def _outcome(self, answer: "Answer") -> Outcome:
        result = _result(answer)
        if any(low <= answer.status <= high for low, high in self.success_status):
            return Outcome(succeeded=True, result=result)
        failed = self._failed(f"answered {answer.status}{_hint(answer)}", retryable=may_pass(answer.status))
        asked = retry_after(answer.headers.get("retry-after"), time.time())
        return replace(failed, result=result, retry_after=asked, failure=Failure(FailureKind.STATUS, answer.status))


def _failure(failed: RequestFailed) -> Failure | None:
    """What lies on our side, such as a certificate that is not accepted, is no failure of the connection."""
    if isinstance(failed, TimeIsUp):
        return Failure(FailureKind.TIMEOUT)
    return Failure(FailureKind.CONNECTION) if failed.retryable else None


def _result(answer: "Answer") -> dict[str, Json]:
    body = answer.body.decode(errors="replace")
    return {"status": answer.status, "headers": dict(answer.headers), "body": body, "json": _json(answer.body) if answer.whole else None}


def _json(body: bytes) -> Json:
    """Read as deliveries are, since what answers is as much a stranger as who sends; None where it is no JSON, or too deep."""
    try:
        return bodies.decode(body, "application/json")
    except Unreadable:
        return None


def _without(credential: str, answer: "Answer") -> "Answer":
    if len(credential) < _SHORTEST:
        return answer
    headers = {name: value.replace(credential, _MASK) for name, value in answer.headers.items()}
    return replace(answer, headers=headers, body=answer.body.replace(credential.encode(errors="replace"), _MASK.encode()))


def _hint(answer: "Answer") -> str:
    redirected = answer.status in (301, 302, 303, 307, 308) and "location" in answer.headers
    return " and points elsewhere; `follow_redirects: true` goes there" if redirected else ""


def retry_after(text: str | None, now: float) -> float | None:
    """The seconds that a `Retry-After` asks for, a day at most (RFC 9110, 10.2.3: seconds or a date)."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_WAIT)
    try:
        asked = email.utils.parsedate_to_datetime(text).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return min(max(asked, 0.0), _LONGEST_WAIT)
