"""Mails that a rule sends, as a real server takes them and email.parser reads them."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support_actions import surroundings
from support_corpus import HOSTILE, each_hostile, each_no_unicode, each_with_nul
from support_smtp import Mailbag, file_name_of, header_of, smtp_server

from hookrules.actions.file import FileRoot
from hookrules.actions.mail import EmailAction
from hookrules.actions.smtp import SmtpServer
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Outcome

FIELDS = {"to": "ops@example.com", "subject": "hello", "text": "x", "from": "deploys@example.com"}
ONE_LINE = {name: value for name, value in HOSTILE.items() if not {"\r", "\n"} & set(value)}


@pytest.fixture(scope="module")
def running() -> Iterator[Mailbag]:
    with smtp_server() as bag:
        yield bag


@pytest.fixture
def server(running: Mailbag) -> Mailbag:
    running.envelopes.clear()
    running.replies.clear()
    running.data = "250 OK"
    return running


def send(server: Mailbag, fields: dict[str, Any], payload: Any = None, folder: Path = Path("/"), **around: Any) -> Outcome:
    call = EmailAction.model_validate({**FIELDS, **fields}).render({"payload": payload})
    here = SmtpServer(host="127.0.0.1", port=server.port)
    services = {"smtp": {"default": here}, "files": {"out": FileRoot(root=".")}}
    return call.perform(surroundings(folder, services=services, **around))


def on_the_wire(text: str) -> str:
    """A text's line breaks are CRLF in a mail."""
    return re.sub("\r\n|\n", "\r\n", text)


def test_a_mail_arrives_with_all_that_it_says(server: Mailbag) -> None:
    fields = {
        "to": ["Ann Lee <ann@example.com>", "bob@example.com"],
        "cc": "cc@example.com",
        "bcc": "bcc@example.com",
        "reply_to": "answers@example.com",
        "subject": "größer 🎉",
        "text": "Hello\n.\nFrom here\n",
        "headers": {"X-Team": "shop"},
    }
    outcome = send(server, fields, now=0.0)
    assert outcome.succeeded
    (envelope,) = server.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == (
        "deploys@example.com",
        ["ann@example.com", "bob@example.com", "cc@example.com", "bcc@example.com"],
    )
    mail = server.mail()
    assert {name: str(mail[name]) for name in ("From", "To", "Cc", "Reply-To", "Subject", "X-Team", "Auto-Submitted")} == {
        "From": "deploys@example.com",
        "To": "Ann Lee <ann@example.com>, bob@example.com",
        "Cc": "cc@example.com",
        "Reply-To": "answers@example.com",
        "Subject": "größer 🎉",
        "X-Team": "shop",
        "Auto-Submitted": "auto-generated",
    }
    assert "bcc@" not in envelope.content.decode()
    assert mail["Date"].datetime.timestamp() == 0
    assert mail.get_content() == "Hello\r\n.\r\nFrom here\r\n"
    assert outcome.result == {
        "message_id": mail["Message-ID"].strip("<>"),
        "accepted": ["ann@example.com", "bob@example.com", "cc@example.com", "bcc@example.com"],
        "refused": [],
    }


@pytest.mark.parametrize("value", ONE_LINE.values(), ids=ONE_LINE.keys())
def test_a_hostile_value_arrives_in_every_place_as_it_is(server: Mailbag, value: str) -> None:
    fields = {
        "to": '"{{ payload }}" <ops@example.com>',
        "subject": "{{ payload }}",
        "text": "{{ payload }}",
        "html": "<p title='{{ payload }}'>{{ payload }}</p>",
        "headers": {"X-Value": "{{ payload }}"},
        "attachments": [{"name": "a.txt", "text": "{{ payload }}"}],
    }
    assert send(server, fields, value).succeeded
    mail = server.mail()
    assert server.envelopes[0].rcpt_tos == ["ops@example.com"]
    names = ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Value", "MIME-Version", "Content-Type")
    assert tuple(mail.keys()) == names
    assert header_of(mail, "Subject") == value
    assert header_of(mail, "X-Value") == value
    text, html, attached = (part for part in mail.walk() if not part.is_multipart())
    assert text.get_payload(decode=True) == attached.get_payload(decode=True) == value.encode()
    assert (html.get_content_type(), attached.get_content_disposition()) == ("text/html", "attachment")


@each_hostile
def test_a_hostile_text_arrives_as_it_is(server: Mailbag, value: str) -> None:
    fields = {"text": "{{ payload }}", "attachments": [{"name": "a", "type": "text/x-log", "text": "{{ payload }}"}]}
    assert send(server, fields, value).succeeded
    text, attached = (part for part in server.mail().walk() if not part.is_multipart())
    assert text.get_payload(decode=True).decode() == on_the_wire(value)
    assert attached.get_payload(decode=True) == value.encode()


