"""The HTTP client: urllib3, held to guarded addresses, a total time and a bounded answer.

Imported by the first request, since urllib3 is. Proxies of the environment are not used: through one, the guard would see only it.
"""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass

from urllib3.exceptions import HTTPError, ProtocolError
from urllib3.response import BaseHTTPResponse

from hookrules.engine.outbound.budget import Budget, current, spending
from hookrules.engine.outbound.client import PUBLIC, Client
from hookrules.engine.outbound.connecting import check_unresolved
from hookrules.engine.outbound.failures import RequestFailed, failure_of
from hookrules.engine.outbound.pools import pool, reused
from hookrules.engine.outbound.redirects import LIMIT, redirected
from hookrules.engine.outbound.unpacking import ACCEPTED, unpacker
from hookrules.engine.outbound.urls import Target

RESPONSE_LIMIT = 2**20
"""Bytes of an answer's body that are kept, unpacked, where a request says nothing else."""
_CHUNK = 65536
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Request:
    """What to send. Header values are text that is sent as UTF-8."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    follow_redirects: bool = False
    response_limit: int = RESPONSE_LIMIT


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are lower case; `whole` is False where the body was longer than is kept."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool


def send(request: Request, budget: Budget, client: Client = PUBLIC) -> Answer:
    """Raises RequestFailed."""
    with spending(budget):
        answer, redirects = _exchanged(request, client), 0
        while request.follow_redirects and (onward := redirected(request, answer)) is not None:
            redirects += 1
            if redirects > LIMIT:
                raise RequestFailed("more than five redirects", retryable=False)
            if Target.read(onward.url).origin != Target.read(request.url).origin:
                client = client.anonymous()
            request = onward
            answer = _exchanged(request, client)
        return answer


def _exchanged(request: Request, client: Client) -> Answer:
    target = Target.read(request.url)
    try:
        try:
            return _answer(_response(request, target, client), request.response_limit)
        except ProtocolError as error:
            if not _closed_meanwhile(error, request):
                raise
        return _answer(_response(request, target, client), request.response_limit)
    except (HTTPError, OSError, ValueError) as error:
        raise failure_of(error) from None


def _closed_meanwhile(error: ProtocolError, request: Request) -> bool:
    """Whether the server closed a kept connection just as it was used again, so that the request may simply be sent again."""
    cut = len(error.args) > 1 and isinstance(error.args[1], (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError))
    harmless = request.method in _REPEATABLE or any(name.lower() == "idempotency-key" for name in request.headers)
    return cut and harmless and reused()


def _response(request: Request, target: Target, client: Client) -> BaseHTTPResponse:
    current().slice()  # nothing begins once the time is up
    forwarded = client.proxy is not None and target.scheme == "http"
    if client.proxy is not None:
        check_unresolved(target.host, client.reach)
    headers = {"Accept-Encoding": ACCEPTED, **request.headers}
    return pool(client, target).urlopen(
        request.method,
        target.url if forwarded else target.rest,
        body=request.body,
        headers={name: _in_bytes(value) for name, value in headers.items()},
        redirect=False,
        assert_same_host=False,
        preload_content=False,
    )


def _in_bytes(value: str) -> str:
    """UTF-8, of which http.client sends each character as one byte."""
    return value if value.isascii() else value.encode(errors="replace").decode("latin-1")


def _answer(response: BaseHTTPResponse, limit: int) -> Answer:
    try:
        headers = {name.lower(): value for name, value in response.headers.items()}
        body = _body(response, headers.get("content-encoding", ""), limit)
        whole = len(body) <= limit
        if not whole:
            response.close()
    except BaseException:
        response.close()
        raise
    finally:
        response.release_conn()
    return Answer(response.status, headers, bytes(body[:limit]), whole)


def _body(response: BaseHTTPResponse, coding: str, limit: int) -> bytearray:
    """A byte more than the limit where there is more."""
    body, unpacking = bytearray(), unpacker(coding)
    ended = False
    while len(body) <= limit and not ended:
        chunk = response.read(_CHUNK, decode_content=False)
        body += unpacking.unpack(chunk, limit + 1 - len(body))
        ended = not chunk or response.length_remaining == 0
    if len(body) <= limit:
        unpacking.end()
    return body
