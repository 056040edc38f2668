"""Whatever comes over a socket, no answer is 500, and the next sender is served: every provider and every kind of proof, over raw HTTP.

`HOOKRULES_FUZZ_SECONDS=600 pytest -s tests/acceptance/test_ingress_fuzz.py` goes on for ten minutes, and prints what came of it.
"""

import base64
import gzip
import json
import os
import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support_assembly import settings_of
from support_front import Receiver, exchange, read_status, receiving
from support_logs import heard

from hookrules.engine.config.wiring import signing_source_of
from hookrules.engine.model import Delivery
from hookrules.engine.sources import provider, providers
from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.source import CannotSign, Source

LONG_RUN = float(os.environ.get("HOOKRULES_FUZZ_SECONDS", "0"))
URL = "https://hooks.example.com"
SECRET = "a secret of tests"


def _private(key: Any) -> str:
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


_EDWARDS, _NIST = Ed25519PrivateKey.generate(), generate_private_key(SECP256R1())
SECRETS: Mapping[str, str | None] = {
    SECRET: None,
    "whsec_" + base64.b64encode(b"a secret of twenty-four bytes").decode(): None,
    "arn:aws:sns:eu-central-1:123456789012:tests": None,
    _EDWARDS.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex(): _private(_EDWARDS),
    base64.b64encode(_NIST.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode(): _private(_NIST),
}
"""One of each form that a provider may ask for → the private key of a public one."""


def secret_of(name: str) -> str:
    for secret in SECRETS:
        try:
            (provider(name).verifier or (lambda _: None))(Credentials((secret,)))
        except ValueError:
            continue
        return secret
    pytest.fail(f"no secret here is of the form that provider {name} asks for: add one to SECRETS")


DESCRIBED: dict[str, Any] = {
    "open": {"verify": "none", "type": "$.type", "delivery_id": "$.id", "split": "$.items[*]"},
    "counted": {
        "verify": "none",
        "rate_limit": "50/1s",
        "dedupe": "body",
        "redeliver": "ignore",
        "type": "header.X-Type",
        "delivery_id": "query.k",
    },
    "hmac": {"verify": {"hmac": "sha256", "header": "X-Signature", "prefix": "sha256="}, "secret": SECRET},
    "timed": {
        "verify": {
            "hmac": "sha512",
            "header": "X-Signature",
            "encoding": "base64url",
            "signed": "{timestamp}.{url}.{method}.{body}",
            "timestamp_header": "X-Timestamp",
        },
        "secret": SECRET,
    },
    "listed": {
        "verify": {
            "hmac": "sha1",
            "header": "X-Signature",
            "signed": "{timestamp}.{body}",
            "header_format": {"separator": ",", "timestamp": "t", "signature": "v1"},
        },
        "secret": SECRET,
    },
    "token": {"verify": {"token": {"header": "X-Token", "value": SECRET}}},
    "jwt": {"verify": {"jwt": {"algorithms": "HS256"}}, "secret": SECRET * 3},
    "address": {"verify": {"allow_from": ["192.0.2.0/24", "2001:db8::/32"]}},
    "proxied": {"verify": {"client_certificate": {"header": "X-SSL-Client-Verify"}}},
    "either": {"verify": {"any": [{"token": {"query": "key", "value": SECRET}}, {"allow_from": "127.0.0.1"}]}},
}


def configuration() -> str:
    known = {
        name: {"provider": name} | ({"secret": secret_of(name)} if provider(name).verifier else {"verify": "none"}) for name in providers()
    }
    server = {"external_url": URL, "max_body": "64KiB", "trusted_proxies": ["127.0.0.0/8"], "rate_limit": "100000/1s"}
    return json.dumps({"server": server, "sources": known | DESCRIBED})


CONFIG = configuration()
SETTINGS = settings_of(CONFIG)
SOURCES = {
    name: signing_source_of(SETTINGS, name, SECRETS.get(source.secrets[0].reveal()) if source.secrets else None)
    for name, source in SETTINGS.sources.items()
}


@dataclass(frozen=True)
class Sent:
    """One request, byte for byte. `ends`: the sender closes its side behind it, and so may stop in the middle."""

    data: bytes
    ends: bool = False
    source: str = ""
    """Whose signature it bears."""

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """How hypothesis shows it: bodies may be large."""
        printer.text(f"Sent({self.data[:5000]!r}{' and more' * (len(self.data) > 5000)}, ends={self.ends}, source={self.source!r})")


_WORDS = """
GET POST sha256= sha1= t= v1= v0= v1, Bearer Basic gzip deflate br identity chunked close application/json application/x-www-form-urlencoded
multipart/form-data;boundary=x text/xml text/plain;charset=utf-7 application/cloudevents+json application/octet-stream 100-continue
for=192.0.2.1 for=127.0.0.1 192.0.2.1 ::1 https 0 -1 1700000000 99999999999999999999 NaN true null SUCCESS push ping e30=
eyJhbGciOiJub25lIn0.e30.
"""
_NAMES = """
Content-Type Content-Encoding Expect Connection User-Agent Authorization Forwarded X-Forwarded-For X-Forwarded-Proto X-Forwarded-Host
X-Signature X-Timestamp X-Token X-Type Cookie X-SSL-Client-Verify aeg-event-type ce-id ce-type X-Amz-Sns-Message-Type TE Upgrade
"""
_METHODS = "POST POST POST POST POST POST GET HEAD PUT OPTIONS DELETE CONNECT BREW"
WORDS, NAMES = _WORDS.split(), _NAMES.split()
SIGNED = sorted({name for source in SOURCES.values() for name in source.label("push", "1")})
HOST = ("Host", "localhost")
LIES = [("Content-Length", "0"), ("Content-Length", "1, 1"), ("Transfer-Encoding", "gzip, chunked"), ("Host", "")]
PLACES = f"/ * /hooks /hooks/ /hooks/a/b /hooks/%00 /hooks/%ff /healthz /readyz {URL}/hooks/open //hooks/open".split()

visible = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=20)
"""What HTTP lets stand in a header's value; the rest is left to `junk`."""
values = st.lists(st.sampled_from(WORDS) | visible, max_size=5).map("".join)
names = st.sampled_from(NAMES + SIGNED) | st.text("abcXYZ-_!09", min_size=1, max_size=12)
headers = st.lists(st.tuples(names, values), max_size=8)
methods = st.sampled_from(_METHODS.split()) | st.text("AB!~#", min_size=1, max_size=6)
paths = st.sampled_from([f"/hooks/{name}" for name in SOURCES]) | st.sampled_from(PLACES)
queries = st.just("") | st.text("abk=&;+%2Fey?/", max_size=20).map("?{}".format)
LARGE_OR_ODD = {
    "large": b"x" * 70_000,
    "unpacked": gzip.compress(b"0" * 5_000_000),
    "marked": b"\xef\xbb\xbf{}",
    "surrogate": b'{"a": "\xed\xa0\x80"}',
}
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(WORDS)
keys = st.sampled_from(["id", "type", "action", "event", "items", "object", "data", "challenge", "payload", "ref", "repository"]) | st.text(
    max_size=8
)
documents = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5), max_leaves=20)
objects = st.dictionaries(keys, documents, max_size=6).map(lambda document: json.dumps(document).encode())
forms = st.dictionaries(keys, values, max_size=4).map(urlencode).map(str.encode)
parts = values.map(lambda text: f'--x\r\nContent-Disposition: form-data; name="{text}"; filename="a"\r\n\r\n{text}\r\n--x--\r\n'.encode())
trees = values.map(lambda text: f"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a b='{text}'>&b;</a>".encode())
bodies = st.one_of(
    objects,
    documents.map(lambda document: json.dumps(document).encode()),
    st.binary(max_size=200),
    st.integers(0, 400).map(lambda depth: b"[" * depth + b"]" * depth),
    st.sampled_from(sorted(LARGE_OR_ODD)).map(lambda name: LARGE_OR_ODD[name]),
)
contents = st.one_of(
    st.tuples(st.just([("Content-Type", "application/json")]), objects),
    st.tuples(st.just([("Content-Type", "application/json")]), bodies),
    st.tuples(st.just([("Content-Type", "application/x-www-form-urlencoded")]), forms),
    st.tuples(st.just([("Content-Type", "multipart/form-data; boundary=x")]), parts),
    st.tuples(st.just([("Content-Type", "application/xml")]), trees),
    st.tuples(st.just([("Content-Type", "application/json"), ("Content-Encoding", "gzip")]), objects.map(gzip.compress)),
    st.tuples(headers, bodies | forms | parts | trees),
)
"""Headers that say what a body is, and a body that mostly is it."""


