"""Whatever is not proven is refused with 401, over a real socket, and neither answer nor log says what was expected."""

import base64
import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from support_assembly import Unusable
from support_ingress import Receiver, Request, Sender
from support_logs import heard

from hookrules.engine.model import Delivery
from hookrules.engine.sources.public_keys import PublicKeys

SECRET, OTHER = "a secret of thirty-two bytes, and more", "another secret, of the same use and more"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = PRIVATE.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
VALUE = {"env": "SECRET"}
TIMED = {"signed": "{timestamp}.{body}", "timestamp_header": "X-Time"}
KINDS: Mapping[str, Mapping[str, Any]] = {
    "hmac": {"verify": {"hmac": "sha256", "header": "X-Signature", "prefix": "sha256="}, "secret": VALUE},
    "timed": {"verify": {"hmac": "sha512", "header": "X-Signature", "encoding": "base64", **TIMED}, "secret": [VALUE, {"env": "OTHER"}]},
    "listed": {
        "verify": {
            "hmac": "sha1",
            "header": "X-Signature",
            "header_format": {"signature": "v1", "timestamp": "t"},
            "signed": "{timestamp}{body}",
        },
        "secret": VALUE,
    },
    "everything": {
        "verify": {
            "hmac": "sha384",
            "header": "X-Signature",
            "encoding": "base64url",
            "signed": "{method} {url} {id} {timestamp}\n{body}",
            "id_header": "X-Id",
            "timestamp_header": "X-Time",
            "timestamp_format": "rfc3339",
        },
        "url": "https://hooks.example.com/in",
        "secret": VALUE,
    },
    "ed25519": {"verify": {"ed25519": PUBLIC, "header": "X-Signature", **TIMED}},
    "token": {"verify": {"token": {"header": "X-Token", "value": VALUE}}},
    "bearer": {"verify": {"token": {"header": "Authorization", "value": VALUE}}},
    "query": {"verify": {"token": {"query": "token", "value": VALUE}}},
    "password": {"verify": {"basic": {"username": "deploy", "password": VALUE}}},
    "jwt": {"verify": {"jwt": {"algorithms": "HS256", "secret": VALUE, "audience": "us"}}},
    "both": {
        "verify": {"all": [{"hmac": "sha256", "header": "X-Signature"}, {"token": {"query": "t", "value": {"env": "OTHER"}}}]},
        "secret": VALUE,
    },
    "either": {"verify": {"any": [{"hmac": "sha256", "header": "X-Signature"}, {"allow_from": "192.0.2.0/24"}]}, "secret": VALUE},
    "standard": {"provider": "standard-webhooks", "secret": {"env": "STANDARD"}},
    "github": {"provider": "github", "secret": VALUE},
}
"""Sources that deliveries can be signed for here. Each has an id, so that a repetition would be told."""
SIGNED = [name for name in KINDS if name not in ("token", "bearer", "query", "password", "jwt")]
"""Those that prove the body, too."""
ENVIRON = {"SECRET": SECRET, "OTHER": OTHER, "STANDARD": "whsec_" + base64.b64encode(b"twenty-four bytes at least, or more").decode()}
BODY = b'{"a": [1, 2.50, "\\u00fc"]}'


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    sources = {name: source if "provider" in source else {**source, "delivery_id": "header.X-Request"} for name, source in KINDS.items()}
    with Receiver({"sources": sources}, ENVIRON) as receiver:
        yield receiver


@pytest.fixture(scope="module")
def sender(receiver: Receiver) -> Iterator[Sender]:
    with receiver.listening() as sender:
        yield sender


def signed(receiver: Receiver, kind: str, body: bytes = BODY, at: float | None = None) -> Request:
    """As the sender that the source knows would send it."""
    url = KINDS[kind].get("url", f"http://127.0.0.1/hooks/{kind}")
    delivery = Delivery(kind, body, {"content-type": ("application/json",)}, receiver.now, url=url)
    now = receiver.now if at is None else at
    verifier: Any = receiver.sources[kind].verifier
    if kind == "ed25519":
        verifier = dataclasses.replace(verifier, keys=PublicKeys((PRIVATE.public_key(),), PRIVATE))
    delivery = verifier.sign(delivery, now)
    headers = {name: value for name, (value,) in delivery.headers.items()}
    return Request.of(kind, body, headers, query=urlsplit(delivery.url).query)


def proofs(request: Request) -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.headers if name != "content-type"]


