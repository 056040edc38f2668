import base64
import datetime
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from support_forgeries import NOW, delivery, other_texts, proven_by

from hookrules.engine.errors import Unavailable
from hookrules.engine.model import Delivery
from hookrules.engine.sources.aws_sns import AwsSns, SnsSignature
from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.sns_certificates import Fetch, fetch
from hookrules.engine.sources.source import CannotSign
from hookrules.engine.sources.timestamps import time_written
from hookrules.engine.sources.verification import NoProof

TOPIC = "arn:aws:sns:eu-central-1:123456789012:alarms"
HOST = "https://sns.eu-central-1.amazonaws.com"
CERTIFICATE, EXPIRED, CURVE, NONE = (f"{HOST}/{name}.pem" for name in ("SimpleNotificationService-1", "expired", "curve", "none"))
CONFIRM = f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f"
KEY, OTHER = rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 2048)
DAY = 86_400
NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, start: float, end: float) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    moments = [datetime.datetime.fromtimestamp(seconds, datetime.UTC) for seconds in (start, end)]
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    return builder.not_valid_before(moments[0]).not_valid_after(moments[1]).sign(key, SHA256()).public_bytes(Encoding.PEM)


PAGES = {
    "/SimpleNotificationService-1.pem": certificate(KEY, NOW - DAY, NOW + DAY),
    "/expired.pem": certificate(KEY, NOW - 2 * DAY, NOW - DAY),
    "/curve.pem": certificate(ec.generate_private_key(ec.SECP256R1()), NOW - DAY, NOW + DAY),
    "/none.pem": b"-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n",
    "/": b"<ConfirmSubscriptionResponse/>",
}


