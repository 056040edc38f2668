from pathlib import Path

import pytest
from support_bodies import XML

from hookrules.engine import bodies
from hookrules.engine.bodies.limits import MAX_DEPTH, MAX_NODES
from hookrules.engine.errors import Unreadable


@pytest.mark.parametrize(
    ("document", "payload"),
    [
        ("<a/>", {"a": ""}),
        ("<a>text</a>", {"a": "text"}),
        ("<a>\n  text &amp; more\n</a>", {"a": "text & more"}),
        ("<a><![CDATA[<b>]]></a>", {"a": "<b>"}),
        ('<a id="1">text</a>', {"a": {"-id": "1", "#text": "text"}}),
        ("<a><b>1</b><c/><b>2</b><b/></a>", {"a": {"b": ["1", "2", ""], "c": ""}}),
        ("<a><b><c>1</c></b><b><c>2</c></b></a>", {"a": {"b": [{"c": "1"}, {"c": "2"}]}}),
        ("<a>one<b/>two</a>", {"a": {"b": "", "#text": "onetwo"}}),
        ('<s:a xmlns:s="urn:x" s:id="1"><s:b/></s:a>', {"a": {"-id": "1", "b": ""}}),
        ('<a xmlns:s="urn:x" id="1" s:id="2"/>', {"a": {"-id": ["1", "2"]}}),
        ("<?xml version='1.0'?><!-- hello --><?target data?><a/>", {"a": ""}),
    ],
)
def test_an_element_is_an_object_or_its_text(document: str, payload: object) -> None:
    assert bodies.decode(document.encode(), XML) == payload


@pytest.mark.parametrize("content_type", ["text/xml", "application/soap+xml; charset=utf-8", "application/atom+xml"])
def test_xml_is_known_by_any_of_its_names(content_type: str) -> None:
    assert bodies.decode(b"<a/>", content_type) == {"a": ""}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<a>größer</a>".encode(), XML),
        ("<a>größer</a>".encode("utf-16"), XML),
        ("<a>größer</a>".encode("utf-8-sig"), f"{XML}; charset=iso-8859-1"),
        ("<?xml version='1.0' encoding='iso-8859-1'?><a>größer</a>".encode("latin-1"), XML),
        ("<?xml version='1.0' encoding='iso-8859-1'?><a>größer</a>".encode(), f"{XML}; charset=utf-8"),
    ],
)
def test_the_charset_is_the_marks_or_the_headers_or_the_declarations(body: bytes, content_type: str) -> None:
    assert bodies.decode(body, content_type) == {"a": "größer"}


def test_a_charset_of_more_than_a_byte_may_be_declared() -> None:
    assert bodies.decode("<?xml version='1.0' encoding='Shift_JIS'?><a>日本</a>".encode("shift_jis"), XML) == {"a": "日本"}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "no element found at line 1, column 1"),
        (b"<a>\n <b></c>\n</a>", "mismatched tag at line 2, column 7"),
        (b"<a/><b/>", "junk after document element"),
        (b"<a>&unknown;</a>", "undefined entity"),
        (b"<a x=1/>", "line 1, column 6"),
        (b"<a>\xff</a>", r"not UTF-8 \(line 1, column 4\)"),
        (b"<?xml version='1.0' encoding='utf-7'?><a/>", "charset 'utf-7' is not known"),
    ],
)
def test_a_body_that_is_not_xml_is_refused_with_the_place(body: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        bodies.decode(body, XML)


def test_no_document_type_and_no_entity_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret of this machine")
    laughs = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 10))
    for attack in (
        "<!DOCTYPE a><a/>",
        f'<!DOCTYPE a [<!ENTITY l0 "ha">{laughs}]><a>&l9;</a>',
        f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{secret}">]><a>&x;</a>',
        f'<!DOCTYPE a SYSTEM "file://{secret}"><a/>',
        f'<!DOCTYPE a [<!ENTITY % p SYSTEM "file://{secret}">%p;]><a/>',
        "<!DOCTYPE a [<!ATTLIST a x CDATA 'default'>]><a/>",
    ):
        with pytest.raises(Unreadable, match="document type") as refused:
            bodies.decode(attack.encode(), XML)
        assert "secret" not in str(refused.value)


def test_nesting_is_bounded_and_the_bound_itself_is_allowed() -> None:
    assert bodies.decode(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH, XML)
    for levels in (MAX_DEPTH + 1, 500_000):
        with pytest.raises(Unreadable, match=f"nests deeper than {MAX_DEPTH}"):
            bodies.decode(b"<a>" * levels + b"</a>" * levels, XML)


def test_elements_and_attributes_are_bounded() -> None:
    for many in (b"<b/>" * MAX_NODES, b'<b x=""/>' * (MAX_NODES // 2)):
        with pytest.raises(Unreadable, match=f"more than {MAX_NODES} elements and attributes"):
            bodies.decode(b"<a>" + many + b"</a>", XML)
