"""What all templates mean, shown with the plainest place: text as it is."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import nodes
from pydantic import BaseModel, ValidationError
from support_templating import failure, refusal

from hookrules.engine.config.yaml_scalars import WrittenFloat
from hookrules.engine.errors import TemplateError
from hookrules.engine.templating import Reference, TextTemplate, use_jsonpath
from hookrules.engine.templating.names import references
from hookrules.engine.templating.parsing import _is_lone
from hookrules.engine.templating.quick_parsing import quick
from hookrules.engine.templating.syntax import readable_tree

PAYLOAD: dict[str, Any] = {
    "after": "12345e7",
    "title": "Fix <it>",
    "items": [{"id": 1}, {"id": 2}],
    "keys": "the key",
    "number": 1.5,
    "draft": False,
    "none": None,
    "repository": {"full_name": "acme/shop", "owner": None},
}


def rendered(source: str, **names: Any) -> str:
    return TextTemplate(source).render({"payload": PAYLOAD, **names})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("as it is {{ payload.title }}", "as it is Fix <it>"),
        ("{{ payload.number }} {{ payload.draft }} {{ payload.none }}", "1.5 false null"),
        ("{{ payload['items'] }}", '[{"id":1},{"id":2}]'),
        ("{{ payload.items[1].id }}{{ payload.items.0.id }}{{ payload.items[-1].id }}", "212"),
        ("{{ payload.keys }}", "the key"),
        ("{{ 'draft: ' ~ payload.draft ~ payload.none }}", "draft: falsenull"),
        ("{{ payload.title | upper }}", "FIX <IT>"),
        ("{{ payload.items | map(attribute='id') | join(', ') }}", "1, 2"),
        ("{{ payload.items | length }}", "2"),
        ("{% for item in payload.items %}{{ loop.index }}:{{ item.id }}{% if not loop.last %}, {% endif %}{% endfor %}", "1:1, 2:2"),
        ("{% for key, value in payload.repository | items %}{{ key }} {% endfor %}", "full_name owner "),
        ("{% set name = payload.repository.full_name %}{{ name }}{# said once #}", "acme/shop"),
        ("{% raw %}{{ .Names }}{% endraw %} {{ payload.after }}", "{{ .Names }} 12345e7"),
        ("{{ payload.after }}\r\nkept\n", "12345e7\r\nkept\n"),
        ("{%- if payload.draft %}a{% else %} b {% endif -%}", " b "),
    ],
)
def test_a_template_prints_json_values_as_people_expect(source: str, expected: str) -> None:
    assert rendered(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "{{ payload.nope | default('none') }}",
        "{{ payload.nope.deeper[0].still | default('none') }}",
        "{{ payload.repository.owner.login | d('none') }}",
    ],
)
def test_default_accepts_a_missing_name_however_deep(source: str) -> None:
    assert rendered(source) == "none"


def test_is_defined_accepts_a_missing_name() -> None:
    assert (
        rendered("{{ payload.nope.deep is defined }} {{ payload.after is defined }} {{ payload.nope is undefined }}") == "false true true"
    )


def test_a_missing_value_may_be_kept_for_a_later_default() -> None:
    assert rendered("{% set who = payload.nope %}{{ who | default('nobody') }}") == "nobody"


@pytest.mark.parametrize(
    "source",
    [
        "{{ payload.pusher.name }}",
        "{% if payload.pusher.name %}x{% endif %}",
        "{{ payload.pusher.name == 'x' }}",
        "{{ 'x' in payload.pusher.name }}",
        "{{ payload.pusher.name is none }}",
        "{{ payload.pusher.name is string }}",
        "{{ payload.pusher.name | upper }}",
        "{{ payload.pusher.name | length }}",
        "{{ payload.pusher.name | tojson }}",
        "{{ [payload.pusher.name] }}",
        "{{ payload.pusher.name ~ 'x' }}",
        "{{ payload.pusher.name or 'x' }}",
        "{{ not payload.pusher.name }}",
        "{{ 'a' if payload.pusher.name else 'b' }}",
        "{{ payload.pusher.name[1:] }}",
        "{% for x in payload.pusher.name %}x{% endfor %}",
        "{% for x in payload.items if payload.pusher.name %}x{% endfor %}",
        "{{ 'x' | default(payload.pusher.name) }}",
        "{{ payload[payload.pusher.name] }}",
    ],
)
def test_anything_else_on_a_missing_name_is_an_error_that_names_it(source: str) -> None:
    assert "payload.pusher.name is missing" in failure(TextTemplate, source, payload=PAYLOAD).message


def test_an_error_says_where_and_what_was_probably_meant() -> None:
    error = failure(TextTemplate, "first\nsee {{ payload.repository.fullname }}", payload=PAYLOAD)
    assert (error.line, error.column) == (1, 7)
    assert error.suggestion == "did you mean payload.repository.full_name?"


def test_text_has_no_methods_and_the_error_names_the_filter() -> None:
    assert refusal(TextTemplate, "{{ payload.title.upper() }}").suggestion == "write | upper"
    assert "write | upper" in failure(TextTemplate, "{{ payload.title.upper }}", payload=PAYLOAD).message


def test_a_list_has_no_fields_and_the_error_shows_the_ways() -> None:
    assert "map(attribute='id')" in failure(TextTemplate, "{{ payload.items.id }}", payload=PAYLOAD).message


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("{% macro f() %}{% endmacro %}", "macro"),
        ("{% call f() %}{% endcall %}", "call"),
        ("{% filter upper %}x{% endfilter %}", "filter"),
        ("{% set x %}y{% endset %}", "set"),
        ("{% include 'x' %}", "include"),
        ("{% import 'x' as y %}", "import"),
        ("{% from 'x' import y %}", "import"),
        ("{% extends 'x' %}", "extends"),
        ("{% block x %}{% endblock %}", "block"),
        ("{% with %}{% endwith %}", "with"),
        ("{% autoescape true %}{% endautoescape %}", "autoescape"),
        ("{% for x in payload recursive %}{{ loop(x) }}{% endfor %}", "recursive"),
        ("{% nonsense %}", "nonsense"),
        ("{{ payload.x | nonsense }}", "nonsense"),
        ("{{ payload.x is nonsense }}", "nonsense"),
        ("{{ lipsum() }}", "lipsum"),
        ("{{ payload.x.format(1) }}", "format"),
        ("{{ payload | attr('x') }}", "attr"),
        ("{{ payload.x | safe }}", "safe"),
        ("{{ payload", "end of"),
        ("{{ paylod.x }}", "paylod"),
        ("{{ self }}", "self"),
        ("{{ payload.x | raw | upper }}", "raw"),
        ("{% set y = payload.x | raw %}", "raw"),
        ("{{ payload.x | map('raw') | raw('a') }}", "raw"),
    ],
)
def test_what_templates_do_not_do_is_refused_at_load(source: str, word: str) -> None:
    assert word in refusal(TextTemplate, source).message


def test_an_unknown_name_suggests_the_nearest() -> None:
    error = refusal(TextTemplate, "a {{ paylod.x }}")
    assert (error.line, error.column, error.suggestion) == (0, 5, "did you mean payload?")


def test_python_is_out_of_reach() -> None:
    for path in ("payload.__class__", "payload['__class__']", "payload.title.__class__", "payload.items.append"):
        with pytest.raises(TemplateError, match="missing"):
            rendered(f"{{{{ {path} }}}}")
    assert rendered("{{ payload | map('upper') | list | length }}") == str(len(PAYLOAD))


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'x' * 100000000 }}",
        "{{ [1] * 100000000 }}",
        "{{ 2 ** 100000000 }}",
        "{{ '%1000000000d' % 1 }}",
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "{% for a in range(100000) %}{{ payload.long }}{% endfor %}",
        "{{ range(100000000) | list }}",
    ],
)
def test_no_template_fills_the_memory(source: str) -> None:
    with pytest.raises(TemplateError):
        rendered(source, payload={"long": "x" * 1000})


def test_a_failing_filter_is_an_error_without_the_value() -> None:
    error = failure(TextTemplate, "ok\n{{ payload.title + 1 }}", payload={"title": "hunter2-secret"})
    assert error.line == 1
    assert "hunter2" not in error.message


def test_references_are_known_without_rendering() -> None:
    source = (
        "{{ payload.after }} {{ secrets.chat_url }}\n{{ steps.deploy.stdout | trim }} {{ header['X-GitHub-Event'] }}"
        "{% for item in payload.commits %}{{ item.id }}{{ vars.x[index] }}{% endfor %}{{ item.name }}{{ payload.a[0].b }}"
    )
    found = TextTemplate(source).references()
    assert found[0] == Reference(("payload", "after"), 0, 3)
    assert [reference.path for reference in found] == [
        ("payload", "after"),
        ("secrets", "chat_url"),
        ("steps", "deploy", "stdout"),
        ("header", "X-GitHub-Event"),
        ("payload", "commits"),
        ("index",),
        ("vars", "x"),
        ("item", "name"),
        ("payload", "a", "0", "b"),
    ]


def test_raw_uses_are_told_with_their_place() -> None:
    template = TextTemplate("a\n {{ payload.after | raw }}")
    assert [(use.line, use.column) for use in template.raw_uses()] == [(1, 4)]
    assert template.render({"payload": PAYLOAD}) == "a\n 12345e7"


def test_jsonpath_runs_what_was_set_up() -> None:
    use_jsonpath(lambda path, value: [path, value["after"]])
    assert rendered("{{ payload | jsonpath('$.after') | join(' ') }}") == "$.after 12345e7"


class Holder(BaseModel):
    text: TextTemplate


def test_a_field_keeps_its_source_and_its_schema_is_text_or_what_is_read_as_text() -> None:
    held = Holder.model_validate({"text": "a {{ payload.b }}"})
    assert held.model_dump() == {"text": "a {{ payload.b }}"}
    assert Holder.model_json_schema()["properties"]["text"]["type"] == ["string", "number"]


def test_a_boolean_where_text_belongs_is_told_to_be_quoted() -> None:
    with pytest.raises(ValidationError) as told:
        Holder.model_validate({"text": True})
    (error,) = told.value.errors()
    assert error["ctx"]["suggestion"] == 'quote it: "true"'


def test_a_number_where_text_belongs_is_the_text_that_was_written() -> None:
    assert Holder.model_validate({"text": WrittenFloat.of(3.1, "3.10")}).text.render({}) == "3.10"
    assert Holder.model_validate({"text": 8080}).text.render({}) == "8080"


def test_a_bad_template_carries_its_place_through_pydantic() -> None:
    with pytest.raises(ValidationError) as told:
        Holder.model_validate({"text": "line\n {{ paylod }} {line}"})
    (error,) = told.value.errors()
    assert error["type"] == "template"
    assert (error["ctx"]["line"], error["ctx"]["column"]) == (1, 4)
    assert error["msg"] == "there is no name 'paylod'"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{{ paylod.x }} {{ payload.y | nofilter }} {{ payload.z.upper() }}", [(3, "'paylod'"), (30, "'nofilter'"), (45, ".upper()")]),
        ("{{ paylod.x | nofilter }}", [(3, "'paylod'"), (14, "'nofilter'")]),
        ("{{ a b }} {{ payload.x }} {{ c d }}", [(5, "got 'b'"), (31, "got 'd'")]),
        ("{{ payload.a } {{ b.c }}", [(13, "unexpected '}'"), (18, "'b'")]),
        ("{{ a b }} {% nonsense %} {{ c d }}", [(5, "got 'b'"), (13, "unknown tag 'nonsense'")]),
        ("{{ payload.a }} {{ payload.b", [(27, "end of")]),
        ("{{ payload.a }} {{ x } {{ b.c }}", [(21, "unexpected '}'"), (26, "'b'")]),
        ("{{ payload.a ? 1 }}{{ b }}", [(13, "unexpected char"), (22, "'b'")]),
    ],
)
def test_every_mistake_of_a_template_is_told_at_once(source: str, told: list[tuple[int, str]]) -> None:
    first = refusal(TextTemplate, source)
    faults = sorted((fault.column, fault.message) for fault in (first, *first.others))
    assert [column for column, _ in faults] == [column for column, _ in told]
    assert all(words in message for (_, message), (_, words) in zip(faults, told, strict=True))


@pytest.mark.parametrize(
    "nested",
    [
        lambda depth: "{{ item" + "|trim" * depth + " }}",
        lambda depth: "{{ item" + "|foo" * depth + " }}",
        lambda depth: "{{ payload" + ".a" * depth + " }}",
        lambda depth: "{{ payload" + "[0]" * depth + " }}",
        lambda depth: "{{ " + "1+" * depth + "1 }}",
        lambda depth: "{{ " + "item if item else " * depth + "item }}",
        lambda depth: "{% if item %}" * depth + "x" + "{% endif %}" * depth,
        lambda depth: "{% for i in [1] %}" * depth + "x" + "{% endfor %}" * depth,
        lambda depth: "{{ " + "(" * depth + "item" + ")" * depth + " }}",
        lambda depth: "{{ item" + "()" * depth + " }}",
    ],
)
@pytest.mark.parametrize("depth", [16, 50, 58, 100, 200, 1000, 10_000])
def test_no_nesting_is_too_deep_to_be_run_or_refused(nested: Callable[[int], str], depth: int) -> None:
    with contextlib.suppress(TemplateError):  # and nothing else is raised
        TextTemplate(nested(depth)).render({"item": "x", "payload": {"a": 1}})


def test_as_many_filters_and_loops_as_anyone_writes_are_fine() -> None:
    assert TextTemplate("{{ item" + "|trim" * 50 + " }}").render({"item": "x"}) == "x"
    assert TextTemplate("{% for i in [1] %}" * 15 + "x" + "{% endfor %}" * 15).render({}) == "x"


def test_of_very_many_mistakes_the_first_are_told() -> None:
    first = refusal(TextTemplate, "{{ foo }}" * 1000)
    assert len((first, *first.others)) == 20


@given(st.text(alphabet="{}%#|'\" .()ab\n\r", max_size=40))
def test_no_text_breaks_the_reading_of_templates(source: str) -> None:
    with contextlib.suppress(TemplateError):
        TextTemplate(source)


DOTTED = st.sampled_from(["{{ payload.a_b.c }}", "{{item}}", "{{ steps.x.if }}", "{{\nvars.y }}", " ", "x\n", "}} { ", "\n", "é$'"])
FILTERED = st.sampled_from(
    [
        "{{ payload.a | default('é x') }}",
        "{{item|trim|upper}}",
        "{{ payload.a | replace('a', \"b'\") | d }}",
        "{{ vars.y|join(',')\n}}",
        "{{ payload.a |d('')|int }}",
    ]
)


@given(st.lists(DOTTED | FILTERED, max_size=8).map("".join))
def test_the_quick_way_reads_what_jinja_reads(source: str) -> None:
    read = quick(source)
    assert read is not None
    tree, found = read.tree(), read.references()
    jinjas = readable_tree(source)[0]
    assert read.lone is _is_lone(jinjas)
    assert tree == jinjas or (not source and jinjas.body == [])
    assert found == tuple(references(jinjas))
    places = [
        [(type(node), node.lineno, node.lineno.column) for node in one.find_all((nodes.Name, nodes.Filter))] for one in (tree, jinjas)
    ]
    assert places[0] == places[1]


@given(st.text(alphabet="{} |'\"(),payload.trim-\\\n%#", max_size=30).map(lambda text: "{{ payload.a | trim" + text + "}}"))
def test_the_quick_way_reads_nothing_else(source: str) -> None:
    read = quick(source)
    assert read is None or read.tree() == readable_tree(source)[0]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.text(max_size=60), json_values)
def test_a_payload_is_never_read_as_a_template(text: str, value: object) -> None:
    assert TextTemplate("<{{ payload.v }}>").render({"payload": {"v": text, "w": value}}) == f"<{text}>"


@given(st.text(alphabet="{}%# abpayload.'|()[]1\n", max_size=40))
def test_any_text_is_a_template_or_an_error_with_a_place_inside_it(source: str) -> None:
    lines = source.split("\n")
    try:
        TextTemplate(source)
    except TemplateError as told:
        error = told
    else:
        return
    assert error.message
    assert 0 <= error.line < len(lines)