def written(method: str, target: str, lines: Sequence[tuple[str, str]], body: bytes) -> bytes:
    """What is no line of a header any more is still sent, save its end: a request without end only waits."""
    head = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in lines)]
    clean = [line.replace("\r", "").replace("\n", "") for line in head]
    return "\r\n".join([*clean, "", ""]).encode("latin-1", "replace") + body


def chunked(body: bytes, size: int) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@st.composite
def requests(draw: st.DrawFn) -> Sent:
    """HTTP of sorts: a length that is true, one that is not, none, or pieces."""
    told, body = draw(contents)
    lines = [HOST, *told, *draw(headers)]
    if draw(st.integers(0, 15)) == 0:
        lines.append(draw(st.sampled_from(LIES)))
    framing = draw(st.sampled_from(["length"] * 4 + ["lie", "none", "chunked", "chunked", "broken"]))
    if framing in ("length", "lie"):
        lines.append(("Content-Length", str(len(body) if framing == "length" else draw(st.integers(0, 100_000)))))
    elif framing in ("chunked", "broken"):
        lines.append(("Transfer-Encoding", "chunked"))
        body = chunked(body, draw(st.integers(1, 50)))
        body = body[: draw(st.integers(0, len(body)))] if framing == "broken" else body
    return Sent(written(draw(methods), draw(paths) + draw(queries), lines, body), ends=framing in ("lie", "broken"))