class Amazon:
    """A server in Amazon's place, and what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status: int | None = None
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(handler) -> None:  # noqa: N805 - named by http.server; self is the server's
                asked.append(handler.path)
                page = PAGES.get(handler.path.partition("?")[0])
                handler.send_response(self.status or (200 if page else 404))
                handler.end_headers()
                handler.wfile.write(page or b"")

            def log_message(handler, *arguments: object) -> None:  # noqa: N805
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def fetch(self, url: str) -> tuple[int, bytes]:
        assert url.startswith(HOST), f"{url} is not Amazon's"
        answer = urllib3.request("GET", f"http://127.0.0.1:{self.server.server_port}{url.removeprefix(HOST)}", retries=False)
        return answer.status, answer.data


@pytest.fixture
def amazon() -> Iterator[Amazon]:
    amazon = Amazon()
    yield amazon
    amazon.server.shutdown()
    amazon.server.server_close()


def verifier(fetch: Fetch, topic: str = TOPIC) -> SnsSignature:
    return replace(SnsSignature.of(Credentials((topic,))), fetch=fetch)


def message(kind: str = "Notification", *, key: rsa.RSAPrivateKey = KEY, version: str = "2", **members: Any) -> dict[str, Any]:
    """As Amazon signs it. A member that is None is left out."""
    usual: dict[str, Any] = {
        "Type": kind,
        "MessageId": "22b80b92",
        "TopicArn": TOPIC,
        "Message": "hi",
        "Timestamp": time_written(NOW, "rfc3339"),
    }
    if kind != "Notification":
        usual |= {"Token": "2336412f", "SubscribeURL": CONFIRM}
    whole = {**usual, "SignatureVersion": version, "SigningCertURL": CERTIFICATE, **members}
    whole = {name: member for name, member in whole.items() if member is not None}
    names = NOTIFICATION if kind == "Notification" else CONFIRMATION
    signed = "".join(f"{name}\n{whole[name]}\n" for name in names if name in whole).encode()
    signature = key.sign(signed, padding.PKCS1v15(), SHA1() if version == "1" else SHA256())
    return {**whole, "Signature": base64.b64encode(signature).decode()}


def sent(payload: Any) -> Delivery:
    return delivery(payload, content_type="text/plain; charset=UTF-8")


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", [None, "a subject"])
def test_what_amazon_signs_is_accepted(amazon: Amazon, version: str, subject: str | None) -> None:
    assert proven_by(verifier(amazon.fetch), sent(message(version=version, Subject=subject))) is None


def test_any_change_of_what_is_signed_is_refused(amazon: Amazon) -> None:
    scheme, proven = verifier(amazon.fetch), message(Subject="a subject")
    for name in (*NOTIFICATION, "Signature", "SignatureVersion"):
        for text in (*other_texts(proven[name]), "", None, 7):
            assert proven_by(scheme, sent({**proven, name: text})) == 0
        assert proven_by(scheme, sent({other: member for other, member in proven.items() if other != name})) == 0


def test_another_key_is_refused(amazon: Amazon) -> None:
    assert proven_by(verifier(amazon.fetch), sent(message(key=OTHER))) == 0


def test_a_strangers_topic_is_refused_though_amazon_signs_for_it(amazon: Amazon) -> None:
    assert proven_by(verifier(amazon.fetch), sent(message(TopicArn=TOPIC.replace("123456789012", "999999999999")))) == 0
    assert amazon.asked == []


@pytest.mark.parametrize("seconds", [-3601, 3601])
def test_a_message_older_than_an_hour_is_not_played_again(amazon: Amazon, seconds: float) -> None:
    assert proven_by(verifier(amazon.fetch), sent(message(Timestamp=time_written(NOW + seconds, "rfc3339")))) == 0


def test_raw_delivery_is_told_to_be_turned_off(amazon: Amazon) -> None:
    assert proven_by(verifier(amazon.fetch), delivery({"hello": 1}, x_amz_sns_rawdelivery="true")) == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"Type": []}', b'{"Type": "Notification"}'])
def test_what_is_no_message_is_refused_in_words(amazon: Amazon, body: bytes) -> None:
    assert proven_by(verifier(amazon.fetch), delivery(body=body)) == 0


def test_one_member_is_not_read_as_two(amazon: Amazon) -> None:
    # The same bytes are signed, with the end of the message as an id and a part of the id as the message.
    proven = message(Message="a\nMessageId\nb", MessageId="c")
    assert proven_by(verifier(amazon.fetch), sent(proven)) is None
    assert proven_by(verifier(amazon.fetch), sent({**proven, "Message": "a", "MessageId": "b\nMessageId\nc"})) == 0


@pytest.mark.parametrize(
    "url",
    [
        CERTIFICATE.replace("https", "http"),
        CERTIFICATE.replace(".com/", ".com.evil.example/"),
        CERTIFICATE.replace(".com/", ".com:8443/"),
        CERTIFICATE.replace(".com/", ".com@evil.example/"),
        CERTIFICATE.replace("sns.", "user@sns."),
        CERTIFICATE.replace("sns.", "evil-sns."),
        CERTIFICATE.replace("sns.eu-central-1", "s3.eu-central-1"),
        CERTIFICATE.replace("sns.eu-central-1", "sns.evil.eu-central-1"),
        CERTIFICATE.replace(".pem", ".key"),
        CERTIFICATE.replace(".pem", ".pem?x=.pem"),
        CERTIFICATE.replace(".pem", ".pem#.pem"),
        CERTIFICATE.replace("/Simple", "/a/../Simple"),
        CERTIFICATE.replace("/Simple", "\\Simple"),
        CERTIFICATE.replace("amazonaws.com", "amazonaws.com.cn.evil.example"),
        CERTIFICATE.replace("amazonaws", "аmazonaws"),  # a Cyrillic a
        f" {CERTIFICATE}",
        f"{CERTIFICATE}\n",
        CERTIFICATE.upper(),
        "",
    ],
)
def test_a_certificate_is_fetched_from_amazon_alone(amazon: Amazon, url: str) -> None:
    assert proven_by(verifier(amazon.fetch), sent(message(SigningCertURL=url))) == 0
    assert amazon.asked == []


@pytest.mark.parametrize("url", [EXPIRED, CURVE, NONE, f"{HOST}/missing.pem"])
def test_what_is_no_valid_certificate_proves_nothing(amazon: Amazon, url: str) -> None:
    assert proven_by(verifier(amazon.fetch), sent(message(SigningCertURL=url))) == 0


def test_a_certificate_is_fetched_once(amazon: Amazon) -> None:
    scheme = verifier(amazon.fetch)
    for _ in range(3):
        assert proven_by(scheme, sent(message())) is None
    assert amazon.asked == ["/SimpleNotificationService-1.pem"]


def test_a_kept_certificate_ends_when_it_is_no_longer_valid(amazon: Amazon) -> None:
    scheme, later = verifier(amazon.fetch), NOW + DAY + 1
    assert proven_by(scheme, sent(message())) is None
    assert proven_by(scheme, sent(message(Timestamp=time_written(later, "rfc3339"))), later) == 0


def test_a_stranger_can_not_make_us_ask_amazon_without_end(amazon: Amazon) -> None:
    scheme = verifier(amazon.fetch)
    for number in range(10):
        assert proven_by(scheme, sent(message(SigningCertURL=f"{HOST}/made-up-{number}.pem"))) == 0
    with pytest.raises(Unavailable, match="too many"):
        scheme.verify(sent(message()), NOW)
    assert len(amazon.asked) == 10
    assert proven_by(scheme, sent(message()), NOW + 61) is None


def test_where_amazon_fails_it_is_told_to_send_again(amazon: Amazon) -> None:
    amazon.status = 503
    with pytest.raises(Unavailable):
        verifier(amazon.fetch).verify(sent(message()), NOW)


def test_the_way_to_amazon_is_guarded() -> None:
    with pytest.raises(Unavailable):
        fetch("https://127.0.0.1:9/x.pem")


def test_a_subscription_is_confirmed_by_asking_amazon(amazon: Amazon) -> None:
    source, sending = AwsSns("alarms", verifier(amazon.fetch)), sent(message("SubscriptionConfirmation"))
    source.verifier.verify(sending, NOW)
    reply = source.handshake(sending, sending.body.decode())
    assert reply is not None
    assert reply.status == 200
    assert amazon.asked[1:] == [CONFIRM.removeprefix(HOST)]


def test_a_subscription_that_amazon_does_not_confirm_is_sent_again(amazon: Amazon) -> None:
    amazon.status = 400
    sending = sent(message("SubscriptionConfirmation"))
    with pytest.raises(Unavailable, match="400"):
        AwsSns("alarms", verifier(amazon.fetch)).handshake(sending, None)


@pytest.mark.parametrize(
    "url", ["https://evil.example/?Action=ConfirmSubscription&a=1", f"{HOST}/?Action=Publish&a=1", "", None, CERTIFICATE]
)
def test_nobody_else_is_asked_to_confirm(amazon: Amazon, url: str | None) -> None:
    source = AwsSns("alarms", verifier(amazon.fetch))
    forged = {**message("SubscriptionConfirmation"), "SubscribeURL": url}
    assert proven_by(source.verifier, sent(forged)) == 0
    amazon.asked.clear()
    with pytest.raises(Exception, match="SubscribeURL"):
        source.handshake(sent(forged), None)
    assert amazon.asked == []


def test_where_a_rule_is_tried_nobody_is_asked(amazon: Amazon) -> None:
    assert AwsSns("alarms", NoProof()).handshake(sent(message("SubscriptionConfirmation")), None) is not None


def test_a_message_of_json_is_what_rules_see() -> None:
    source = AwsSns("alarms", NoProof())
    for text, seen in (
        ('{"AlarmName": "disk"}', {"AlarmName": "disk"}),
        ("[1]", [1]),
        ("7", "7"),
        ("{not json", "{not json"),
        ("hi", "hi"),
    ):
        sending = sent(message(Message=text))
        (item,) = source.items(sending, sending.body.decode()) or ()
        assert item["Message"] == seen
        assert source.event_type(sending, item) == "Notification.alarms"
        assert source.item_id(sending, None, item, 0) == "22b80b92"
    assert source.handshake(sent(message()), None) is None


def test_the_end_of_a_subscription_is_an_event() -> None:
    source, sending = AwsSns("alarms", NoProof()), sent(message("UnsubscribeConfirmation"))
    assert source.handshake(sending, None) is None
    (item,) = source.items(sending, None) or ()
    assert source.event_type(sending, item) == "UnsubscribeConfirmation.alarms"


@pytest.mark.parametrize("topic", ["", "alarms", "arn:aws:sqs:eu-central-1:123456789012:alarms", "arn:aws:sns:eu-central-1:1:alarms"])
def test_a_source_names_its_topic(topic: str) -> None:
    with pytest.raises(ValueError, match="ARN"):
        SnsSignature.of(Credentials((topic,)))


def test_only_amazon_signs() -> None:
    with pytest.raises(CannotSign, match="publish"):
        SnsSignature.of(Credentials((TOPIC,))).sign(delivery({}), NOW)


def test_it_is_proven_beside_the_loop() -> None:
    assert SnsSignature.of(Credentials((TOPIC,))).may_wait()