@each_hostile
def test_a_hostile_address_arrives_nowhere(server: Mailbag, value: str) -> None:
    for template in ("{{ payload }}", "ops@{{ payload }}@example.com", "a <{{ payload }}>"):
        with pytest.raises(TemplateError, match=r"address|a line break|a carriage return"):
            send(server, {"to": template}, value)
    assert server.envelopes == []


@pytest.mark.parametrize("field", ["subject", "headers", "to", "from", "reply_to"])
@pytest.mark.parametrize("value", ["a\nBcc: evil@example.com", "a\r\n\r\nbody", "a\rb", "a\0b"])
def test_no_value_begins_a_header(server: Mailbag, field: str, value: str) -> None:
    written = {"headers": {"X-A": "{{ payload }}"}, "subject": "{{ payload }}"}.get(field, "{{ payload }} <ops@example.com>")
    with pytest.raises(TemplateError, match=r"a line break|a carriage return|a NUL"):
        send(server, {field: written}, value)


@each_with_nul
def test_a_nul_in_a_text_arrives(server: Mailbag, value: str) -> None:
    assert send(server, {"text": "{{ payload }}"}, value).succeeded
    assert server.mail().get_payload(decode=True) == value.encode()


@each_no_unicode
def test_half_a_surrogate_pair_is_refused_in_a_header_and_replaced_in_a_text(server: Mailbag, value: str) -> None:
    with pytest.raises(TemplateError, match="surrogate"):
        send(server, {"subject": "{{ payload }}"}, value)
    assert send(server, {"text": "{{ payload }}", "thread": "{{ payload }}"}, value).succeeded
    assert "?" in server.mail().get_content()


@pytest.mark.parametrize("value", [value for value in ONE_LINE.values() if "/" not in value and value not in ("", ".", "..")])
def test_a_hostile_name_of_an_attachment_arrives_or_is_refused(server: Mailbag, value: str) -> None:
    fields = {"attachments": [{"name": "{{ payload }}", "text": "x"}]}
    if len(value) > 255 or re.search("[\x00-\x1f\x7f]", value):
        with pytest.raises(TemplateError, match=r"segment|control character"):
            send(server, fields, value)
        return
    send(server, fields, value)
    assert file_name_of(next(iter(server.mail().iter_attachments()))) == value


