import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookrules.engine.web.relayed import Relayed, relayed

HEADERS = {"content-type": "application/json", "x-github-event": "push", "x-hub-signature-256": "sha256=00"}


def told(**fields: Any) -> Relayed:
    found = relayed(json.dumps({**HEADERS, **fields}).encode())
    assert found is not None
    return found


def test_gosmees_body_is_what_was_sent_byte_for_byte() -> None:
    body = b'{ "a": 1.0 }\r\n'
    assert told(bodyB=base64.b64encode(body).decode(), timestamp="1700000000000") == Relayed(HEADERS, body, "", rewritten=False)


def test_smees_body_is_what_stands_in_its_message_to_the_letter() -> None:
    data = b'{"content-type":"application/json","body":{"b":1.50,"a":"\\u00fc \xc3\xbc/"},"query":{},"timestamp":1}'
    assert relayed(data) == Relayed({"content-type": "application/json"}, b'{"b":1.50,"a":"\\u00fc \xc3\xbc/"}', "", rewritten=True)


def test_a_form_that_smee_has_read_goes_on_as_json() -> None:
    found = told(body={"a": "1"}, **{"content-type": "application/x-www-form-urlencoded", "content-encoding": "gzip"})
    assert (found.headers["content-type"], found.body) == ("application/json", b'{"a": "1"}')
    assert "content-encoding" not in found.headers


def test_a_text_stays_one() -> None:
    found = told(body="größer", **{"content-type": "text/plain"})
    assert (found.headers["content-type"], found.body.decode()) == ("text/plain", "größer")


def test_a_query_is_part_of_the_url_again() -> None:
    assert told(body={}, query={"a": "x y", "b": ["1", "2"]}).query == "a=x+y&b=1&b=2"


def test_headers_of_the_way_to_the_relay_are_left_out() -> None:
    found = told(
        bodyB="",
        host="smee.io",
        connection="close",
        **{"content-length": "2", "x-forwarded-for": "192.0.2.1", "X-Real-IP": "192.0.2.1", "forwarded": "for=x"},
    )
    assert found.headers == HEADERS


def test_what_can_be_no_header_is_left_out() -> None:
    assert told(bodyB="", **{"a b": "x", "c": "x\r\nd: y", "e": "x\0", "f": 1, "g": None, "": "x"}).headers == HEADERS


@pytest.mark.parametrize("data", [b"{}", b"ready", b'{"message": "connected"}', b'{"message":"ready"}'])
def test_what_a_relay_says_of_itself_is_no_delivery(data: bytes) -> None:
    assert relayed(data) is None


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"hello", "no JSON object"),
        (b"[1]", "no JSON object"),
        (b"[" * 100_000, "no JSON object"),
        (b'{"a": "x"}', "neither 'body' nor 'bodyB'"),
        (b'{"bodyB": "?"}', "not Base64"),
        (b'{"encrypted": true, "epk": "x", "nonce": "x", "ciphertext": "x"}', "protected"),
    ],
)
def test_what_can_not_be_delivered_is_told(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        relayed(data)


values = st.recursive(st.none() | st.text() | st.floats(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@given(
    st.binary()
    | st.dictionaries(st.sampled_from(["body", "bodyB", "query", "content-type", "x"]) | st.text(), values).map(
        lambda told: json.dumps(told).encode()
    )
)
def test_no_message_breaks_the_reader(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        relayed(data)
