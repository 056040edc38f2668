"""What a step can do: one module a kind, named here and nowhere else. A kind is imported when a rule first uses it."""

import difflib
import importlib
from typing import cast

from hookrules.actions.action import Action, Call, Names, Service, Services, ServiceUse, Surroundings
from hookrules.engine.errors import HookrulesError

KINDS = {
    "shell": "hookrules.actions.shell:ShellAction",
    "http": "hookrules.actions.http_request:HttpAction",
    "file": "hookrules.actions.file:FileAction",
    "emit": "hookrules.actions.emit:EmitAction",
    "wait": "hookrules.actions.wait:WaitAction",
    "redis": "hookrules.actions.redis:RedisAction",
    "amqp": "hookrules.actions.amqp:AmqpAction",
    "mqtt": "hookrules.actions.mqtt:MqttAction",
    "kafka": "hookrules.actions.kafka:KafkaAction",
    "log": "hookrules.actions.log:LogAction",
}
SERVICES = {
    "files": "hookrules.actions.file:FileRoot",
    "redis": "hookrules.actions.redis:RedisServer",
    "amqp": "hookrules.actions.amqp:AmqpBroker",
    "mqtt": "hookrules.actions.mqtt:MqttBroker",
    "kafka": "hookrules.actions.kafka:Cluster",
}
"""Sections of hookrules.yaml that actions bring along → the model of an entry."""


class UnknownKind(HookrulesError):
    """No action has this name. `suggestion` is the one that was probably meant."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no action {name!r}; known are {', '.join(KINDS)}")
        found = difflib.get_close_matches(name, KINDS, n=1)
        self.suggestion = f"did you mean {found[0]}?" if found else None


def kinds() -> tuple[str, ...]:
    """The names of all kinds, as they stand in YAML."""
    return tuple(KINDS)


def kind(name: str) -> type[Action]:
    """The model of a kind. Raises UnknownKind."""
    if name not in KINDS:
        raise UnknownKind(name)
    return cast("type[Action]", _imported(KINDS[name]))


def services() -> tuple[str, ...]:
    """The sections of hookrules.yaml that actions bring along."""
    return tuple(SERVICES)


def service(section: str) -> type[Service]:
    """The model of an entry of one of `services()`."""
    return cast("type[Service]", _imported(SERVICES[section]))


def _imported(place: str) -> object:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


__all__ = [
    "KINDS",
    "SERVICES",
    "Action",
    "Call",
    "Names",
    "Service",
    "ServiceUse",
    "Services",
    "Surroundings",
    "UnknownKind",
    "kind",
    "kinds",
    "service",
    "services",
]
