"""What servers do that they should not: each comes to a clear end, in bounded time and memory."""

import contextlib
import tracemalloc
from collections.abc import Iterator

import pytest
from support_misbehaving import SCRIPTS, Misbehaving, misbehaving_server

from hookrules.engine.outbound.budget import Budget
from hookrules.engine.outbound.client import UNGUARDED
from hookrules.engine.outbound.failures import RequestFailed
from hookrules.engine.outbound.http_client import Answer, Request, send

LIMIT = 2**16
MEMORY = 2**23
"""Bytes, of which the server in this process takes some."""
NO_TIME = "no whole answer within 0.2 s"

FAILURES = {
    "silent": (NO_TIME, True),
    "slow-header": (NO_TIME, True),
    "slow-headers": (NO_TIME, True),
    "slow-body": (NO_TIME, True),
    "slow-chunks": (NO_TIME, True),
    "slow-trailer": (NO_TIME, True),
    "slow-interim": (NO_TIME, True),
    "cut-at-once": ("the connection was cut", True),
    "cut-in-status": ("no sound HTTP", True),
    "cut-in-header": ("the connection was cut", True),
    "cut-in-body": ("the connection was cut", True),
    "cut-in-chunk": ("the connection was cut", True),
    "cut-before-last-chunk": ("the connection was cut", True),
    "bad-chunk-size": ("the connection was cut", True),
    "negative-chunk-size": ("the connection was cut", True),
    "huge-chunk-size": ("the connection was cut", True),
    "chunk-size-without-end": ("header is larger than it may be", False),
    "other-protocol": ("no sound HTTP", True),
    "http-0.9": ("no sound HTTP", True),
    "http-2": ("no sound HTTP", True),
    "bad-status": ("no sound HTTP", True),
    "two-lengths": ("no sound HTTP", True),
    "header-of-1-mib": ("header is larger than it may be", False),
    "headers-of-1-mib": ("header is larger than it may be", False),
    "20000-headers": ("header is larger than it may be", False),
    "header-without-end": ("header is larger than it may be", False),
    "headers-without-end": ("header is larger than it may be", False),
    "twice-packed": ("compression 'gzip, gzip' can't be read", False),
    "brotli": ("compression 'br' can't be read", False),
    "broken-gzip": ("it is broken", True),
    "half-gzip": ("its end is missing", True),
    "moved-to-itself": ("more than five redirects", False),
    "moved-to-and-fro": ("more than five redirects", False),
    "moved-fro-and-to": ("more than five redirects", False),
    "moved-to-a-file": ("begins with https:// or http://", False),
    "moved-to-gopher": ("begins with https:// or http://", False),
    "moved-with-a-user": ("a user before an @", False),
}
ANSWERS = {
    "ok": (200, b"fine", True),
    "closes-after": (200, b"fine", True),
    "early-hints": (200, b"fine", True),
    "more-than-length": (200, b"fine", True),
    "empty-gzip": (200, b"", True),
    "gzip": (200, b"fine", True),
    "body-without-end": (200, b"x" * LIMIT, False),
    "gzip-bomb": (200, bytes(LIMIT), False),
    "deflate-bomb": (200, bytes(LIMIT), False),
    "bare-deflate-bomb": (200, bytes(LIMIT), False),
    "moved-nowhere": (302, b"", True),
    "later": (429, b"later", True),
    "down": (503, b"down", True),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Misbehaving]:
    with misbehaving_server() as running:
        yield running


def ask(server: Misbehaving, name: str, seconds: float = 10.0) -> Answer:
    request = Request("GET", f"{server.url}/{name}", {}, follow_redirects=True, response_limit=LIMIT)
    return send(request, Budget.of(seconds), UNGUARDED)


def test_every_misdeed_is_tried() -> None:
    assert FAILURES.keys() | ANSWERS.keys() == SCRIPTS.keys()


@pytest.mark.parametrize("name", FAILURES)
def test_a_misdeed_is_a_failure_in_words(server: Misbehaving, name: str) -> None:
    words, again = FAILURES[name]
    with pytest.raises(RequestFailed) as told:
        ask(server, name, 0.2 if words == NO_TIME else 10.0)
    assert words in str(told.value)
    assert told.value.retryable is again


@pytest.mark.parametrize("name", ANSWERS)
def test_what_can_be_taken_is_taken(server: Misbehaving, name: str) -> None:
    answer = ask(server, name)
    assert (answer.status, answer.body, answer.whole) == ANSWERS[name]


@pytest.mark.parametrize(
    "name", [name for name in SCRIPTS if any(word in name for word in ("bomb", "without-end", "mib", "20000", "huge"))]
)
def test_memory_is_bounded_whatever_comes(server: Misbehaving, name: str) -> None:
    tracemalloc.start()
    with contextlib.suppress(RequestFailed):
        ask(server, name, 5.0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MEMORY


@pytest.mark.parametrize("name", [name for name in SCRIPTS if FAILURES.get(name, ("",))[0] != NO_TIME])
def test_the_next_request_to_the_same_server_is_well(server: Misbehaving, name: str) -> None:
    """Nothing that is left over on a kept connection is taken for its answer."""
    with contextlib.suppress(RequestFailed):
        ask(server, name)
    assert ask(server, "ok").body == b"fine"
