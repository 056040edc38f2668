"""What a step can do: one module a kind, named here and nowhere else. A kind is imported when a rule first uses it."""

import difflib
import functools
import importlib
from collections.abc import Collection, Mapping
from typing import cast

from hookrules.actions import packages
from hookrules.actions.action import Action, Call, Names, Service, Services, ServiceUse, Surroundings
from hookrules.actions.packages import UnusablePackage
from hookrules.engine.errors import HookrulesError

KINDS = {
    "shell": "hookrules.actions.shell:ShellAction",
    "http": "hookrules.actions.http_request:HttpAction",
    "sql": "hookrules.actions.sql:SqlAction",
    "email": "hookrules.actions.mail:EmailAction",
    "file": "hookrules.actions.file:FileAction",
    "notify": "hookrules.actions.notify:NotifyAction",
    "git": "hookrules.actions.git:GitAction",
    "status": "hookrules.actions.status:StatusAction",
    "emit": "hookrules.actions.emit:EmitAction",
    "wait": "hookrules.actions.wait:WaitAction",
    "redis": "hookrules.actions.redis:RedisAction",
    "amqp": "hookrules.actions.amqp:AmqpAction",
    "mqtt": "hookrules.actions.mqtt:MqttAction",
    "kafka": "hookrules.actions.kafka:KafkaAction",
    "log": "hookrules.actions.log:LogAction",
}
SERVICES = {
    "clients": "hookrules.actions.http_clients:HttpClient",
    "databases": "hookrules.actions.sql:Database",
    "files": "hookrules.actions.file:FileRoot",
    "forges": "hookrules.actions.forge:Forge",
    "notify": "hookrules.actions.notify_target:NotifyTarget",
    "repositories": "hookrules.actions.git_repository:Repository",
    "smtp": "hookrules.actions.smtp:SmtpServer",
    "redis": "hookrules.actions.redis:RedisServer",
    "amqp": "hookrules.actions.amqp:AmqpBroker",
    "mqtt": "hookrules.actions.mqtt:MqttBroker",
    "kafka": "hookrules.actions.kafka:Cluster",
}
"""Sections of hookrules.yaml that actions bring along → the model of an entry."""


NO_KINDS = frozenset({"id", "name", "if", "for_each", "parallel", "timeout", "retry", "continue_on_error"})
"""A step's own keys: no other package's action can have such a name."""


class UnknownKind(HookrulesError):
    """No action has this name. `suggestion` is the one that was probably meant."""

    def __init__(self, name: str) -> None:
        known = (*kinds(), *others())
        super().__init__(f"there is no action {name!r}; known are {', '.join(known)}")
        found = difflib.get_close_matches(name, known, n=1)
        self.suggestion = f"did you mean {found[0]}?" if found else None


def kinds() -> tuple[str, ...]:
    """The names of hookrules' own kinds, as they stand in YAML."""
    return tuple(KINDS)


def others() -> tuple[str, ...]:
    """The names of kinds that other packages bring. Looks at what is installed: ask only for what is none of `kinds()`."""
    return tuple(_offered())


def kind(name: str) -> type[Action]:
    """The model of a kind. Raises UnknownKind, and UnusablePackage for one that another package brings."""
    if name in KINDS:
        return cast("type[Action]", _imported(KINDS[name]))
    offer = _offered().get(name)
    if offer is None:
        raise UnknownKind(name)
    return packages.model(offer, Action)


def package_of(name: str) -> str | None:
    """The package that brings a kind; None for one of hookrules' own."""
    offer = None if name in KINDS else _offered().get(name)
    return None if offer is None else offer.package


def _offered() -> Mapping[str, packages.Offer]:
    return packages.usable(packages.ACTIONS, KINDS.keys() | NO_KINDS)


def refused_packages(sections: Collection[str]) -> list[str]:
    """Which names of other packages are not used, and why, each in a sentence. `sections` are those that hookrules.yaml has anyway."""
    return [*packages.refusals(packages.ACTIONS, KINDS.keys() | NO_KINDS), *packages.refusals(packages.SERVICES, sections)]


def services() -> tuple[str, ...]:
    """The sections of hookrules.yaml that hookrules' own kinds bring along."""
    return tuple(SERVICES)


def other_services() -> tuple[str, ...]:
    """Those that other packages bring. Looks at what is installed, as `others` does."""
    return tuple(packages.usable(packages.SERVICES, SERVICES))


def service(section: str) -> type[Service]:
    """The model of an entry of one of these. Raises UnusablePackage for one that another package brings."""
    if section in SERVICES:
        return cast("type[Service]", _imported(SERVICES[section]))
    return packages.model(packages.usable(packages.SERVICES, SERVICES)[section], Service)


@functools.cache
def _imported(place: str) -> object:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


__all__ = [
    "KINDS",
    "NO_KINDS",
    "SERVICES",
    "Action",
    "Call",
    "Names",
    "Service",
    "ServiceUse",
    "Services",
    "Surroundings",
    "UnknownKind",
    "UnusablePackage",
    "kind",
    "kinds",
    "other_services",
    "others",
    "package_of",
    "refused_packages",
    "service",
    "services",
]
