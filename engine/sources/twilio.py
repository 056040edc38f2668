"""Twilio: a keyed hash of the URL and the form's fields, or of the URL alone where that holds the hash of a JSON body.

Formats: Twilio Docs, "Webhooks Security"; twilio-python, `request_validator.py`, whose verdicts these are. Not signed are the headers,
the order of fields, and where a field's name ends and its value begins.
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl

from msgspec.structs import replace

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery, Json, Reply
from hookrules.engine.sources.batch import Batch
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import Verifier, header, text_at
from hookrules.engine.sources.verification import ENCODE, decoded, needed_header, position_of_proof, with_headers

_HEADER = "X-Twilio-Signature"
_SETTINGS = "X-Twilio-Webhooks-Signature-Settings"
_TOKEN = "I-Twilio-Idempotency-Token"  # noqa: S105 - a header's name
_BODY_HASH = "bodySHA256"
_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 10_000
_PORTS = {"http": "80", "https": "443"}


@dataclass(frozen=True, slots=True)
class TwilioSignature(Verifier):
    secrets: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def of(cls, credentials: Credentials) -> "TwilioSignature":
        return cls(credentials.shared())

    def verify(self, delivery: Delivery, now: float) -> int | None:
        del now
        given = [decoded(needed_header(delivery, _HEADER), "base64", _HEADER)]
        fields, chosen = _fields_signed(delivery), _hash(delivery)
        # Every URL with every secret: which one fits is told by the first secret that any fits.
        proofs = [
            position_of_proof(given, [hmac.digest(secret, (url + fields).encode(errors="replace"), chosen) for secret in self.secrets])
            for url in urls_signed(delivery.url)
        ]
        if not any(proofs):
            raise Unproven(f"the signature in {_HEADER} fits neither this URL nor what came with it; Twilio signs the URL as it knows it")
        return next(position for position in proofs if position)

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        del now
        whole = delivery
        if delivery.body and not _is_form(delivery):
            digest = hashlib.sha256(delivery.body).hexdigest()
            mark = "&" if "?" in delivery.url else "?"
            query = {**delivery.query, _BODY_HASH: (digest,)}
            whole = replace(delivery, url=f"{delivery.url}{mark}{_BODY_HASH}={digest}", query=query)
        signature = hmac.digest(self.secrets[0], (whole.url + _fields_signed(whole)).encode(), "sha1")
        return with_headers(whole, {_HEADER: ENCODE["base64"](signature)})


def _hash(delivery: Delivery) -> Literal["sha1", "sha256"]:
    """SHA-1 with the account's token; SHA-256 where a header says so, as for keys that several accounts share."""
    settings = dict(part.strip().partition("=")[::2] for part in (header(delivery, _SETTINGS) or "").split(","))
    algorithm = settings.get("algorithm", "HMAC_SHA1").upper()
    if algorithm not in ("HMAC_SHA1", "HMAC_SHA256"):
        raise Unproven(f"{_SETTINGS} names an algorithm that is not known")
    return "sha256" if algorithm == "HMAC_SHA256" else "sha1"


def _fields_signed(delivery: Delivery) -> str:
    """What is signed behind the URL: a form's names and values, sorted, each pair once. Raises Unproven where nothing proves the body."""
    if not (delivery.body and _is_form(delivery)):
        _check_body_hash(delivery)
        return ""
    try:
        pairs = parse_qsl(delivery.body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Unproven("the body is not a form, and its content type says that it is one") from None
    return "".join(name + value for name, value in sorted(set(pairs)))


def _is_form(delivery: Delivery) -> bool:
    """A charset that nobody signed must not make another form of it."""
    media, _, parameters = (header(delivery, "content-type") or "").lower().partition(";")
    return media.strip() == _FORM and parameters.strip().replace('"', "") in ("", "charset=utf-8")


def _check_body_hash(delivery: Delivery) -> None:
    hashes = [value for name, value in _query_of(delivery.url) if name == _BODY_HASH]
    if not hashes and not delivery.body:
        return
    if len(hashes) != 1:
        raise Unproven(f"a body that is no form has to be vouched for by {_BODY_HASH} in the URL")
    if not hmac.compare_digest(hashes[0].encode(), hashlib.sha256(delivery.body).hexdigest().encode()):
        raise Unproven(f"{_BODY_HASH} in the URL does not fit this body")


def _query_of(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(url.partition("?")[2], keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return []


def urls_signed(url: str) -> Sequence[str]:
    """The URL without and with its port: Twilio signs either, and does not say which."""
    scheme, _, rest = url.partition("://")
    end = min((rest.find(mark) for mark in "/?#" if mark in rest), default=len(rest))
    place, path = rest[:end], rest[end:]
    host, colon, port = place.rpartition(":")
    if not (colon and port.isdigit()):
        host, port = place, _PORTS.get(scheme, "")
    return f"{scheme}://{host}{path}", f"{scheme}://{host}:{port}{path}"


@dataclass(frozen=True, slots=True)
class Twilio(Batch):
    """`provider: twilio`: calls and messages as forms, or an event stream's list of CloudEvents."""

    methods = frozenset({"GET", "POST"})
    acknowledgement = Reply(200, b"<Response/>", "text/xml")

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        return next(_types(payload if isinstance(payload, dict) else _flat(delivery.query)), "")

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        """Of a CloudEvent its own id, for any other delivery the token that stays when Twilio sends it again."""
        return text_at(payload, "id") if text_at(payload, "specversion") else header(delivery, _TOKEN)

    def label(self, event_type: str, delivery_id: str | None = None) -> Mapping[str, str]:
        del event_type
        return {} if delivery_id is None else {_TOKEN: delivery_id}


def _types(fields: Mapping[str, Json]) -> Iterator[str]:
    """A CloudEvent's own, or what it is about and how that stands: `message.received`, `call.completed`."""
    if text_at(fields, "specversion"):
        yield text_at(fields, "type") or ""
    for name, kind in (("MessageStatus", "message"), ("SmsStatus", "message"), ("CallStatus", "call")):
        value = text_at(fields, name)
        if value is not None:
            yield f"{kind}.{value}"


def _flat(query: Mapping[str, tuple[str, ...]]) -> Mapping[str, Json]:
    return {name: values[0] for name, values in query.items() if values}


PROVIDER = Provider(
    title="Twilio",
    source=Twilio,
    verifier=TwilioSignature.of,
    proof="the account's *Auth Token*, from the Twilio Console",
    setup="Enter the URL at the number, the messaging service or the event sink, by POST or GET.",
    signs_url=True,
    types="`message.` and the message's status (`message.received`), or `call.` and the call's (`call.completed`); of an event stream the "
    "event's `type`.",
    delivery="`I-Twilio-Idempotency-Token`; of an event stream the event's `id`.",
    remarks="It is answered with empty TwiML: no message goes back, and an incoming call ends. What comes by GET is in `query`, and the "
    "payload is null.",
)
