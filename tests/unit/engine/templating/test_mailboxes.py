"""Addresses of mail: a value is exactly one, or a part of one."""

from typing import Any

import pytest
from support_corpus import NO_UNICODE, WITH_NUL, each_hostile
from support_templating import failure, refusal

from hookrules.engine.templating import Mailbox, MailboxTemplate


def rendered(source: str, payload: Any = None) -> list[tuple[str, str]]:
    return [(mailbox.name, mailbox.address) for mailbox in MailboxTemplate(source).render({"payload": payload})]


@pytest.mark.parametrize(
    ("source", "payload", "told"),
    [
        ("ops@example.com", None, [("", "ops@example.com")]),
        ("Ops <ops@example.com>", None, [("Ops", "ops@example.com")]),
        ('"Lee, Ann" <ann@example.com>, bob@example.com', None, [("Lee, Ann", "ann@example.com"), ("", "bob@example.com")]),
        ('"a \\"b\\" <c>" <x@example.com>', None, [('a "b" <c>', "x@example.com")]),
        ("<x@example.com>", None, [("", "x@example.com")]),
        ("root@localhost", None, [("", "root@localhost")]),
        ("o'brien+tag@sub.example.co.uk", None, [("", "o'brien+tag@sub.example.co.uk")]),
        ("x@bücher.example", None, [("", "x@xn--bcher-kva.example")]),
        ("{{ payload }}", "ann@example.com", [("", "ann@example.com")]),
        ("{{ payload }}", "Ann Lee <ann@example.com>", [("Ann Lee", "ann@example.com")]),
        ("{{ payload }}", '"Lee, Ann" <ann@example.com>', [("Lee, Ann", "ann@example.com")]),
        ("{{ payload }}@example.com", "ann", [("", "ann@example.com")]),
        ("ops@{{ payload }}", "example.com", [("", "ops@example.com")]),
        ("{{ payload }} <ops@example.com>", "Lee, Ann <evil@example.com>", [("Lee, Ann <evil@example.com>", "ops@example.com")]),
        ('"{{ payload }}" <ops@example.com>', 'a" <evil@example.com>, "', [('a" <evil@example.com>, "', "ops@example.com")]),
        ("{% for x in payload %}{{ x }}, {% endfor %}", ["a@x", "B <b@x>"], [("", "a@x"), ("B", "b@x")]),
        ("{{ payload | raw }}", "a@x, b@x", [("", "a@x"), ("", "b@x")]),
    ],
)
def test_addresses_are_read_as_their_author_wrote_them(source: str, payload: Any, told: list[tuple[str, str]]) -> None:
    assert rendered(source, payload) == told


NOT_ONE = """nobody a@x,b@x a@x, ,a@x a@x;b@x @x a@ a@b@c a..b@x .a@x a@-x a@x- a@x..y a@[127.0.0.1] a(comment)@x ä@x a@\uff20x"""
WITH_SPACES = ["", " ", "a@x, b@x", "a@x b@x", "a@x <b@x>, c@x", "<a@x> <b@x>", "a@x\tb@x", '"a b"@x', "a@x\u2028b@x", "a@x\u00a0"]
LONG = ["x" * 65 + "@x", "a@" + "x" * 64, "a@" + "x." * 127 + "xx", '"' * 5000, "<" * 5000]


@pytest.mark.parametrize("value", [*NOT_ONE.split(), *WITH_SPACES, *LONG, ["a@x", "b@x"], None, {"a": "b@x"}])
def test_a_value_that_is_not_exactly_one_address_is_refused(value: Any) -> None:
    failure(MailboxTemplate, "{{ payload }}", payload=value)
    failure(MailboxTemplate, "ops@example.com, {{ payload }}", payload=value)


@each_hostile
def test_a_hostile_value_makes_no_other_recipient(value: str) -> None:
    template = "Ops {{ payload }} <ops@example.com>, b@example.com"
    if "\n" in value or "\r" in value:
        assert failure(MailboxTemplate, template, payload=value).message.startswith("an address holds")
    else:
        assert rendered(template, value) == [(f"Ops {value}", "ops@example.com"), ("", "b@example.com")]


@pytest.mark.parametrize("value", [*WITH_NUL.values(), *NO_UNICODE.values()])
def test_what_no_mail_can_hold_is_refused(value: str) -> None:
    failure(MailboxTemplate, "{{ payload }} <ops@example.com>", payload=value)


@pytest.mark.parametrize("source", ["", "nobody", "a@x,,b", 'a" <a@x>', "a <a@x", "a@x <", "team: a@x;", "a\nb <a@x>"])
def test_what_is_no_address_does_not_load(source: str) -> None:
    refusal(MailboxTemplate, source)


def test_a_mailbox_shows_itself_for_people() -> None:
    assert [str(Mailbox("a@x")), str(Mailbox("a@x", "Ann"))] == ["a@x", "Ann <a@x>"]
