"""What every kind of action promises, whichever it is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError
from support_actions import http_server, surroundings
from support_brokers import KINDS as KINDS_THAT_PUBLISH
from support_brokers import subject, working_broker
from support_git import Origin
from support_smtp import smtp_server

from hookrules.actions import KINDS, Action, Services, UnknownKind, kind, kinds, service, services
from hookrules.engine.errors import TemplateError
from hookrules.engine.outbound import database
from hookrules.engine.secret import Placeholders, Vault

NAMES: dict[str, Any] = {
    "payload": {"after": "12345e7", "ref": "refs/heads/main"},
    "event": {"type": "push", "source": "github"},
    "git": {"repo": "acme/shop", "sha": f"12345e7{'0' * 33}"},
}
AROUND = {"vault": Placeholders(Path())}
"""What settings are validated with."""


@pytest.fixture(params=kinds())
def model(request: pytest.FixtureRequest) -> type[Action]:
    return kind(request.param)


@pytest.fixture
def web() -> Iterator[str]:
    with http_server() as server:
        yield server.url


@pytest.fixture(scope="module")
def mail_port() -> Iterator[int]:
    with smtp_server() as bag:
        yield bag.port


def examples(model: type[Action]) -> list[dict[str, Any]]:
    return list(model.model_json_schema(by_alias=True)["examples"])


def working(model: type[Action], web: str) -> dict[str, Any]:
    """Fields with which the kind succeeds here."""
    return {
        "shell": {"command": "true"},
        "http": {"url": web, "allow_private": True},
        "sql": {"statement": "select {{ payload.ref }} as ref"},
        "email": {"smtp": "here", "to": "ops@example.com", "subject": "x", "text": "y"},
        "file": {"root": "here", "path": "x", "content": "y"},
        "notify": {"to": "here", "body": "x"},
        "status": {"forge": "here", "context": "ci"},
        "git": {"repository": "here", "ref": "main"},
        "emit": {"event": "internal.done"},
        "wait": {"duration": "5m"},
        **{kind: {"broker": "here", **subject(kind), "text": "x"} for kind in KINDS_THAT_PUBLISH},
        "log": {"message": "x"},
    }[model.kind]


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Origin:
    made = Origin.made(tmp_path_factory.mktemp("origins") / "here")
    made.commit({"file.txt": "x"})
    return made


@pytest.fixture
def services_here(tmp_path: Path, web: str, mail_port: int, origin: Origin) -> Services:
    """What the working fields name."""
    written: dict[str, Any] = {
        "files": {"root": str(tmp_path)},
        "forges": {"kind": "gitea", "url": web, "token": "a long token", "allow_private": True},
        "notify": {"url": web.replace("http:", "json:")},
        "repositories": {"url": origin.url, "root": str(tmp_path), "protocols": ["file"]},
        "smtp": {"host": "127.0.0.1", "port": mail_port},
    }
    databases = {"main": {"url": f"sqlite:///{tmp_path}/data.db"}}
    context = {"vault": Vault({}, tmp_path)}
    named = {section: {"here": entry} for section, entry in written.items()} | {"databases": databases}
    return {
        section: {name: service(section).model_validate(entry, context=context) for name, entry in entries.items()}
        for section, entries in named.items()
    }


def test_the_registry_names_each_kind_as_it_names_itself(model: type[Action]) -> None:
    assert kind(model.kind) is model
    assert model.kind in KINDS


def test_every_field_and_the_kind_itself_are_described(model: type[Action]) -> None:
    assert model.__doc__
    for field in model.model_fields.values():
        assert field.description


def test_its_examples_load_and_fit_its_schema(model: type[Action]) -> None:
    for example in examples(model):
        model.model_validate(example)
        jsonschema.validate(example, model.model_json_schema(by_alias=True))
    assert examples(model)


def test_the_short_form_fills_a_field(model: type[Action]) -> None:
    names = {info.alias or name for name, info in model.model_fields.items()}
    assert model.short is None or model.short in names


def test_an_unknown_field_is_refused(model: type[Action], web: str) -> None:
    with pytest.raises(ValidationError) as told:
        model.model_validate({**working(model, web), "nonsense": 1})
    assert told.value.errors()[0]["type"] == "extra_forbidden"


def test_a_description_is_json_and_does_nothing(model: type[Action]) -> None:
    for example in examples(model):
        described = model.model_validate(example).render(NAMES).describe()
        assert "12345e7" in json.dumps(described) or "push" in json.dumps(described)


def test_what_is_supposed_is_a_success_with_every_result_unless_told(model: type[Action]) -> None:
    for example in examples(model):
        call = model.model_validate(example).render(NAMES)
        outcome = call.suppose({})
        assert outcome.succeeded
        assert outcome.result.keys() == set(model.results)


def test_a_missing_name_is_a_template_error(model: type[Action]) -> None:
    for example in examples(model):
        with pytest.raises(TemplateError, match="is missing"):
            model.model_validate(example).render({})


def test_performing_gives_an_outcome_with_a_json_result(model: type[Action], web: str, services_here: Services, tmp_path: Path) -> None:
    with working_broker(model.kind) as brokers:
        around = surroundings(tmp_path, services={**services_here, **brokers})
        outcome = model.model_validate(working(model, web)).render(NAMES).perform(around)
    assert outcome.succeeded or outcome.due_at is not None
    assert outcome.error is None
    json.dumps(dict(outcome.result))
    database.close()


def test_a_loaded_action_keeps_what_was_written(model: type[Action]) -> None:
    for example in examples(model):
        told = model.model_validate(example).model_dump(by_alias=True, exclude_unset=True)
        assert told == example


def test_an_unknown_kind_suggests_the_nearest() -> None:
    with pytest.raises(UnknownKind) as told:
        kind("shel")
    assert told.value.suggestion == "did you mean shell?"


@pytest.mark.parametrize("section", services())
def test_a_section_s_example_fits_and_is_what_its_actions_name(section: str) -> None:
    name, example = service(section).example
    service(section).model_validate(example, context={"vault": Placeholders(Path())})
    named = [use for each in kinds() for shown in examples(kind(each)) for use in kind(each).model_validate(shown).services_used()]
    assert (section, name) in {(use.section, use.name) for use in named}
