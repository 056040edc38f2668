"""Any text, on the wire and back."""

import email
import email.policy
import re

from hypothesis import given
from hypothesis import strategies as st
from support_smtp import file_name_of, header_of

from hookrules.actions.mail_message import Attached, Mail, written
from hookrules.engine.templating import Mailbox

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
ONE_LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=300)


def mail(**fields: object) -> bytes:
    usual = {
        "sender": Mailbox("a@example.com"),
        "to": [Mailbox("b@example.com")],
        "subject": "x",
        "message_id": "1@example.com",
        "date": 0.0,
    }
    return written(Mail(**{**usual, "text": "x", **fields}))  # type: ignore[arg-type]


def read(wire: bytes) -> email.message.EmailMessage:
    assert wire.isascii()
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", wire)
    assert max(map(len, wire.split(b"\r\n"))) <= 998
    return email.message_from_bytes(wire, policy=email.policy.default)  # type: ignore[arg-type,return-value]


@given(ONE_LINE)
def test_any_line_is_a_header_and_comes_back(value: str) -> None:
    told = read(mail(subject=value, headers={"X-A": value}))
    assert (header_of(told, "Subject"), header_of(told, "X-A")) == (value, value)
    assert told.keys() == [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "X-A",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
    ]


@given(ONE_LINE, ONE_LINE)
def test_any_line_is_a_name_and_makes_no_other_address(one: str, other: str) -> None:
    told = read(mail(to=[Mailbox("b@example.com", one), Mailbox("c@example.com", other)]))
    assert [address.addr_spec for address in told["To"].addresses] == ["b@example.com", "c@example.com"]


@given(TEXT, TEXT)
def test_any_text_comes_back_with_line_breaks_as_mail_has_them(text: str, html: str) -> None:
    told = read(mail(text=text, html=html))
    parts = [part.get_payload(decode=True) for part in told.iter_parts()]
    assert parts == [re.sub("\r\n|\n", "\r\n", value).encode() for value in (text, html)]


@given(ONE_LINE.filter(lambda name: name.strip()), st.binary(max_size=300))
def test_any_bytes_under_any_name_come_back(name: str, content: bytes) -> None:
    told = read(mail(attachments=[Attached(name, "application/octet-stream", content)]))
    (part,) = told.iter_attachments()
    assert (file_name_of(part), part.get_payload(decode=True)) == (name, content)