def test_attachments_are_texts_the_body_of_the_event_and_files(server: Mailbag, tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(b"%PDF\r\n\0")
    fields = {
        "attachments": [
            {"name": "out.txt", "text": "{{ payload.out }}"},
            {"name": "event.json", "payload": True, "type": "application/json"},
            {"root": "out", "path": "{{ payload.file }}.pdf", "type": "application/pdf"},
        ]
    }
    assert send(server, fields, {"out": "ü\n", "file": "report"}, tmp_path, body=b'{"a": 1}\xff').succeeded
    attached = list(server.mail().iter_attachments())
    assert [(part.get_filename(), part.get_content_type(), part.get_payload(decode=True)) for part in attached] == [
        ("out.txt", "text/plain", "ü\n".encode()),
        ("event.json", "application/json", b'{"a": 1}\xff'),
        ("report.pdf", "application/pdf", b"%PDF\r\n\0"),
    ]


@pytest.mark.parametrize(("make", "words"), [("nothing", "no such file"), ("link", "link"), ("pipe", "no file"), ("folder", "a folder")])
def test_what_is_no_file_under_the_root_fails_the_mail_and_is_named(server: Mailbag, tmp_path: Path, make: str, words: str) -> None:
    (tmp_path / "elsewhere").write_text("secret")
    if make == "link":
        (tmp_path / "x").symlink_to("elsewhere")
    elif make == "pipe":
        os.mkfifo(tmp_path / "x")
    elif make == "folder":
        (tmp_path / "x").mkdir()
    outcome = send(server, {"attachments": [{"root": "out", "path": "x"}]}, folder=tmp_path)
    assert not outcome.succeeded
    assert "out/x" in str(outcome.error)
    assert words in str(outcome.error).lower()
    assert server.envelopes == []


def test_attachments_have_a_bound_together(server: Mailbag, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\0" * (11 * 2**20))
    outcome = send(server, {"attachments": [{"root": "out", "path": "x"}] * 2}, folder=tmp_path)
    assert "20 MiB" in str(outcome.error)


def test_text_and_html_are_alternatives_and_values_in_html_are_escaped(server: Mailbag) -> None:
    send(server, {"text": "plain", "html": "<b>{{ payload }}</b>"}, "<script>'\"&")
    mail = server.mail()
    assert mail.get_content_type() == "multipart/alternative"
    assert mail.get_body(("plain",)).get_content() == "plain"  # type: ignore[union-attr]
    assert mail.get_body(("html",)).get_content() == "<b>&lt;script&gt;&#x27;&quot;&amp;</b>"  # type: ignore[union-attr]


def test_a_retry_is_the_same_mail_and_another_step_s_is_another(server: Mailbag) -> None:
    first, again = (send(server, {}, now=1.0, attempt=attempt).result["message_id"] for attempt in (1, 2))
    assert first == again
    assert server.envelopes[0].content == server.envelopes[1].content
    call = EmailAction.model_validate(FIELDS).render({})
    services = {"smtp": {"default": SmtpServer(host="127.0.0.1", port=server.port)}}
    other = call.perform(replace(surroundings(Path("/"), services=services), idempotency_key="run-1-steps[1]"))
    assert other.result["message_id"] != first


def test_mails_of_one_thread_refer_to_the_same(server: Mailbag) -> None:
    for thread in ("acme/shop#1", "acme/shop#1", "acme/shop#2"):
        send(server, {"thread": "{{ payload }}"}, thread)
    told = [re.findall(rb"(?:In-Reply-To|References): (<.*>)", envelope.content) for envelope in server.envelopes]
    assert told[0] == told[1] != told[2]
    assert len(set(told[0])) == 1


def test_without_a_from_the_server_s_is_taken_and_then_this_machine_s(server: Mailbag) -> None:
    action = EmailAction.model_validate({key: value for key, value in FIELDS.items() if key != "from"}).render({})
    for sender in ("Deploys <deploys@example.org>", None):
        here = SmtpServer.model_validate({"host": "127.0.0.1", "port": server.port, "from": sender})
        assert action.perform(surroundings(Path("/"), services={"smtp": {"default": here}})).succeeded
    assert [envelope.mail_from.partition("@")[0] for envelope in server.envelopes] == ["deploys", "hookrules"]


def test_whoever_is_refused_is_told_and_no_one_gets_the_mail_twice(server: Mailbag) -> None:
    server.replies["gone@example.com"] = "550 5.1.1 no such user"
    outcome = send(server, {"to": ["ops@example.com", "gone@example.com"]})
    assert (outcome.succeeded, outcome.retryable) == (False, False)
    assert outcome.result["accepted"] == ["ops@example.com"]
    assert outcome.result["refused"] == [{"address": "gone@example.com", "reply": "550 5.1.1 no such user"}]
    assert "gone@example.com: 550 5.1.1 no such user" in str(outcome.error)
    assert len(server.envelopes) == 1


@pytest.mark.parametrize(("reply", "again"), [("451 later", True), ("550 never", False)])
def test_a_refusal_of_all_is_tried_again_where_the_server_says_later(server: Mailbag, reply: str, again: bool) -> None:
    server.replies["ops@example.com"] = reply
    assert send(server, {}).retryable is again
    server.replies.clear()
    server.data = reply
    outcome = send(server, {})
    assert (outcome.succeeded, outcome.retryable) == (False, again)
    assert reply in str(outcome.error)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"to": []}, "no one"),
        ({"text": None}, "says nothing"),
        ({"to": "nobody"}, "no address"),
        ({"to": "a@x, , b"}, "no address"),
        ({"headers": {"Subject": "x"}}, "written by hookrules"),
        ({"headers": {"bcc": "x"}}, "written by hookrules"),
        ({"headers": {"Content-Type": "x"}}, "written by hookrules"),
        ({"headers": {"X A": "x"}}, "no name of a header"),
        ({"headers": {"X:A": "x"}}, "no name of a header"),
        ({"attachments": [{"name": "x"}]}, "one of"),
        ({"attachments": [{"name": "x", "text": "a", "payload": True}]}, "one of"),
        ({"attachments": [{"name": "x", "path": "a"}]}, "belong together"),
        ({"attachments": [{"text": "a"}]}, "needs a 'name'"),
        ({"attachments": [{"name": "a/b", "text": "a"}]}, "holds a /"),
        ({"attachments": [{"name": "a", "text": "a", "type": "text/plain\r\nX: y"}]}, "no media type"),
        ({"attachments": [{"name": "a", "text": "a", "type": "message/rfc822"}]}, "holds other parts"),
    ],
)
def test_what_can_be_no_mail_does_not_load(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        EmailAction.model_validate({**FIELDS, **fields})


def test_a_mail_to_no_one_or_from_two_is_refused_when_its_values_are_known() -> None:
    loop = "{% for each in payload %}{{ each }},{% endfor %}"
    with pytest.raises(TemplateError, match="to 0"):
        EmailAction.model_validate({**FIELDS, "to": loop}).render({"payload": []})
    with pytest.raises(TemplateError, match="to 101"):
        EmailAction.model_validate({**FIELDS, "to": loop}).render({"payload": [f"a{n}@example.com" for n in range(101)]})
    with pytest.raises(TemplateError, match="'from' has 2"):
        EmailAction.model_validate({**FIELDS, "from": loop}).render({"payload": ["a@x", "b@x"]})
