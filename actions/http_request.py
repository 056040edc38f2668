"""Kind `http`: one HTTP request."""

import email.utils
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from pydantic import ConfigDict, Field, model_validator

from hookrules.actions.action import Action, Names, Surroundings
from hookrules.actions.http_fields import Auth, HeaderName, Statuses
from hookrules.engine import bodies
from hookrules.engine.errors import Unreadable
from hookrules.engine.model import Json, Outcome
from hookrules.engine.outbound.addresses import RefusedAddress
from hookrules.engine.templating import FormValue, HeaderValue, JsonTemplate, QueryValue, TextTemplate, UrlTemplate
from hookrules.engine.units import PositiveDuration

if TYPE_CHECKING:
    from hookrules.engine.outbound.http_client import Answer, Request

_METHOD_AND_URL = re.compile(r"\s*([A-Z]{3,10})\s+(\S.*)", re.DOTALL)
_LONGEST_WAIT = 86_400.0


class HttpAction(Action):
    """Sends one request, to addresses of the public Internet unless told otherwise."""

    kind: ClassVar[str] = "http"
    short: ClassVar[str | None] = "url"
    results: ClassVar[tuple[str, ...]] = ("status", "headers", "body", "json")
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"method": "POST", "url": "https://chat.example.com/rooms/ops", "json": {"text": "deployed {{ payload.after }}"}}],
            "allOf": [{"not": {"required": [one, other]}} for one, other in (("json", "form"), ("json", "body"), ("form", "body"))],
        }
    )

    url: UrlTemplate = Field(description="Where to; `POST https://…` says the method, too.")
    method: str | None = Field(None, pattern=r"^[A-Z]{3,10}$", description="POST where there is a body, else GET.")
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict, description="Header fields.")
    query: dict[str, QueryValue] = Field(default_factory=dict, description="Added to the URL, encoded.")
    document: JsonTemplate | None = Field(None, alias="json", description="The body, as JSON.")
    form: dict[str, FormValue] | None = Field(None, description="The body, as a form.")
    body: TextTemplate | None = Field(None, description="The body, as text.")
    auth: Auth | None = Field(None, description="basic: {username, password}, or bearer: a token.")
    timeout: PositiveDuration | None = Field(None, description="How long the request may take; the step's own timeout holds, too.")
    success_status: Statuses = Field(
        ((200, 299),),
        min_length=1,
        description="The statuses that count as success: 200, 200-299.",
        json_schema_extra={"default": ["200-299"]},
    )
    follow_redirects: bool = Field(
        default=False, description="Go where the answer points, five times at most; header fields of the rule stay with its host."
    )
    allow_private: bool = Field(default=False, description="Also connect to private, loopback and link-local addresses.")

    @model_validator(mode="before")
    @classmethod
    def _split(cls, fields: Any) -> Any:
        """`POST https://…` in `url` is the method, too."""
        found = _METHOD_AND_URL.fullmatch(fields["url"]) if isinstance(fields, dict) and isinstance(fields.get("url"), str) else None
        return fields if found is None else {"method": found[1], **fields, "url": found[2].strip()}

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        given = [name for name, value in (("json", self.document), ("form", self.form), ("body", self.body)) if value is not None]
        if len(given) > 1:
            raise ValueError(f"a request has one body, and {' and '.join(given)} are given")
        return self

    def render(self, names: Names) -> "HttpCall":
        """Raises TemplateError."""
        body, kind = self._body(names)
        headers = {name: value.render(names) for name, value in self.headers.items()}
        if kind is not None and not _has(headers, "content-type"):
            headers["Content-Type"] = kind
        if self.auth is not None:
            headers["Authorization"] = self.auth.header(names)
        return HttpCall(
            method=self.method or ("GET" if body is None else "POST"),
            url=_with_query(self.url.render(names), {name: value.render(names) for name, value in self.query.items()}),
            headers=headers,
            body=body,
            timeout=self.timeout,
            success_status=self.success_status,
            follow_redirects=self.follow_redirects,
            allow_private=self.allow_private,
        )

    def _body(self, names: Names) -> tuple[bytes | None, str | None]:
        if self.document is not None:
            text = json.dumps(self.document.render(names), ensure_ascii=True, separators=(",", ":"), allow_nan=False)
            return text.encode(), "application/json"
        if self.form is not None:
            fields = {name: value.render(names) for name, value in self.form.items()}
            return urlencode(fields, errors="replace").encode(), "application/x-www-form-urlencoded"
        if self.body is not None:
            return self.body.render(names).encode(errors="replace"), "text/plain; charset=utf-8"
        return None, None


