"""Values in HTML: escaped, and only where that is enough."""

from html.parser import HTMLParser
from typing import Any

import pytest
from support_corpus import HOSTILE, WITH_NUL
from support_templating import failure, refusal

from hookrules.engine.errors import UnsafeValue
from hookrules.engine.templating import HtmlTemplate


class Read(HTMLParser):
    """What a browser would find."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attributes))

    def handle_data(self, data: str) -> None:
        self.text += data


def rendered(source: str, payload: Any) -> str:
    return HtmlTemplate(source).render({"payload": payload})


@pytest.mark.parametrize("value", [*HOSTILE.values(), *WITH_NUL.values()])
def test_a_hostile_value_is_text_and_nothing_else(value: str) -> None:
    read = Read(rendered("<p title=\"{{ payload }}\" class='{{ payload }}'>{{ payload }}</p>", value))
    assert read.tags == [("p", [("title", value), ("class", value)])]
    assert read.text == value


@pytest.mark.parametrize(
    "source",
    [
        "{{ payload }}",
        "a < {{ payload }}",
        "a <3 {{ payload }}",
        "<b>{{ payload }}</b>",
        "<title>{{ payload }}</title>",
        "<!DOCTYPE html><!-- a > b --><p>{{ payload }}",
        "<img alt='{{ payload }}'/>",
        '<a href="https://example.com/{{ payload }}?q={{ payload }}">x</a>',
        '<a href="#{{ payload }}">x</a>',
        "<p id = '{{ payload }}' hidden>",
        "<style>b { color: red }</style>{{ payload }}",
        "<script>if (a < b) '</b>'</script >{{ payload }}",
        "{% if payload %}<b{% else %}<i{% endif %} title='{{ payload }}'>",
        "<p>{% for x in payload %}<b title='{{ x }}'>{{ x }}</b>{% endfor %}",
    ],
)
def test_a_value_may_stand_in_text_and_in_quotes(source: str) -> None:
    HtmlTemplate(source)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<{{ payload }}>", "in a tag's name"),
        ("</{{ payload }}>", "in a tag's name"),
        ("<p{{ payload }}>", "in a tag's name"),
        ("<p {{ payload }}>", "outside of quotes"),
        ("<p {{ payload }}='x'>", "outside of quotes"),
        ("<p a='x'{{ payload }}>", "outside of quotes"),
        ("<p title={{ payload }}>", "before an attribute's quotes"),
        ("<p title=a{{ payload }}>", "without quotes"),
        ("<!-- {{ payload }} -->", "in a comment"),
        ("<!-- a -> {{ payload }} -->", "in a comment"),
        ("<!DOCTYPE {{ payload }}>", "in <!…>"),
        ("<? {{ payload }} ?>", "in <!…>"),
        ("<script>{{ payload }}</script>", "inside <script>"),
        ("<SCRIPT type='x'>a</scr{{ payload }}", "inside <script>"),
        ("<style>b { color: {{ payload }} }</style>", "inside <style>"),
        ("<p style='color: {{ payload }}'>", "the attribute style"),
        ("<p onclick='f(\"{{ payload }}\")'>", "the attribute onclick"),
        ("<iframe srcdoc='{{ payload }}'>", "the attribute srcdoc"),
        ("<a href='java{{ payload }}'>", "a link's scheme"),
        ("<a title='x{% if payload %}' {% endif %} {{ payload }}", "outside of quotes"),
    ],
)
def test_a_value_where_escaping_is_not_enough_does_not_load(source: str, words: str) -> None:
    told = refusal(HtmlTemplate, source)
    assert words in told.message
    assert isinstance(told, UnsafeValue)


@pytest.mark.parametrize("value", ["https://example.com/?a=1&b=2", "HTTP://x", "mailto:a@x", "tel:+49", "cid:a@x"])
def test_a_link_may_be_a_value(value: str) -> None:
    assert Read(rendered("<a href='{{ payload }}'>", value)).tags == [("a", [("href", value)])]


@pytest.mark.parametrize(
    "value", ["javascript:alert(1)", " javascript:x", "data:text/html,x", "vbscript:x", "//evil.example", "x", "", "java\nscript:"]
)
def test_a_value_may_not_be_a_link_that_is_code(value: str) -> None:
    assert "link" in failure(HtmlTemplate, "<a href=' {{ payload }}'>", payload=value).message


def test_raw_is_html() -> None:
    assert rendered("<p>{{ payload | raw }}</p>", "<b>x</b>") == "<p><b>x</b></p>"
