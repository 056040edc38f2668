"""What failed, asked of a server that speaks GitHub's API."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from support_github_api import TOKEN, Answer, Api, Delivered, github_api
from support_tls import server_context

from hookrules.engine.outbound.addresses import EVERYWHERE
from hookrules.engine.outbound.client import Client
from hookrules.engine.sources.github_app import app_token
from hookrules.engine.sources.github_deliveries import GitHubDeliveries, Hook, NotThere, Unanswered

NOW = datetime.fromisoformat("2024-05-04T12:00:00Z").timestamp()
PATH = "/repos/acme/shop/hooks/123/deliveries"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with github_api(server_context(tmp_path)) as running:
        yield running


class Asking:
    def __init__(self, api: Api, folder: Path) -> None:
        self.slept: list[float] = []
        self.said: list[str] = []
        client = Client(EVERYWHERE, authorities=folder / "ca.pem")
        self.deliveries = GitHubDeliveries(Hook(api.url, PATH), lambda: TOKEN, client, lambda: NOW, self.slept.append, self.said.append)


@pytest.fixture
def asking(api: Api, tmp_path: Path) -> Asking:
    return Asking(api, tmp_path)


def delivered(number: int, hour: int, status_code: int = 502, guid: str | None = None) -> Delivered:
    return Delivered(number, guid or f"guid-{number}", f"2024-05-04T{hour:02}:00:00.123Z", status_code)


def test_what_failed_is_told_over_all_pages_the_oldest_first(api: Api, asking: Asking) -> None:
    api.deliveries = [delivered(number, 11 - number, 200 if number == 2 else 0) for number in range(5)]
    assert [attempt.id for attempt in asking.deliveries.failed(NOW - 86_400)] == [4, 3, 1, 0]
    assert len(api.asked) == 3
    assert set(api.authorized) == {f"Bearer {TOKEN}"}


def test_what_arrived_in_the_end_did_not_fail(api: Api, asking: Asking) -> None:
    api.deliveries = [delivered(3, 11, 202, "a"), delivered(2, 10, 502, "b"), delivered(1, 9, 500, "b"), delivered(0, 8, 502, "a")]
    assert [attempt.id for attempt in asking.deliveries.failed(NOW - 86_400)] == [2]


def test_no_more_is_asked_than_the_time_that_is_wanted(api: Api, asking: Asking) -> None:
    api.deliveries = [delivered(number, 11 - number) for number in range(8)]
    since = datetime.fromisoformat("2024-05-04T10:00:00Z").timestamp()
    assert [attempt.id for attempt in asking.deliveries.failed(since)] == [1, 0]
    assert len(api.asked) == 2


def test_a_delivery_is_its_headers_and_its_payload(api: Api, asking: Asking) -> None:
    api.deliveries = [delivered(7, 11)]
    (attempt,) = asking.deliveries.failed(0)
    sent = asking.deliveries.sent(attempt)
    assert sent.payload == {"ref": "refs/heads/main"}
    assert sent.headers["X-GitHub-Delivery"] == "guid-7"
    api.gone.add(7)
    with pytest.raises(NotThere, match="404"):
        asking.deliveries.sent(attempt)


@pytest.mark.parametrize(
    ("answer", "waited"),
    [
        ((429, {"Retry-After": "7"}, b"{}"), 7),
        ((403, {"Retry-After": "30"}, b"{}"), 30),
        ((403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW) + 100)}, b"{}"), 101),
        ((429, {}, b"{}"), 60),
        ((502, {}, b"bad gateway"), 1),
    ],
)
def test_a_rate_limit_is_waited_for_and_said(api: Api, asking: Asking, answer: Answer, waited: float) -> None:
    api.deliveries = [delivered(1, 11)]
    api.instead = [answer]
    assert len(asking.deliveries.failed(0)) == 1
    assert asking.slept == [waited]
    assert f"in {waited} s" in asking.said[0]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((401, {}, b"{}"), "token is not known"),
        ((403, {"X-RateLimit-Remaining": "4999"}, b"{}"), "may not read deliveries"),
        ((404, {}, b"{}"), "no such hook"),
        ((403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW) + 3000)}, b"{}"), "2024-05-04T12:50:01Z"),
        ((200, {}, b"<html>maintenance</html>"), "not a list of deliveries"),
        ((200, {}, b'[{"id": 1, "guid": "g"}]'), "not a list of deliveries"),
        ((200, {}, b'[{"id": 1, "guid": "g", "delivered_at": "lately", "status_code": 0, "event": "push"}]'), "not a list of deliveries"),
        ((200, {}, b"[" * 100_000), "not a list of deliveries"),
    ],
)
def test_an_answer_that_is_of_no_use_is_told_in_words(api: Api, asking: Asking, answer: Answer, words: str) -> None:
    api.instead = [answer]
    with pytest.raises(Unanswered, match=words) as told:
        asking.deliveries.failed(0)
    assert TOKEN not in str(told.value)


def test_a_server_that_stays_broken_is_left_alone_after_some_tries(api: Api, asking: Asking) -> None:
    api.instead = [(503, {}, b"")] * 10
    with pytest.raises(Unanswered, match="answered 503, 5 times"):
        asking.deliveries.failed(0)
    assert asking.slept == [1, 2, 4, 8]


def test_our_token_goes_to_no_other_host_that_an_answer_names(api: Api, asking: Asking) -> None:
    api.deliveries = [delivered(number, 11 - number) for number in range(3)]
    api.next_page = "https://elsewhere.example/repos/acme/shop/hooks/123/deliveries?cursor=2"
    with pytest.raises(Unanswered, match="elsewhere"):
        asking.deliveries.failed(0)


def test_an_app_asks_with_a_token_that_it_signs() -> None:
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    late = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(app_token("Iv1.abc", pem, NOW), key.public_key(), algorithms=["RS256"], options=late)
    assert claims == {"iat": int(NOW) - 60, "exp": int(NOW) + 540, "iss": "Iv1.abc"}
    with pytest.raises(ValueError, match="no private key of RSA"):
        app_token("Iv1.abc", "not a key", NOW)