def refused(sender: Sender, request: Request) -> str:
    """The reason that the sender is told, once it is sure that nothing of the secret is in it."""
    with heard() as said:
        answer = sender.send(request)
    assert answer.status == 401, answer.body
    assert answer.json.keys() == {"error"}
    logged = "".join(map(str, said))
    for hidden in (*ENVIRON.values(), SECRET[:12], OTHER[:12]):
        assert hidden not in answer.body.decode() + logged
    return str(answer.json["error"])


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_signed_is_taken(kind: str, receiver: Receiver, sender: Sender) -> None:
    assert sender.send(signed(receiver, kind)).status == 202


@pytest.mark.parametrize("kind", KINDS)
def test_without_its_proof_it_is_refused(kind: str, receiver: Receiver, sender: Sender) -> None:
    request = signed(receiver, kind)
    for name, _ in proofs(request):
        bare = Request(kind, BODY, tuple(pair for pair in request.headers if pair[0] != name), query=request.query)
        assert name in refused(sender, bare).lower()
    refused(sender, Request.of(kind, BODY, {}))


@pytest.mark.parametrize("kind", KINDS)
def test_a_repeated_header_is_refused_wherever_it_stands(kind: str, receiver: Receiver, sender: Sender) -> None:
    """Also with the same value: who reads the first and who reads the last must not see two deliveries."""
    request = signed(receiver, kind)
    for name, value in proofs(request):
        for again in (value, "x"):
            for pairs in ((*request.headers, (name.upper(), again)), ((name, again), *request.headers)):
                assert "more than one" in refused(sender, Request(kind, BODY, pairs, query=request.query))
    if request.query:
        twice = Request(kind, BODY, request.headers, query=f"{request.query}&{request.query}")
        assert "more than one" in refused(sender, twice)


@pytest.mark.parametrize("kind", SIGNED)
@pytest.mark.parametrize("sent", [BODY + b"\n", b" " + BODY, BODY.replace(b"2.50", b"2.5"), json.dumps(json.loads(BODY)).encode(), b""])
def test_a_body_that_was_written_anew_on_its_way_is_refused(sent: bytes, kind: str, receiver: Receiver, sender: Sender) -> None:
    """Equal as JSON is not equal as bytes."""
    request = signed(receiver, kind)
    refused(sender, Request(kind, sent, request.headers, query=request.query))


@pytest.mark.parametrize("kind", ["timed", "listed", "everything", "ed25519", "standard"])
@pytest.mark.parametrize("sign", [-1, 1])
def test_an_old_and_a_future_time_are_refused(sign: int, kind: str, receiver: Receiver, sender: Sender) -> None:
    for seconds in (301, 86_400 * 365):
        assert "clock" in refused(sender, signed(receiver, kind, at=receiver.now + sign * seconds))
    assert sender.send(signed(receiver, kind, at=receiver.now + sign * 299)).status == 202


@pytest.mark.parametrize("kind", [kind for kind in SIGNED if kind != "standard"])
@pytest.mark.parametrize("text", ["", "zz", "00", "sha256=", "v1=", "t=1,v1=zz", "=", ",,,,", "ü" * 50, "A" * 5000, "sha256=" + "0" * 64])
def test_a_signature_that_is_none_is_refused(text: str, kind: str, receiver: Receiver, sender: Sender) -> None:
    header = "x-hub-signature-256" if kind == "github" else "x-signature"
    refused(sender, signed(receiver, kind).with_header(header, text))


@pytest.mark.parametrize("kind", ["token", "bearer", "query", "password"])
@pytest.mark.parametrize("other", ["", "x", SECRET[:-1], SECRET + "x", OTHER, SECRET.upper(), "Bearer", "Basic", "Bearer " * 50])
def test_another_token_is_refused(other: str, kind: str, receiver: Receiver, sender: Sender) -> None:
    request = signed(receiver, kind)
    if kind == "query":
        refused(sender, Request(kind, BODY, request.headers, query=f"token={other.replace(' ', '+')}"))
        return
    ((name, _),) = proofs(request)
    refused(sender, request.with_header(name, other))
    encoded = base64.b64encode(f"deploy:{other}".encode()).decode()
    refused(sender, request.with_header(name, f"Basic {encoded}"))


