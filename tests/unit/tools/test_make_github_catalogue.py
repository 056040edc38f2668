"""The script that makes a catalogue of JSON Schemas."""

import importlib.util
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).parents[3] / "tools" / "make_github_catalogue.py"
SPEC = importlib.util.spec_from_file_location("make_github_catalogue", SCRIPT)
assert SPEC and SPEC.loader
made = importlib.util.module_from_spec(SPEC)
sys.modules[SPEC.name] = made
SPEC.loader.exec_module(made)

TEXT = {"type": "string"}
USER = {"type": "object", "properties": {"login": TEXT, "type": {"type": "string", "enum": ["User", "Bot"]}}, "required": ["login"]}


def catalogue(**definitions: Mapping[str, Any]) -> dict[str, Any]:
    schema = {"definitions": {name.replace("__", "$"): definition for name, definition in definitions.items()}}
    result: dict[str, Any] = json.loads(made.catalogue(schema, "1.0.0"))
    return result


def root(found: Mapping[str, Any], event: str) -> dict[str, Any]:
    """A root whose members are written out."""
    shape = dict(found["shapes"][found["events"][event]])
    return shape | {"members": {name: found["shapes"][number] for name, number in shape.get("members", {}).items()}}


def test_the_order_of_the_schema_changes_nothing() -> None:
    closed = {"additionalProperties": False}
    one = {"a$event": {"type": "object", "properties": {"x": TEXT, "y": USER}, **closed}, "b$made": USER}
    other = {"b$made": dict(reversed(USER.items())), "a$event": {**closed, "properties": {"y": USER, "x": TEXT}, "type": "object"}}
    assert made.catalogue({"definitions": one}, "1") == made.catalogue({"definitions": other}, "1")


def test_an_event_is_named_with_its_action() -> None:
    free = {"type": "object", "properties": {"action": TEXT}, "required": ["action"], "additionalProperties": False}
    found = catalogue(push__event=USER, issues__opened=USER, dispatch__event=free, user=USER)
    assert list(found["events"]) == ["dispatch.*", "issues.opened", "push"]
    assert found["from"] == "@octokit/webhooks-schemas 1.0.0 (MIT)"


def test_what_is_not_required_is_marked_and_what_is_not_closed_is_open() -> None:
    shape = root(catalogue(push__event=USER), "push")
    assert (list(shape["members"]), shape["open"]) == (["login", "type?"], True)
    assert shape["members"]["type?"] == {"is": "text", "values": ["Bot", "User"]}


def test_one_of_several_is_all_of_them_and_all_of_several_is_the_narrower() -> None:
    state = {"type": "object", "properties": {"state": {"type": "string", "enum": ["open", "closed"]}}, "additionalProperties": False}
    opened = {"type": "object", "properties": {"state": {"type": "string", "enum": ["open"]}}, "tsAdditionalProperties": False}
    found = catalogue(a__event={"oneOf": [state, {"type": "null"}]}, b__event={"allOf": [state, opened]})
    assert root(found, "a")["is"] == "null|object"
    assert root(found, "b")["members"]["state?"]["values"] == ["open"]
    assert "open" not in root(found, "b")
