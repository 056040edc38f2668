"""Values that would be more than text to someone, through everything that a command can be given: byte for byte, or refused by name."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support_actions import surroundings
from support_corpus import HOSTILE, NO_UNICODE, WITH_NUL, each_hostile, each_no_unicode, each_with_nul

from hookrules.actions.shell import ShellAction
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Outcome

REPORT = """#!/bin/sh
for argument; do printf '%s\\0' "$argument"; done > '{0}/argv'
env -0 > '{0}/environ'
cat > '{0}/stdin'
{{ pwd -P; printf .; }} > '{0}/cwd'
"""


@dataclass
class Witness:
    """A folder for PATH with one program, `report`, which writes down all that it was given."""

    folder: Path

    def __post_init__(self) -> None:
        program = self.folder / "report"
        program.write_text(REPORT.format(self.folder))
        program.chmod(0o755)
        self.before = self.files()

    def files(self) -> set[str]:
        return {path.name for path in self.folder.parent.rglob("*")}

    def read(self, what: str) -> bytes:
        return (self.folder / what).read_bytes()

    @property
    def arguments(self) -> list[bytes]:
        return self.read("argv").split(b"\0")[:-1]

    @property
    def environment(self) -> dict[bytes, bytes]:
        return dict(each.partition(b"=")[::2] for each in self.read("environ").split(b"\0")[:-1])  # type: ignore[misc]

    @property
    def cwd(self) -> bytes:
        return self.read("cwd").removesuffix(b"\n.")

    def nothing_else_happened(self) -> bool:
        return self.files() - self.before <= {"argv", "environ", "stdin", "cwd"}


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    folder = tmp_path / "bin"
    folder.mkdir()
    return Witness(folder)


def run(witness: Witness, value: str, body: bytes = b"", **fields: Any) -> Outcome:
    fields = {"command": [f"{witness.folder}/report"], **fields}
    call = ShellAction.model_validate(fields).render({"payload": {"x": value}})
    outcome = call.perform(surroundings(witness.folder.parent, body=body))
    assert outcome.succeeded, outcome.error
    assert outcome.result["stderr"] == ""
    return outcome


@each_hostile
def test_a_value_in_shell_text_is_one_word_or_part_of_one(witness: Witness, value: str) -> None:
    run(witness, value, command=f"{witness.folder}/report {{{{ payload.x }}}} --x={{{{ payload.x }}}} {{{{ payload.x }}}}.txt end")
    raw = value.encode()
    assert witness.arguments == [raw, b"--x=" + raw, raw + b".txt", b"end"]
    assert witness.nothing_else_happened()


@each_hostile
def test_a_value_in_a_list_is_one_argument(witness: Witness, value: str) -> None:
    run(witness, value, command=[f"{witness.folder}/report", "{{ payload.x }}", "a{{ payload.x }}b"])
    assert witness.arguments == [value.encode(), b"a" + value.encode() + b"b"]
    assert witness.nothing_else_happened()


@each_hostile
def test_a_value_in_a_variable_is_its_value_and_makes_no_other(witness: Witness, value: str) -> None:
    run(witness, value, env={"X": "{{ payload.x }}"})
    names = {"PATH", "HOME", "LANG", "HOOKRULES_IDEMPOTENCY_KEY", "HOOKRULES_ATTEMPT", "X"}
    assert witness.environment[b"X"] == value.encode()
    assert {name.decode() for name in witness.environment} - {"PWD", "OLDPWD", "SHLVL", "_"} == names
    assert witness.nothing_else_happened()


@pytest.mark.parametrize("value", [*HOSTILE.values(), *WITH_NUL.values()], ids=[*HOSTILE, *WITH_NUL])
def test_a_value_in_the_input_is_read_as_it_is(witness: Witness, value: str) -> None:
    run(witness, value, stdin="{{ payload.x }}")
    assert witness.read("stdin") == value.encode()


@pytest.mark.parametrize("value", [*HOSTILE.values(), *WITH_NUL.values()], ids=[*HOSTILE, *WITH_NUL])
def test_the_payload_as_input_is_json_of_that_value(witness: Witness, value: str) -> None:
    run(witness, value, stdin={"from": "payload"})
    assert json.loads(witness.read("stdin")) == {"x": value}


BODIES = {**{name: value.encode() for name, value in HOSTILE.items()}, "every byte": bytes(range(256)) * 300, "no UTF-8": b"\xff\xc3("}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_the_body_arrives_as_it_was_sent(witness: Witness, body: bytes) -> None:
    run(witness, "", body, stdin={"from": "body"})
    assert witness.read("stdin") == body
    run(witness, "", body, command='cat "$HOOKRULES_PAYLOAD_FILE" > bin/stdin', payload_file=True)
    assert witness.read("stdin") == body


@each_hostile
def test_a_value_in_the_folder_is_one_segment_or_refused(witness: Witness, value: str) -> None:
    folder = witness.folder.parent
    fields = {"command": [f"{witness.folder}/report"], "cwd": "{{ payload.x }}"}
    if "/" in value or value in ("", ".", ".."):
        assert "within one segment" in refusal(value, fields).message
        return
    call = ShellAction.model_validate(fields).render({"payload": {"x": value}})
    if len(value.encode()) > 255:
        assert "there is no such folder" in str(call.perform(surroundings(folder)).error)
        return
    (folder / value).mkdir()
    assert call.perform(surroundings(folder)).succeeded
    assert witness.cwd == str(folder.resolve()).encode() + b"/" + value.encode()


def refusal(value: str, fields: Mapping[str, Any]) -> TemplateError:
    with pytest.raises(TemplateError) as told:
        ShellAction.model_validate({"command": ["true"], **fields}).render({"payload": {"x": value}})
    return told.value


PLACES: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "text": ({"command": "true {{ payload.x }}"}, "a value"),
    "list": ({"command": ["true", "{{ payload.x }}"]}, "an argument"),
    "env": ({"env": {"STAGE": "{{ payload.x }}"}}, "the variable STAGE"),
    "cwd": ({"cwd": "{{ payload.x }}"}, "a folder's name"),
}
STDIN: Mapping[str, Any] = {"stdin": "{{ payload.x }}"}


@pytest.mark.parametrize(("fields", "named"), PLACES.values(), ids=PLACES)
@each_with_nul
def test_what_no_program_can_be_given_is_refused_and_its_place_named(fields: Mapping[str, Any], named: str, value: str) -> None:
    told = refusal(value, fields)
    assert "NUL" in told.message
    assert told.message.startswith(named)


@pytest.mark.parametrize(("fields", "named"), [*PLACES.values(), (STDIN, "the text for stdin")], ids=[*PLACES, "stdin"])
@each_no_unicode
def test_what_no_encoding_has_is_refused_and_its_place_named(fields: Mapping[str, Any], named: str, value: str) -> None:
    told = refusal(value, fields)
    assert "no valid Unicode" in told.message
    assert told.message.startswith(named)


def test_there_is_more_than_text_in_the_corpus() -> None:
    assert len(HOSTILE) > 80
    assert {"'", '"', "`id`", "$(id)", "--help"} <= set(HOSTILE.values())
    assert NO_UNICODE
