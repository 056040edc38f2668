"""What hookrules.yaml says of brokers, as it is loaded: what is wrong there is a finding with its place, and shows no password."""

import sys
from pathlib import Path
from typing import Any

import pytest
from support_actions import surroundings

from hookrules.actions import kind, service
from hookrules.engine.config.findings import Finding
from hookrules.engine.config.loading import load
from hookrules.engine.config.settings import Settings
from hookrules.engine.secret import Placeholders


def loaded(folder: Path, text: str, rule: str = "log: x") -> tuple[Settings | None, tuple[Finding, ...]]:
    """A hookrules.yaml with a source `lab`, these sections and a rule with this step."""
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(f"rules: [{{name: a, on: lab, steps: [{{{rule}}}]}}]")
    (folder / "hookrules.yaml").write_text(f"sources: {{lab: {{verify: {{token: {{query: t, value: {{env: TOKEN}}}}}}}}}}\n{text}")
    read = load(folder / "hookrules.yaml", environ={"TOKEN": "a-long-token", "URL": "amqp://ann:a-password@localhost"})
    return read.settings, tuple(finding for finding in read.findings if finding.code != "HR406")


def told(finding: Finding) -> str:
    return f"{finding.line}:{finding.column} {finding.code} {finding.message}"


@pytest.mark.parametrize(("section", "library"), [("redis", "redis"), ("amqp", "pika"), ("mqtt", "paho"), ("kafka", "confluent_kafka")])
def test_a_client_that_is_not_installed_is_told_with_what_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, section: str, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)  # nothing can import it now
    _, findings = loaded(tmp_path, f"{section}:\n  here: {{}}\n")
    assert [told(finding) for finding in findings] == [
        f"3:9 HR314 the client for it, {library}, is not installed; pip install 'hookrules[{section}]'"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mqtt: {a: {url: 'redis://localhost'}}", "2:18 HR104 its URL begins with mqtt:// or mqtts://, not with 'redis'"),
        ("redis: {a: {url: 'redis://localhost/jobs'}}", "2:19 HR104 a database of Redis is a number: redis://localhost:6379/0"),
        ("amqp: {a: {url: {env: NONE}}}", "2:17 HR407 environment variable NONE is not set; set it before hookrules starts"),
        ("mqtt: {a: {url: 'mqtts://localhost', ca: ca.pem}}", "2:42 HR104 there is no file 'ca.pem'"),
        ("mqtt: {a: {}}", "2:11 HR103 'url' is missing in 'a'"),
        ("mqtt: {a: {url: 'mqtt://localhost', version: 4}}", "2:46 HR104 'version' is one of 3, 5, not 4"),
        (
            "kafka: {a: {servers: ['localhost']}}",
            "2:24 HR104 'localhost' is no server of Kafka: write HOST:PORT, like kafka.example.com:9092",
        ),
        ("kafka: {a: {servers: []}}", "2:22 HR104 'servers' is empty"),
        ("kafka: {a: {servers: ['a:1'], sals: {}}}", "2:31 HR101 unknown key 'sals' in 'a'"),
    ],
)
def test_what_is_wrong_with_a_broker_has_its_place(tmp_path: Path, text: str, expected: str) -> None:
    _, findings = loaded(tmp_path, text)
    assert [told(finding) for finding in findings] == [expected]


def test_a_broker_that_is_not_there_is_told(tmp_path: Path) -> None:
    _, findings = loaded(tmp_path, "mqtt: {house: {url: 'mqtt://localhost'}}", "mqtt: {broker: hous, topic: a, text: x}")
    assert [(finding.code, finding.suggestion) for finding in findings] == [("HR312", "house")]


def test_a_url_without_a_user_may_stand_in_the_file(tmp_path: Path) -> None:
    settings, findings = loaded(tmp_path, "amqp: {a: {url: 'amqp://localhost'}}")
    assert settings is not None
    assert findings == ()


def test_the_version_of_mqtt_is_a_number(tmp_path: Path) -> None:
    settings, findings = loaded(tmp_path, "mqtt: {a: {url: 'mqtt://localhost', version: 3}}")
    assert settings is not None
    assert findings == ()


def test_a_password_in_the_file_is_warned_of(tmp_path: Path) -> None:
    _, findings = loaded(tmp_path, "amqp: {a: {url: 'amqp://ann:a-password@localhost'}}")
    assert [finding.code for finding in findings] == ["HR409"]
    assert "a-password" not in findings[0].message


def test_a_url_from_elsewhere_is_a_secret(tmp_path: Path) -> None:
    settings, findings = loaded(tmp_path, "amqp: {a: {url: {env: URL}}}")
    assert settings is not None
    assert findings == ()
    assert "a-password" not in repr(settings)


@pytest.mark.parametrize(
    ("section", "entry"),
    [
        ("redis", {"url": {"env": "ANY"}, "ca": "not-on-this-machine.pem"}),
        ("amqp", {"url": {"file": "any"}}),
        ("mqtt", {"url": {"credential": "any"}}),
        ("kafka", {"servers": ["a:1"], "sasl": {"username": "u", "password": {"env": "ANY"}}}),
    ],
)
def test_without_secrets_a_broker_is_read_all_the_same(section: str, entry: dict[str, Any]) -> None:
    assert service(section).model_validate(entry, context={"vault": Placeholders(Path())})


def test_the_only_broker_needs_no_name(tmp_path: Path) -> None:
    _, findings = loaded(tmp_path, "mqtt: {house: {url: 'mqtt://localhost'}}", "mqtt: {topic: a, text: x}")
    assert findings == ()


def test_of_several_brokers_one_is_called_main_or_is_named(tmp_path: Path) -> None:
    _, findings = loaded(tmp_path, "mqtt: {a: {url: 'mqtt://localhost'}, b: {url: 'mqtt://localhost'}}", "mqtt: {topic: a, text: x}")
    assert [finding.code for finding in findings] == ["HR312"]


@pytest.mark.parametrize(
    ("name", "fields"),
    [("redis", {"channel": "a"}), ("amqp", {"routing_key": "a"}), ("mqtt", {"topic": "a"}), ("kafka", {"topic": "a"})],
)
def test_a_broker_that_is_gone_when_a_run_goes_on_fails_the_step(name: str, fields: dict[str, str], tmp_path: Path) -> None:
    call = kind(name).model_validate({**fields, "text": "x"}).render({})
    outcome = call.perform(surroundings(tmp_path))
    assert outcome.error == f"{name}: '{name}' of hookrules.yaml does not have it"
    assert not outcome.retryable
