"""Keys with a hyphen behind a dot, and paths of conditions: what is said of them, and what they were meant to be."""

from typing import Any

import pytest
from support_templating import refusal

from hookrules.engine.matching.names import event_names
from hookrules.engine.model import Event
from hookrules.engine.templating import TextTemplate, UrlTemplate
from hookrules.engine.templating.parsing import read


def told(source: str) -> list[tuple[str, str | None]]:
    return [(fault.message.partition(" is a subtraction")[0].partition(" is how")[0], fault.suggestion) for fault in read(source).faults]


@pytest.mark.parametrize(
    ("source", "meant"),
    [
        ("header.X-Request-Id", "header['X-Request-Id']"),
        ("header.x-event", "header['x-event']"),
        ("header.X-1", "header['X-1']"),
        ("header.X-2FA-Id", "header['X-2FA-Id']"),
        ("header.If-None-Match", "header['If-None-Match']"),
        ("header.x-for-in-is-not", "header['x-for-in-is-not']"),
        ("query.utm-source", "query['utm-source']"),
        ("payload.my-key", "payload['my-key']"),
        ("payload.my-payload", "payload['my-payload']"),
        ("payload.a.my-key.b", "payload.a['my-key'].b"),
        ("payload.a[0].my-key['b'].c-d", "payload.a[0]['my-key'].b['c-d']"),
        ("payload.items.0.a-b", "payload.items[0]['a-b']"),
        ("payload.step-1-name", "payload['step-1-name']"),
        ("secrets.chat-url", "secrets['chat-url']"),
        ("item.my-key", "item['my-key']"),
    ],
)
@pytest.mark.parametrize(
    "around", ["{{{{ {} }}}}", "{{{{ {} | default('x') }}}}", "{{% if {} == 'x' %}}a{{% endif %}}", "{{{{ 'x' ~ {} ~ 1 * 2 }}}}"]
)
def test_a_hyphen_behind_a_dot_is_one_error_that_says_how_the_key_is_written(source: str, meant: str, around: str) -> None:
    text = around.format(source)
    assert told(text) == [(f"'{source}'", f"write {meant}")]
    assert [(fault.line, fault.column) for fault in read(f"a\n{text}").faults] == [(1, text.index(source))]
    assert not any(reference.path[0] == source.partition(".")[0] for reference in read(text).references)
    assert told(around.format(meant)) == []


@pytest.mark.parametrize(
    "source",
    [
        "{{ payload.total-1 }}",
        "{{ payload.total-payload.done }}",
        "{{ payload.total-index }}",
        "{{ payload.total - 1 }}",
        "{{ payload['my-key'] }}",
        "{{ payload['a']-1 }}",
        "{{ 'header.X-Request-Id' }} header.X-Request-Id {# header.X-Id #}{% raw %}{{ header.X-Id }}{% endraw %}",
        "{% for one in payload.all %}{{ one.n-loop.index }}{{ one.n-one.m }}{% endfor %}",
        "{% set done = 1 %}{{ payload.total-done }}",
        "{{- payload.a -}}",
        "{{ payload['my-key'].a }}{{ header['X-Id'].a }}{{ header.a['b-c'] }}{{ payload[0x1].a-1 }}",
    ],
)
def test_what_may_be_a_subtraction_is_one(source: str) -> None:
    assert told(source) == []


def test_a_name_of_the_template_s_own_has_keys_with_hyphens_too() -> None:
    assert told("{% for one in payload.all %}{{ one.my-key }}{% endfor %}") == [("'one.my-key'", "write one['my-key']")]


def test_two_keys_are_two_errors_beside_all_others() -> None:
    assert told("{{ header.X-A ~ header.x-event }} {{ nothing.b }} {{ payload.a-b | uper }}") == [
        ("'header.X-A'", "write header['X-A']"),
        ("'header.x-event'", "write header['x-event']"),
        (
            "there is no name 'nothing'",
            "known are payload, header, query, event, git, rule, run, steps, vars, secrets, item, index, failed, events",
        ),
        ("'payload.a-b'", "write payload['a-b']"),
        ("there is no filter 'uper'", "did you mean upper?"),
    ]


def test_lines_that_end_as_on_windows_move_nothing() -> None:
    assert [(fault.line, fault.column) for fault in read("a\r\nb\r\n{{ header.X-Id }}\r\n{{ nothing }}").faults] == [(2, 3), (3, 3)]


def test_names_with_white_space_around_the_hyphen_stay_names() -> None:
    (fault,) = read("{{ payload.a - b }}").faults
    assert fault.message == "there is no name 'b'"


@pytest.mark.parametrize("name", ["X-GitHub-Event", "x-github-event", "X-GITHUB-EVENT"])
def test_a_header_is_text_under_its_name_in_any_case(name: str) -> None:
    names: dict[str, Any] = event_names(Event("", "github", "push", {}, b"", 0.0, headers={"x-github-event": ("push",)}))
    assert TextTemplate(f"{{{{ header['{name}'] }}}}{{{{ header[\"{name}\"] }}}}").render(names) == "pushpush"


@pytest.mark.parametrize(
    ("source", "shown", "meant"),
    [
        ("$.ref", "$.ref", "payload.ref"),
        ("$ref", "$ref", "payload.ref"),
        ("$", "$", "payload"),
        ("$.a.my-key[0]", "$.a.my-key[0]", "payload.a['my-key'][0]"),
        ("$['a b'].c", "$['a b'].c", "payload['a b'].c"),
        ("$.commits[*].id", "$.commits[*].id", "payload | jsonpath('$.commits[*].id')"),
        ("$..id", "$..id", "payload | jsonpath('$..id')"),
        ("$.a[?(@.b == 'c')].d", "$.a[?(@.b == 'c')].d", "payload | jsonpath(\"$.a[?(@.b == 'c')].d\")"),
    ],
)
def test_a_path_of_conditions_is_told_as_what_a_template_has_for_it(source: str, shown: str, meant: str) -> None:
    assert told(f"{{{{ {source} }}}} and {{{{ {source} | upper }}}}") == [(f"'{shown}'", f"write {meant}")] * 2
    assert told(f"{{% if {source} %}}a{{% endif %}}") == [(f"'{shown}'", f"write {meant}")]
    assert told(f"{{{{ {meant} }}}}") == []


def test_a_dollar_that_begins_no_path_is_no_more_than_that() -> None:
    assert told("{{ ${x} }}") == [("unexpected char '$'", None)]


def test_every_place_says_the_same() -> None:
    assert refusal(UrlTemplate, "https://example.com/{{ header.X-Request-Id }}").suggestion == "write header['X-Request-Id']"
