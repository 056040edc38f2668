import hashlib
import hmac
from base64 import b64encode
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from support_forgeries import JSON, NOW, URL, delivery, other_bodies, other_headers, other_texts, proven_by
from twilio.request_validator import RequestValidator

from hookrules.engine.model import Delivery
from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.twilio import Twilio, TwilioSignature

TOKEN = "an auth token of an account"
SIGNATURE = TwilioSignature.of(Credentials((TOKEN,)))
SOURCE = Twilio("phone", SIGNATURE)
FORM = "application/x-www-form-urlencoded"
HEADER = "x-twilio-signature"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
fields = st.dictionaries(texts.filter(bool), texts, max_size=6)
urls = st.builds(
    lambda scheme, port, query: f"{scheme}://hooks.example.com{port}/hooks/phone{query}",
    st.sampled_from(["http", "https"]),
    st.sampled_from(["", ":8443"]),
    st.sampled_from(["", "?a=1", "?b=&a=1"]),
)


def form(url: str = URL, /, **values: str) -> Delivery:
    return delivery(body=urlencode(values).encode(), url=url, content_type=FORM)


@given(urls, fields)
def test_twilios_own_validator_accepts_a_form_that_we_sign(url: str, values: dict[str, str]) -> None:
    signed = SIGNATURE.sign(form(url, **values), NOW)
    assert RequestValidator(TOKEN).validate(signed.url, values, signed.headers[HEADER][0])
    assert proven_by(SIGNATURE, signed) == 1


@given(urls, fields)
def test_a_form_that_twilio_signs_is_accepted(url: str, values: dict[str, str]) -> None:
    made = RequestValidator(TOKEN).compute_signature(url, values)
    assert proven_by(SIGNATURE, replace(form(url, **values), headers={"content-type": (FORM,), HEADER: (made,)})) == 1


@given(urls, st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_json_is_proven_by_its_hash_in_the_url(url: str, text: str) -> None:
    signed = SIGNATURE.sign(delivery(body=text.encode(), url=url, content_type=JSON), NOW)
    assert RequestValidator(TOKEN).validate(signed.url, text, signed.headers[HEADER][0])
    assert proven_by(SIGNATURE, signed) == 1


@pytest.mark.parametrize("sent", [form(From="4915112345", Body="hi"), delivery({"id": 1}, content_type=JSON)], ids=["form", "JSON"])
def test_one_byte_more_or_other_is_refused(sent: Delivery) -> None:
    proven = SIGNATURE.sign(sent, NOW)
    others = [replace(proven, url=url) for url in other_texts(proven.url)]
    for forged in (*other_bodies(proven), *other_headers(proven, HEADER), *others):
        assert proven_by(SIGNATURE, forged) == 0
    assert proven_by(TwilioSignature.of(Credentials(("another token",))), proven) == 0


def test_a_get_is_proven_by_its_url_which_proves_no_body() -> None:
    got = SIGNATURE.sign(delivery(body=b"", url=f"{URL}?From=49151", method="GET"), NOW)
    assert proven_by(SIGNATURE, got) == 1
    for content_type in (JSON, FORM, "multipart/form-data; boundary=x", "text/plain"):
        headers = {**got.headers, "content-type": (content_type,)}
        assert proven_by(SIGNATURE, replace(got, method="POST", body=b"a=1", headers=headers)) == 0


def test_a_charset_that_nobody_signed_makes_no_other_form() -> None:
    proven = SIGNATURE.sign(form(Body="+ADw-"), NOW)
    for charset, position in (("UTF-8", 1), ('"utf-8"', 1), ("utf-7", 0), ("cp037", 0), ("utf-8; charset=utf-7", 0)):
        headers = {**proven.headers, "content-type": (f"{FORM}; charset={charset}",)}
        assert proven_by(SIGNATURE, replace(proven, headers=headers)) == position


def test_two_hashes_of_the_body_are_refused() -> None:
    digest = hashlib.sha256(b"{}").hexdigest()
    url = f"{URL}?bodySHA256={digest}&bodySHA256={digest}"
    made = RequestValidator(TOKEN).compute_signature(url, {})
    assert proven_by(SIGNATURE, delivery(body=b"{}", url=url, content_type=JSON, x_twilio_signature=made)) == 0


def test_any_of_several_tokens_proves() -> None:
    both = TwilioSignature.of(Credentials(("a new token", TOKEN)))
    assert proven_by(both, SIGNATURE.sign(form(a="1"), NOW)) == 2


def test_a_shared_key_signs_with_sha_256() -> None:
    made = b64encode(hmac.digest(TOKEN.encode(), URL.encode() + b"a1", "sha256")).decode()
    sent = replace(form(a="1"), headers={"content-type": (FORM,), HEADER: (made,)})
    named = {"x-twilio-webhooks-signature-settings": ("key=webhooks_sharedkey_1, algorithm=HMAC_SHA256",)}
    assert proven_by(SIGNATURE, replace(sent, headers={**sent.headers, **named})) == 1
    assert proven_by(SIGNATURE, sent) == 0
    strange = {"x-twilio-webhooks-signature-settings": ("algorithm=none",)}
    assert proven_by(SIGNATURE, replace(sent, headers={**sent.headers, **strange})) == 0


@pytest.mark.parametrize("url", ["", "https://", "http://[", "://:99999999/x", "hooks.example.com"])
def test_a_url_that_is_none_is_refused_in_words(url: str) -> None:
    assert proven_by(SIGNATURE, delivery({}, url=url, content_type=JSON, x_twilio_signature="AAAA")) == 0


@pytest.mark.parametrize(
    ("payload", "event_type"),
    [
        ({"MessageSid": "SM1", "SmsStatus": "received"}, "message.received"),
        ({"MessageSid": "SM1", "MessageStatus": "delivered", "SmsStatus": "delivered"}, "message.delivered"),
        ({"CallSid": "CA1", "CallStatus": "in-progress"}, "call.in-progress"),
        ({"specversion": "1.0", "type": "com.twilio.messaging.message.sent"}, "com.twilio.messaging.message.sent"),
        ({"type": "no event's"}, ""),
        ({}, ""),
    ],
)
def test_the_type_says_what_it_is_about(payload: dict[str, str], event_type: str) -> None:
    assert SOURCE.event_type(form(), payload) == event_type


def test_of_a_get_the_type_is_read_from_the_query() -> None:
    assert SOURCE.event_type(delivery(body=b"", url=f"{URL}?CallStatus=ringing", method="GET"), None) == "call.ringing"


def test_an_event_stream_is_split_and_each_event_keeps_its_id() -> None:
    stream = [{"specversion": "1.0", "id": "EZ1", "type": "a"}, {"specversion": "1.0", "id": "EZ2", "type": "b"}]
    sent = delivery(stream, i_twilio_idempotency_token="token")
    assert SOURCE.items(sent, stream) == stream
    assert [SOURCE.item_id(sent, stream, item, number) for number, item in enumerate(stream)] == ["EZ1", "EZ2"]
    assert SOURCE.delivery_id(sent, {"id": "no event's"}) == "token"


def test_it_is_answered_in_twiml() -> None:
    reply = SOURCE.acknowledge([])
    assert reply is not None
    assert (reply.status, reply.body, reply.content_type) == (200, b"<Response/>", "text/xml")
