"""Where an answer points, and what of a request goes there."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from hookrules.engine.outbound.failures import BadUrl, RequestFailed
from hookrules.engine.outbound.urls import Target

if TYPE_CHECKING:
    from hookrules.engine.outbound.http_client import Answer, Request

STATUSES = frozenset({301, 302, 303, 307, 308})
LIMIT = 5
_KEPT_ACROSS_HOSTS = frozenset({"accept", "content-type", "user-agent"})


def redirected(request: "Request", answer: "Answer") -> "Request | None":
    """The request that the answer asks for; None where it asks for none. Raises RequestFailed.

    To another server the rule's own header fields do not go along, and from https none goes to http: what is sent would be read on the way.
    """
    location = answer.headers.get("location") if answer.status in STATUSES else None
    if not location:
        return None
    here = Target.read(request.url)
    try:
        there = Target.read(urljoin(here.url, location.strip()))
    except (BadUrl, ValueError) as error:
        raise RequestFailed(f"it is redirected to where it can't go: {error}", retryable=False) from None
    if here.scheme == "https" and there.scheme == "http":
        raise RequestFailed(f"it is redirected from https to {there}, where anyone on the way could read it", retryable=False)
    headers = request.headers if there.origin == here.origin else _harmless(request.headers)
    return _without_body(replace(request, url=there.url, headers=headers), answer.status)


def _harmless(headers: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in headers.items() if name.lower() in _KEPT_ACROSS_HOSTS}


def _without_body(request: "Request", status: int) -> "Request":
    """303 asks for a GET; 301 and 302 are taken so after a POST, as all browsers do (RFC 9110, 15.4)."""
    becomes_get = (status == 303 and request.method != "HEAD") or (status in (301, 302) and request.method == "POST")
    if not becomes_get:
        return request
    headers = {name: value for name, value in request.headers.items() if not name.lower().startswith("content-")}
    return replace(request, method="GET", body=None, headers=headers)
