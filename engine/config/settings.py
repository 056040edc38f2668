"""hookrules.yaml: its models, which also make its JSON Schema."""

import functools
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, ConfigDict, Field, create_model, model_validator

from hookrules.actions import Services, other_services, services
from hookrules.engine.config.keys import Keys, Name, NotEmpty, OneOrMore, problem
from hookrules.engine.config.server_settings import Console, Server
from hookrules.engine.config.service_fields import service_fields
from hookrules.engine.config.source_settings import SourceSettings
from hookrules.engine.config.suggestions import closest
from hookrules.engine.due_times import DueTimes, Timetable, cron, every
from hookrules.engine.processors import processors
from hookrules.engine.secret import Secret, SecretField
from hookrules.engine.units import Duration, PositiveDuration

SQLITE = "sqlite:///"
SHORTEST_KEY = 32
"""Characters of an encryption key: it is not made slow to guess, so it has to be long."""


_USUAL_INGRESSES = 2
"""What measured best on two processors. All write to one journal, one after the other."""


def _store(url: str) -> str:
    if url.startswith(("postgresql:", "postgres:")):
        raise problem("later", "'postgresql' is not part of this version; use sqlite:///hookrules.db")
    if not url.startswith(SQLITE) or len(url) == len(SQLITE) or ":memory:" in url:
        raise problem("store", "a store is sqlite:///FILE, like sqlite:///hookrules.db; a fourth '/' makes the path absolute")
    return url


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # a folder of zones, a path, an unknown name
        raise problem("timezone", f"'{name}' is not a time zone", closest(name, available_timezones())) from None
    return name


class Schedule(Keys):
    """When an event `schedule.<name>` is made: by cron's five fields, or every so often."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["cron"]}, {"required": ["every"]}]})

    cron: str | None = Field(None, description="Minute, hour, day of month, month, day of week.", examples=["0 3 * * *"])
    every: Duration | None = Field(None, description="The time from one tick to the next.")
    timezone: Annotated[str, AfterValidator(_timezone)] = Field("UTC", description="The time zone of `cron`.", examples=["Europe/Berlin"])
    misfire: Literal["run", "skip"] = Field(
        "run",
        description="What becomes of a tick that could not come in time (a minute late, or more): `run` makes up for it, once for all that "
        "were missed; `skip` waits for the next.",
    )
    jitter: PositiveDuration | None = Field(
        None, description="A tick comes later by up to this, by chance, so that not everything begins at once.", examples=["5m"]
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.cron is None) == (self.every is None):
            raise problem("schedule", "a schedule has either 'cron' or 'every', like {cron: 0 3 * * *} or {every: 10m}")
        return self

    def timetable(self) -> Timetable:
        """Raises ValueError likewise."""
        return Timetable(self.due_times(), self.jitter or 0.0, self.misfire == "skip")

    def due_times(self) -> DueTimes:
        """Raises ValueError, in a sentence for its writer, where it can't be worked out."""
        return cron(self.cron, self.timezone) if self.cron is not None else every(self.every or 0)


class Retention(Keys):
    """How long the journal keeps what came; left out, for ever. What has not ended, and dead runs with their events, stay."""

    events: PositiveDuration | None = Field(None, description="Events with their runs, and refusals.", examples=["30d"])
    payloads: PositiveDuration | None = Field(None, description="Payloads and raw bodies of events.", examples=["7d"])

    @model_validator(mode="after")
    def _no_payload_without_event(self) -> Self:
        if self.events is not None and self.payloads is not None and self.payloads > self.events:
            raise problem("retention", "a payload goes with its event: 'payloads' can't be longer than 'events'")
        return self


def _strong(key: Secret) -> Secret:
    if not key.placeholder and len(key.reveal()) < SHORTEST_KEY:
        raise problem("encryption", f"a key has at least {SHORTEST_KEY} characters of chance; `openssl rand -base64 32` makes one")
    return key


class Encryption(Keys):
    """What of a journal is readable with a key only: payloads, bodies, headers, results and what steps say."""

    key: Annotated[tuple[Annotated[SecretField, AfterValidator(_strong)], ...], OneOrMore, NotEmpty] = Field(
        description="The key; of a list the first encrypts, and each decrypts what it encrypted."
    )


class _Settings(Keys):
    """All of hookrules.yaml, secrets resolved."""

    server: Server = Server()
    console: Console = Console()
    store: Annotated[str, AfterValidator(_store)] = Field("sqlite:///hookrules.db", description="The journal: `sqlite:///FILE`.")
    rules: str = Field("rules", description="The folder of the rule files.")
    sources: dict[Name, SourceSettings] = Field(default_factory=dict, description="Who may deliver: a name → how it proves itself.")
    schedules: dict[Name, Schedule] = Field(default_factory=dict, description="When `schedule.NAME` happens.")
    retention: Retention = Field(Retention(), description="How long the journal keeps what came. Left out: for ever.")
    encryption: Encryption | None = Field(None, description="How what came lies in the journal. Left out: readable.")
    secrets: dict[str, SecretField] = Field(default_factory=dict, description="What templates may name as `secrets.NAME`.")

    def store_file(self, folder: Path) -> Path:
        """The journal's file; a relative one starts at `folder`, where hookrules.yaml lies."""
        return folder / self.store.removeprefix(SQLITE)

    def encryption_keys(self) -> tuple[str, ...]:
        """The newest first; none where the journal is readable."""
        return () if self.encryption is None else tuple(key.reveal() for key in self.encryption.key)

    def ingresses(self) -> int:
        """How many processes receive."""
        limited = self.server.rate_limit or any(source.rate_limit for source in self.sources.values())
        return self.server.ingresses or (1 if limited else min(processors(), _USUAL_INGRESSES))

    def services(self) -> Services:
        """What actions may use."""
        return {section: getattr(self, section) for section in (*services(), *sections_of_others(type(self)))}


if TYPE_CHECKING:
    Settings = _Settings
else:
    Settings = create_model("Settings", __base__=_Settings, __module__=__name__, __doc__=_Settings.__doc__, **service_fields(services()))


def settings_with(keys: AbstractSet[str]) -> type[Settings]:
    """Settings that also have those of these sections that other packages bring."""
    strange = keys - Settings.model_fields.keys()
    return _with_sections(tuple(sorted(strange.intersection(other_services())))) if strange else Settings


@functools.cache
def _with_sections(sections: tuple[str, ...]) -> type[Settings]:
    if not sections:
        return Settings
    fields = service_fields(sections)
    return create_model("Settings", __base__=Settings, __module__=__name__, __doc__=_Settings.__doc__, **fields)


def sections_of_others(model: type[Settings]) -> list[str]:
    """The sections of such a model that are not hookrules' own."""
    return [name for name in model.model_fields if name not in Settings.model_fields]