@dataclass(frozen=True, slots=True)
class HttpCall:
    """A request with every value in its place."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    timeout: float | None = None
    success_status: tuple[tuple[int, int], ...] = ((200, 299),)
    follow_redirects: bool = False
    allow_private: bool = False

    def describe(self) -> Mapping[str, Json]:
        told: dict[str, Json] = {"method": self.method, "url": self.url, "headers": dict(self.headers)}
        return told if self.body is None else told | self._described_body(self.body)

    def _described_body(self, body: bytes) -> dict[str, Json]:
        """As the rule wrote it, where that can be told: `json`, `form`, or the text."""
        media = next((value for name, value in self.headers.items() if name.lower() == "content-type"), "").partition(";")[0]
        text = body.decode(errors="replace")
        if media == "application/json" and (document := _json(text)) is not None:
            return {"json": document}
        if media == "application/x-www-form-urlencoded":
            return {"form": dict(parse_qsl(text, keep_blank_values=True))}
        return {"body": text}

    def perform(self, surroundings: Surroundings) -> Outcome:
        from urllib3.exceptions import HTTPError

        from hookrules.engine.outbound.http_client import Cancelled, TimeIsUp, send

        timeout = min(self.timeout or surroundings.timeout, surroundings.timeout)
        try:
            answer = send(self._request(surroundings), timeout=timeout, cancelled=surroundings.cancelled)
        except RefusedAddress as refused:
            return self._failed(str(refused), retryable=False)
        except TimeIsUp:
            return self._failed(f"no whole answer within {timeout:g} s")
        except Cancelled:
            return self._failed("the request was cut, since its run was ended", retryable=False)
        except (HTTPError, OSError, ValueError) as error:
            return self._failed(*_failure(error))
        if not answer.whole:
            surroundings.log("warning", f"{self._host} answered with more than 1 MiB; the rest of its body is dropped")
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

    def _request(self, surroundings: Surroundings) -> "Request":
        from hookrules.engine.outbound.http_client import Request

        headers = {"User-Agent": "hookrules", "Accept": "*/*", **self.headers}
        if not _has(headers, "idempotency-key"):
            headers["Idempotency-Key"] = surroundings.idempotency_key
        return Request(self.method, self.url, headers, self.body, self.follow_redirects, self.allow_private)

    @property
    def _host(self) -> str:
        """The URL without its path, query and user, which may hold secrets."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")

    def _failed(self, why: str, retryable: bool = True) -> Outcome:
        return Outcome(succeeded=False, error=f"{self.method} {self._host}: {why}", retryable=retryable)

    def _outcome(self, answer: "Answer") -> Outcome:
        result = _result(answer)
        if any(low <= answer.status <= high for low, high in self.success_status):
            return Outcome(succeeded=True, result=result)
        failed = self._failed(f"answered {answer.status}{_hint(answer)}", retryable=_may_pass(answer.status))
        return replace(failed, result=result, retry_after=retry_after(answer.headers.get("retry-after"), time.time()))


def _has(headers: Mapping[str, str], name: str) -> bool:
    return any(given.lower() == name for given in headers)


def _with_query(url: str, query: Mapping[str, str]) -> str:
    if not query:
        return url
    address, mark, fragment = url.partition("#")
    joint = "" if address.endswith(("?", "&")) else "&" if "?" in address else "?"
    return f"{address}{joint}{urlencode(query, quote_via=quote, errors='replace')}{mark}{fragment}"


def _result(answer: "Answer") -> dict[str, Json]:
    body = answer.body.decode(errors="replace")
    return {"status": answer.status, "headers": dict(answer.headers), "body": body, "json": _json(body) if answer.whole else None}


def _json(body: str) -> Json:
    """Read as deliveries are, since what answers is as much a stranger as who sends; None where it is no JSON, or too deep."""
    try:
        return bodies.decode(body.encode(), "application/json")
    except Unreadable:
        return None


def _hint(answer: "Answer") -> str:
    redirected = answer.status in (301, 302, 303, 307, 308) and "location" in answer.headers
    return " and points elsewhere; `follow_redirects: true` goes there" if redirected else ""


def _may_pass(status: int) -> bool:
    """Whether the same request may fare better later: no other refusal of a client's request changes by itself (RFC 9110, 15.5)."""
    return status >= 500 or status in (408, 409, 421, 423, 425, 429)


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


def _failure(error: Exception) -> tuple[str, bool]:
    """What urllib3 met, in words, and whether trying again may help."""
    from urllib3 import exceptions

    reason: object = getattr(error, "reason", None) or error
    said: tuple[tuple[type[Exception], str, bool], ...] = (
        (exceptions.NameResolutionError, "the host's name has no address", True),
        (exceptions.NewConnectionError, "no connection: nothing answers there", True),  # a kind of the next, in urllib3
        (exceptions.ConnectTimeoutError, "no connection in time", True),
        (exceptions.ReadTimeoutError, "no answer in time", True),
        (exceptions.SSLError, "the server's certificate or TLS is not accepted", False),
        (exceptions.ResponseError, "more than five redirects", False),
        (exceptions.LocationValueError, "it can't be read as a URL of HTTP", False),
        (exceptions.ProtocolError, "the connection was cut before the whole answer came", True),
        (exceptions.DecodeError, "the answer's compression can't be read", True),
    )
    return next(((text, again) for kind, text, again in said if isinstance(reason, kind)), (type(reason).__name__, True))
