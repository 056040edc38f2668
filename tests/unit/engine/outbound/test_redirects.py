"""Where redirects lead, and what goes along."""

import pytest

from hookrules.engine.outbound.failures import RequestFailed
from hookrules.engine.outbound.http_client import Answer, Request
from hookrules.engine.outbound.redirects import redirected

HEADERS = {"Authorization": "Bearer t", "Cookie": "c", "X-Key": "k", "Idempotency-Key": "i", "Content-Type": "text/plain", "Accept": "*/*"}


def follow(location: str | None, status: int = 307, url: str = "https://a.example/x", method: str = "POST") -> Request | None:
    headers = {} if location is None else {"location": location}
    return redirected(Request(method, url, HEADERS, b"body"), Answer(status, headers, b"", whole=True))


@pytest.mark.parametrize("location", ["/y", "y", "https://a.example/y", "HTTPS://A.EXAMPLE:443/y", "//a.example/y", "https://a.example./y"])
def test_to_the_same_server_everything_goes_along(location: str) -> None:
    onward = follow(location)
    assert onward is not None
    assert onward.url.endswith("/y")
    assert onward.headers == HEADERS


@pytest.mark.parametrize(
    "location",
    ["https://b.example/y", "https://a.example:8443/y", "https://x.a.example/y", "//a.example:444/y", "https://a.example.evil/y"],
)
def test_to_another_server_no_credentials_go_along(location: str) -> None:
    onward = follow(location)
    assert onward is not None
    assert onward.headers == {"Content-Type": "text/plain", "Accept": "*/*"}


def test_from_http_to_https_no_credentials_go_along() -> None:
    onward = follow("https://a.example/x", url="http://a.example/x")
    assert onward is not None
    assert "Authorization" not in onward.headers


@pytest.mark.parametrize("location", ["http://a.example/x", "http://b.example/"])
def test_from_https_nothing_goes_to_http(location: str) -> None:
    with pytest.raises(RequestFailed, match="from https to http://") as told:
        follow(location)
    assert not told.value.retryable


@pytest.mark.parametrize("location", ["file:///etc/passwd", "https://u:p@b.example/", "https://[::1/", "\\\\b.example", "https://ⓑ/"])
def test_a_bad_location_is_a_failure(location: str) -> None:
    with pytest.raises(RequestFailed, match="where it can't go"):
        follow(location)


@pytest.mark.parametrize(
    ("status", "method", "becomes"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (301, "PUT", "PUT"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
    ],
)
def test_the_method_changes_as_in_browsers_and_the_body_with_it(status: int, method: str, becomes: str) -> None:
    onward = follow("/y", status, method=method)
    assert onward is not None
    assert onward.method == becomes
    assert (onward.body is None) == ("Content-Type" not in onward.headers) == (becomes == "GET")


@pytest.mark.parametrize(("location", "status"), [(None, 302), ("/y", 200), ("/y", 304), ("/y", 300), ("/y", 201)])
def test_other_answers_lead_nowhere(location: str | None, status: int) -> None:
    assert follow(location, status) is None