@st.composite
def signed(draw: st.DrawFn) -> Sent:
    """What its source signed itself, so that what comes after the proof is reached; sometimes with one byte changed under way."""
    source = SOURCES[draw(st.sampled_from(sorted(SOURCES)))]
    told, body = draw(contents)
    delivery = _signed_by(source, body, [*draw(headers), *told])
    body = delivery.body
    if body and draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(body) - 1))
        body = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
    lines = [(name, value) for name, several in delivery.headers.items() for value in several]
    _, mark, query = delivery.url.partition("?")
    return Sent(
        written("POST", f"/hooks/{source.name}{mark}{query}", [HOST, *lines, ("Content-Length", str(len(body)))], body), source=source.name
    )


def _signed_by(source: Source, body: bytes, lines: Sequence[tuple[str, str]]) -> Delivery:
    own = {"content-length", "transfer-encoding", "expect", "connection", "upgrade", "te"}
    fields = {name.lower(): (value,) for name, value in lines if name.lower() not in own}
    delivery = Delivery(source.name, body, {**source.label("push", "1"), "content-type": ("application/json",), **fields}, time.time())
    delivery = replace(delivery, headers=_as_fields(delivery.headers), url=f"{URL}/hooks/{source.name}")
    try:
        return source.verifier.sign(delivery, time.time())
    except (CannotSign, UnicodeError, ValueError):
        return delivery


def _as_fields(written: Any) -> dict[str, tuple[str, ...]]:
    return {name.lower(): (value,) if isinstance(value, str) else value for name, value in written.items()}


junk = st.binary(max_size=200).map(lambda data: Sent(data, ends=True))
sent = st.one_of(requests(), requests(), signed(), signed(), junk)


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving(CONFIG, body_seconds=0.5) as made:
        yield made


def status_for(receiver: Receiver, what: Sent) -> int:
    """0 where the connection ends without an answer."""
    with receiver.connect() as connection:
        try:
            connection.sendall(what.data)
            if what.ends:
                connection.shutdown(socket.SHUT_WR)
            return read_status(connection)
        except TimeoutError:
            raise  # neither answered nor ended
        except OSError:
            return 0


def still_serves(receiver: Receiver) -> bool:
    with receiver.connect() as connection:
        return exchange(connection, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 200


def fuzz(receiver: Receiver, came: Counter[int], proven: set[str], examples: int) -> None:
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(sent)
    def send(what: Sent) -> None:
        status = status_for(receiver, what)
        came[status] += 1
        if status in (200, 202):
            proven.add(what.source)
        assert status != 500
        if status in (0, 400):
            assert still_serves(receiver)

    send()


def test_no_request_is_answered_500(receiver: Receiver) -> None:
    came: Counter[int] = Counter()
    proven: set[str] = set()
    fuzz_quietly(receiver, came, proven, 300)
    end = time.monotonic() + LONG_RUN
    while time.monotonic() < end:
        fuzz_quietly(receiver, came, proven, 1000)
    if LONG_RUN:
        never = ", ".join(sorted(SOURCES.keys() - proven)) or "none"
        print(f"\n{came.total()} requests: {dict(sorted(came.items()))}; sources that took none of their own: {never}")
    assert still_serves(receiver)
    assert came[202], "nothing was accepted: this reaches no further than the proof"


def fuzz_quietly(receiver: Receiver, came: Counter[int], proven: set[str], requests: int) -> None:
    with heard() as said:
        fuzz(receiver, came, proven, requests)
    assert not [each for each in said if each.trace]