def token(now: float, algorithm: str = "HS256", key: Any = SECRET, **claims: Any) -> str:
    stated = {"exp": now + 60, "aud": "us", **claims}
    kept = {name: value for name, value in stated.items() if value is not None}
    return jwt.encode(kept, None if algorithm == "none" else key, algorithm=algorithm)


BAD_TOKENS: Mapping[str, Mapping[str, Any]] = {
    "no algorithm": {"algorithm": "none"},
    "another algorithm": {"algorithm": "HS512", "key": SECRET * 2},
    "another secret": {"key": OTHER},
    "over": {"exp": 1_699_999_969},
    "not yet": {"nbf": 1_700_000_031},
    "issued later": {"iat": 1_700_000_031},
    "without end": {"exp": None},
    "an end that is no number": {"exp": "2100"},
    "for others": {"aud": "them"},
    "for nobody": {"aud": None},
}


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_a_bad_token_is_refused(name: str, receiver: Receiver, sender: Sender) -> None:
    made = token(receiver.now, **BAD_TOKENS[name])
    refused(sender, Request.of("jwt", BODY, {"Authorization": f"Bearer {made}"}))
    assert sender.send(Request.of("jwt", BODY, {"Authorization": f"Bearer {token(receiver.now)}"})).status == 202


@pytest.mark.parametrize(
    "text", ["", "Bearer", "Bearer a.b.c", "Bearer ..", "a" * 20_000, "Bearer " + base64.b64encode(b"[" * 9000).decode() + ".e30.x"]
)
def test_what_is_no_token_is_refused(text: str, sender: Sender) -> None:
    refused(sender, Request.of("jwt", BODY, {"Authorization": text}))


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ({}, "HR403"),
        ({"provider": "github"}, "HR403"),
        ({"provider": "nobody", "secret": VALUE}, "HR404"),
        ({"verify": {}}, "HR414"),
        ({"verify": {"md5": "x"}}, "HR414"),
        ({"verify": {"hmac": "md5", "header": "X", "secret": VALUE}}, "HR104"),
        ({"verify": {"hmac": "sha256", "header": "X"}}, "HR403"),
        ({"verify": {"hmac": "sha256", "header": "X"}, "secret": {"env": "EMPTY"}}, "HR407"),
        ({"verify": {"hmac": "sha256", "header": "X"}, "secret": ""}, "HR407"),
        ({"verify": {"hmac": "sha256", "header": "X"}, "secret": []}, "HR104"),
        ({"verify": {"token": {"header": "X", "value": {"env": "EMPTY"}}}}, "HR407"),
        ({"verify": {"basic": {"username": "a", "password": {"env": "GONE"}}}}, "HR407"),
        ({"verify": {"jwt": {"algorithms": "none", "secret": VALUE}}}, "HR104"),
        ({"verify": {"all": []}}, "HR104"),
        ({"verify": {"any": ["none"]}}, "HR104"),
        ({"verify": {"allow_from": []}}, "HR104"),
    ],
)
def test_a_source_that_could_prove_nothing_is_not_served(source: Mapping[str, Any], code: str) -> None:
    with pytest.raises(Unusable) as told:
        Receiver({"sources": {"it": source}}, {**ENVIRON, "EMPTY": ""})
    assert code in {finding.code for finding in told.value.findings}


@pytest.mark.parametrize("certificate", ["listener", {"header": "X-SSL-Client-Verify"}])
def test_a_header_that_anyone_can_write_is_no_certificate(certificate: object) -> None:
    with Receiver({"sources": {"it": {"verify": {"client_certificate": certificate}}}}, {}) as receiver, receiver.listening() as sender:
        refused(sender, Request.of("it", BODY, {"X-SSL-Client-Verify": "SUCCESS"}))


def test_an_address_that_is_not_allowed_is_refused_before_anything_is_read(caplog: pytest.LogCaptureFixture) -> None:
    source = {"verify": {"token": {"header": "X-Token", "value": VALUE}}, "allow_from": ["192.0.2.0/24", "2001:db8::/32"]}
    with Receiver({"sources": {"it": source}}, ENVIRON) as receiver, receiver.listening() as sender:
        request = Request.of("it", BODY, {"X-Token": SECRET, "Content-Type": "application/json"})
        assert refused(sender, request) == "this source takes no deliveries from 127.0.0.1"
        assert [receiver.ask(request, address).status for address in ("192.0.2.9", "2001:db8::1")] == [202] * 2
        assert [receiver.ask(request, address).status for address in ("192.0.3.9", "2001:db9::1", "x")] == [401] * 3
