"""Deliveries and sources with one byte changed, made of a published signature that is accepted."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from support_ingress import Request
from support_signature_vectors import Case, published

SMALL = 300
"""Bytes up to which each is changed; of more, SAMPLE of them, the first and the last included."""
SAMPLE = 40

SIGNED_FIELDS: Mapping[str, tuple[str, ...]] = {
    "mailgun": ("timestamp", "token", "signature"),
    "adyen-item": (
        *("pspReference", "originalReference", "merchantAccountCode", "merchantReference", "value", "currency", "eventCode", "success"),
        "hmacSignature",
    ),
    "aws-sns": ("Type", "MessageId", "TopicArn", "Message", "Timestamp", "SignatureVersion", "Signature"),
}
"""Schemes that sign fields of the body and not its bytes, with the fields: Mailgun's event data is not signed at all, nor what Adyen and
SNS say beside what they sign."""


def changed_bodies(case: Case, request: Request) -> Iterator[Request]:
    for at in _places_in_body(case.scheme, request.body):
        yield replace(request, body=request.body[:at] + bytes([request.body[at] ^ 1]) + request.body[at + 1 :])


def changed_signatures(case: Case, request: Request) -> Iterator[Request]:
    """Also its prefix, and the time beside it in a list."""
    for name, value in signatures(case.scheme, request):
        for changed in changed_texts(value):
            yield request.with_header(name, changed)


def changed_texts(text: str) -> Iterator[str]:
    for at in places(len(text)):
        yield text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]


def signatures(scheme: str, request: Request) -> list[tuple[str, str]]:
    """The headers that hold a signature; none where it stands in the body."""
    names = ["box-signature-primary", "box-signature-secondary"] if scheme == "box" else [published()["schemes"][scheme].get("header", "")]
    wanted = {name.lower() for name in names}
    return [(name, value) for name, value in request.headers if name.lower() in wanted]


def with_one_signature(scheme: str, request: Request) -> Iterator[Request]:
    """The request with one of its signatures alone: of those beside it, a changed one would only prove nothing."""
    kind, headers = published()["schemes"][scheme], signatures(scheme, request)
    if len(headers) > 1:
        for name, _ in headers:
            others = {other for other, _ in headers if other != name}
            yield replace(request, headers=tuple(pair for pair in request.headers if pair[0] not in others))
        return
    for name, value in headers:
        separator = " " if kind["kind"] == "standard-webhooks" else kind.get("sep")
        parts = value.split(separator) if separator else [value]
        times = [part for part in parts if "ts_key" in kind and part.startswith(f"{kind['ts_key']}=")]
        for part in parts:
            if part not in times:
                yield request.with_header(name, (separator or "").join([*times, part]))
    if not headers:
        yield request


def with_one_secret(source: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for secret in source["secret"]:
        yield {**source, "secret": [secret]}


def places(length: int) -> Sequence[int]:
    if length <= SMALL:
        return range(length)
    return sorted({*range(0, length, length // SAMPLE), length - 1})


def _places_in_body(scheme: str, body: bytes) -> Sequence[int]:
    fields = SIGNED_FIELDS.get(scheme)
    if fields is None:
        return places(len(body))
    return [at for name in fields for at in _value_of(name, body)]


def _value_of(name: str, body: bytes) -> range:
    """Where the value of a member of this name stands, without its quotes; the innermost one, where two have the name."""
    start = body.rfind(json.dumps(name).encode() + b":")
    if start < 0:
        return range(0)
    start += len(json.dumps(name)) + 1
    while body[start : start + 1] in (b" ", b'"'):
        start += 1
    end = start
    while body[end : end + 1] not in (b'"', b",", b"}") or body[end - 1 : end] == b"\\":
        end += 1
    return range(start, end)
