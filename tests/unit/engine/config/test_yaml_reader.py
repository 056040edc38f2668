"""YAML → Document: values, places, and what is refused. What each broken file is told stands in tests/golden/findings."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hookrules.engine.config import yaml_reader
from hookrules.engine.config.yaml_nodes import Document, plain
from hookrules.engine.config.yaml_reader import read_bytes, read_file, read_text
from hookrules.engine.model import Json


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def _each_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(yaml, request.param):
        pytest.skip("PyYAML was built without libyaml")
    monkeypatch.setattr(yaml_reader, "LOADER", getattr(yaml, request.param))


def value_of(text: str) -> Json:
    document = read_text(f"x: {text}\n", "f")
    assert not document.findings
    return plain(document.root)["x"]


@pytest.mark.usefixtures("_each_parser")
@pytest.mark.parametrize("text", ["on", "off", "yes", "No", "y", "1_000", "2026-01-31", "12:30", "0b1", "1e", "0x", "=", "nan"])
def test_what_yaml_1_1_took_for_something_else_is_text(text: str) -> None:
    assert value_of(text) == text


@pytest.mark.usefixtures("_each_parser")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("Null", None),
        ("12", 12),
        ("-7", -7),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5", 1.5),
        ("-.5", -0.5),
        ("1e3", 1000.0),
        ("007", 7),
        ("'12'", "12"),
        ('"true"', "true"),
        ("!!str 12", "12"),
    ],
)
def test_the_core_schema_gives_values(text: str, value: Json) -> None:
    found = value_of(text)
    assert found == value
    assert isinstance(found, type(value))


@pytest.mark.parametrize("text", ["3.10", "1.0e5", "007", "0o17", "12345e7", "+5", "1."])
def test_a_number_remembers_how_it_was_written(text: str) -> None:
    assert str(value_of(text)) == text


@pytest.mark.parametrize("text", [".inf", "-.INF", ".nan", "1e999"])
def test_a_number_that_json_lacks_is_told(text: str) -> None:
    (finding,) = read_text(f"x: {text}\n", "f").findings
    assert (finding.code, finding.line, finding.column) == ("HR122", 1, 4)


def test_aliases_give_the_same_value_and_keys_are_text() -> None:
    assert plain(read_text("a: &x {1: [2]}\nb: *x\ntrue: y\n", "f").root) == {"a": {"1": [2]}, "b": {"1": [2]}, "true": "y"}


@pytest.mark.usefixtures("_each_parser")
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: &x [*x]\n", "HR112"),
        ("a: *x\n", "HR112"),
        ("a: " + "[" * 65, "HR121"),
        ("<<: {a: b}\n", "HR111"),
        ("a: !x b\n", "HR110"),
        ("a: b\n---\nc: d\n", "HR109"),
        ("a: 1\na: 2\n", "HR102"),
        ("? [a]\n: b\n", "HR104"),
        ("a: 'x\n", "HR106"),
        ("a:\n\t- b\n", "HR113"),
        ("name:x\non: y\n", "HR114"),
        ("a: {{ x }}/y\n", "HR117"),
        ("a: @x\n", "HR118"),
        ("a: [1,\n", "HR106"),
        ("a: - b\n", "HR106"),
    ],
)
def test_both_parsers_are_explained_alike(text: str, code: str) -> None:
    assert [finding.code for finding in read_text(text, "f").findings] == [code]


def test_an_unreadable_file_is_one_finding(tmp_path) -> None:  # type: ignore[no-untyped-def]
    for path in (tmp_path / "gone.yaml", tmp_path):
        (finding,) = read_file(path).findings
        assert finding.code == "HR107"
        assert str(path) in finding.message


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [(b"a: b\nc: \xff\n", 2, 4), (b"\xef\xbb\xbfa: \xc3", 1, 4), (b"a: b\x00c\n", 1, 5), ("é: \x07".encode(), 1, 4), (b"a\r\nb\x1b", 2, 2)],
)
def test_bytes_that_are_no_text_are_told_with_their_place(data: bytes, line: int, column: int) -> None:
    (finding,) = read_bytes(data, "f").findings
    assert (finding.code, finding.line, finding.column) == ("HR108", line, column)


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert plain(read_bytes(b"\xef\xbb\xbfa: b\n", "f").root) == {"a": "b"}


@pytest.mark.parametrize(
    ("text", "line", "column", "place"),
    [
        ("a: some words\n", 0, 5, (1, 9)),
        ("a: 'it''s me'\n", 0, 5, (1, 11)),
        ('a: "some words"\n', 0, 5, (1, 10)),
        ('a: "b\\tc d"\n', 0, 4, (1, 4)),
        ("a: |\n  one\n  two\n", 1, 1, (3, 4)),
        ("a: |\n  one\n  two\n", 0, 5, (3, 4)),
        ("a: >-\n  one\n  two\n", 0, 5, (1, 4)),
        ("a: one\n  two\n", 0, 5, (1, 4)),
        ("a: &x words\n", 0, 2, (1, 4)),
        ("é: ab\n", 0, 1, (1, 5)),
    ],
)
def test_a_place_inside_of_a_text_leads_into_the_file(text: str, line: int, column: int, place: tuple[int, int]) -> None:
    assert next(iter(read_text(text, "f").root.entries.values())) is not None  # type: ignore[union-attr]
    document: Document = read_text(text, "f")
    (key,) = document.root.entries  # type: ignore[union-attr]
    assert document.locate((key,), line, column) == place


def test_a_path_that_leads_nowhere_stops_at_the_last_node_that_is_there() -> None:
    document = read_text("rules:\n  - shell: ./x\n", "f")
    assert document.locate(("rules", 0, "shell", "command")) == (2, 12)
    assert document.locate(("rules", 7, "name")) == (2, 3)
    assert document.locate_key(("rules", 0, "shell")) == (2, 5)


@given(st.binary(max_size=60) | st.text("ab:-#&*!|>'\"%@`{}[],? \t\n0.", max_size=60).map(str.encode))
@settings(deadline=None)
def test_no_bytes_raise(data: bytes) -> None:
    document = read_bytes(data, "f")
    for finding in document.findings:
        assert finding.line >= 1
        assert finding.column >= 1
