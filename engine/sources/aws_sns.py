"""Amazon SNS: RSA over some members of the JSON body, by a certificate that the body names and that Amazon has to hand out.

Format: Amazon SNS Developer Guide, "Verifying the signatures of Amazon SNS messages". Anyone may own a topic, so that a signature proves
Amazon and no more: the source names the topics that it is for. Bodies are JSON that calls itself plain text.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from hookrules.engine import bodies
from hookrules.engine.errors import Refusal, Unproven
from hookrules.engine.model import Delivery, Json, Reply
from hookrules.engine.sources.batch import Batch
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.sns_certificates import Certificates, Fetch, confirm, fetch
from hookrules.engine.sources.source import CannotSign, Verifier, header, text_at
from hookrules.engine.sources.timestamps import check_time
from hookrules.engine.sources.unproven_bodies import json_of, object_of
from hookrules.engine.sources.verification import decoded

TOLERANCE = 3600.0
"""SNS gives up after an hour at most, whatever the subscription's delivery policy."""
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED = {"Notification": _NOTIFICATION, "SubscriptionConfirmation": _CONFIRMATION, "UnsubscribeConfirmation": _CONFIRMATION}
_PROOF = ("Signature", "SignatureVersion", "SigningCertURL")
_HASHES: Mapping[str, HashAlgorithm] = {"1": SHA1(), "2": SHA256()}  # noqa: S303 - what SNS signs with unless a topic asks for version 2
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class SnsSignature(Verifier):
    topics: frozenset[str]
    tolerance: float = TOLERANCE
    fetch: Fetch = fetch
    certificates: Certificates = field(default_factory=Certificates, compare=False, repr=False)

    @classmethod
    def of(cls, credentials: Credentials) -> "SnsSignature":
        """Raises ValueError for what is no topic's ARN."""
        topics = frozenset(topic.strip() for topic in credentials.secrets)
        if not all(_TOPIC.fullmatch(topic) for topic in topics):
            raise ValueError("a topic is named by its ARN, like arn:aws:sns:eu-central-1:123456789012:alarms")
        return cls(topics, credentials.within(TOLERANCE))

    def may_wait(self) -> bool:
        return True

    def verify(self, delivery: Delivery, now: float) -> None:
        if header(delivery, "x-amz-sns-rawdelivery") == "true":
            raise Unproven("raw message delivery is not signed; turn it off in the subscription")
        message = _read(json_of(delivery))
        if message["TopicArn"] not in self.topics:
            raise Unproven("the message is of a topic that this source does not name")
        check_time(message["Timestamp"], "rfc3339", now, self.tolerance, "the body")
        algorithm = _HASHES.get(message["SignatureVersion"])
        if algorithm is None:
            raise Unproven("SignatureVersion is neither 1 nor 2")
        signature = decoded(message["Signature"], "base64", "Signature")
        key = self.certificates.key(message["SigningCertURL"], now, self.fetch)
        try:
            key.verify(signature, _signed(message), PKCS1v15(), algorithm)
        except InvalidSignature:
            raise Unproven("the signature in the body does not fit this message") from None

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        del delivery, now
        raise CannotSign("only Amazon signs for SNS; publish to the topic to try a delivery, or ask `hookrules explain` about a file")

    def confirm(self, url: Json) -> None:
        """Raises Unproven for a URL that is not Amazon's, and Unavailable where Amazon does not confirm."""
        confirm(url, self.fetch)


def _read(payload: Json) -> dict[str, str]:
    """The members that count, all of them text. Raises Unproven."""
    kind = text_at(payload, "Type") or ""
    if kind not in _SIGNED:
        raise Unproven("the body is no message of SNS with its signature")
    # A Lambda function gets the same members with another spelling, and may pass them on.
    found = {"SigningCertURL": payload.get("SigningCertUrl"), **payload}
    names = [name for name in (*_SIGNED[kind], *_PROOF) if name != "Subject" or found.get(name) is not None]
    if not all(_is_line(name, found.get(name)) for name in names):
        raise Unproven("a member of the message that its signature needs is missing, or no text")
    return {name: found[name] for name in names}


def _is_line(name: str, value: Any) -> bool:
    """A line, save in the message itself: where one member ends and the next begins is told by line ends alone."""
    return isinstance(value, str) and (name == "Message" or "\n" not in value)


def _signed(message: Mapping[str, str]) -> bytes:
    return "".join(f"{name}\n{message[name]}\n" for name in _SIGNED[message["Type"]] if name in message).encode()


@dataclass(frozen=True, slots=True)
class AwsSns(Batch):
    """`provider: aws-sns`. The payload is SNS's envelope; a `Message` that is JSON stands in it as what it decodes to."""

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        """`Notification.alarms`: what it is, and the topic's name."""
        del delivery
        kind, topic = text_at(payload, "Type") or "", (text_at(payload, "TopicArn") or "").rpartition(":")[2]
        return f"{kind}.{topic}" if kind and topic else kind

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        del delivery
        return text_at(payload, "MessageId")

    def items(self, delivery: Delivery, payload: Json) -> Sequence[Json] | None:
        # Read as `verify` read it: by the content type the payload is text.
        del payload
        envelope = object_of(delivery)
        return [_unfolded(envelope)] if envelope else None

    def handshake(self, delivery: Delivery, payload: Json) -> Reply | None:
        del payload
        envelope = object_of(delivery)
        if envelope.get("Type") != "SubscriptionConfirmation":
            return None
        if isinstance(self.verifier, SnsSignature):  # where a rule is tried, nobody is asked
            self.verifier.confirm(envelope.get("SubscribeURL"))
        return Reply(200)


def _unfolded(envelope: dict[str, Json]) -> dict[str, Json]:
    message = envelope.get("Message")
    if not isinstance(message, str) or message.lstrip()[:1] not in ("{", "["):
        return envelope
    try:
        return {**envelope, "Message": bodies.decode(message.encode(), "application/json")}
    except Refusal:
        return envelope


PROVIDER = Provider(
    title="Amazon SNS",
    source=AwsSns,
    verifier=SnsSignature.of,
    public=True,
    proof="the ARN of the topic, or a list of ARNs: no secret, but whose messages are taken",
    setup="A subscription of the topic with the protocol HTTPS and the URL, without *raw message delivery*, which is not signed. Signature "
    "version 2 of the topic is the better one.",
    signs_time=True,
    types="`Notification.` and the topic's name (`Notification.alarms`); `UnsubscribeConfirmation.` and the name where it ends.",
    delivery="`MessageId`.",
    remarks="A subscription is confirmed by asking Amazon, and so is the certificate that messages are signed with: this server has to "
    "reach `sns.<region>.amazonaws.com`. The payload is SNS's envelope; where its `Message` holds JSON, that is what stands there: "
    "`$.Message.AlarmName`. A message older than an hour is refused, or than `tolerance`.",
)
