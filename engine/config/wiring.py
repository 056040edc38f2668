"""Settings → the sources that prove deliveries and the schedules that tick."""

from collections.abc import Callable
from dataclasses import replace

from hookrules.engine.conditions import value_accessor
from hookrules.engine.conditions.facts import Facts
from hookrules.engine.conditions.jsonpath import parse_path
from hookrules.engine.conditions.logic import Unknown
from hookrules.engine.config.address_lists import allowed_of
from hookrules.engine.config.settings import Settings
from hookrules.engine.config.source_settings import SourceSettings
from hookrules.engine.config.verifiers import verifier_of
from hookrules.engine.due_times import Timetable
from hookrules.engine.model import Delivery, Event, Json
from hookrules.engine.sources import provider, providers
from hookrules.engine.sources.address_lists import AddressLists
from hookrules.engine.sources.catalogue import Catalogue, published
from hookrules.engine.sources.generic import Generic, Reader, nothing
from hookrules.engine.sources.policy import Policy, Split
from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.source import Source, Verifier
from hookrules.engine.sources.verification import NoProof


def sources_of(settings: Settings, lists: AddressLists | None = None) -> dict[str, Source]:
    """Each source of the settings, by name. Without `lists`, a list of addresses that has a name or a file lets no one in."""
    return {name: _source(name, source, _verifier(source, lists=lists), lists) for name, source in settings.sources.items()}


def unproven_sources_of(settings: Settings) -> dict[str, Source]:
    """The same, reading what anyone sends from anywhere: for tests of rules, which have no secrets and sign nothing."""
    sources = {name: _source(name, source, NoProof()) for name, source in settings.sources.items()}
    return {name: replace(source, policy=replace(source.policy, allowed=None)) for name, source in sources.items()}


def signing_source_of(settings: Settings, name: str, signing_key: str | None) -> Source:
    """One source, to sign deliveries as its provider does; `signing_key` is for schemes that are proven with a public key."""
    return _source(name, settings.sources[name], _verifier(settings.sources[name], signing_key))


def url_of_source(settings: Settings, name: str) -> str | None:
    """The URL that the sender knows, as far as the settings say it."""
    external = settings.server.external_url
    return settings.sources[name].url or (external and f"{external.rstrip('/')}/hooks/{name}")


def catalogues_of(settings: Settings) -> dict[str, Catalogue]:
    """What providers say of their events, by source; a source whose provider says nothing, or is none, is left out."""
    known = {name: source.provider for name, source in settings.sources.items() if source.provider in providers()}
    named = {name: provider(str(chosen)).catalogue for name, chosen in known.items()}
    return {name: published(catalogue) for name, catalogue in named.items() if catalogue}


def schedules_of(settings: Settings) -> dict[str, Timetable]:
    return {name: schedule.timetable() for name, schedule in settings.schedules.items()}


def _source(name: str, settings: SourceSettings, verifier: Verifier, lists: AddressLists | None = None) -> Source:
    if settings.provider is not None:
        return provider(settings.provider).source(name, verifier, policy=_policy(settings, lists))
    return Generic(
        name,
        verifier,
        _reader(settings.type),
        _reader(settings.delivery_id),
        type_header=_header_of(settings.type),
        delivery_header=_header_of(settings.delivery_id),
        asked=[use.path.way for fact in (settings.type, settings.delivery_id) if fact for use in value_accessor(fact).paths()],
        policy=_policy(settings, lists),
    )


def _policy(settings: SourceSettings, lists: AddressLists | None) -> Policy:
    return Policy(
        allowed=allowed_of(settings.allow_from, lists) if settings.allow_from else None,
        split=_splitter(settings.split) if settings.split else None,
        drops_repeated_bodies=settings.dedupe == "body",
        ignores_redeliveries=settings.redeliver == "ignore",
    )


def _splitter(path: str) -> Split:
    """A delivery in which nothing stands where its items should is one event itself."""
    read = parse_path(path).reader(path, "the payload")

    def split(payload: Json) -> list[Json] | None:
        found = read(payload)
        return None if isinstance(found, Unknown) else list(found)

    return split


def _header_of(fact: str | None) -> str | None:
    return fact.removeprefix("header.") if fact and fact.startswith("header.") else None


def _verifier(settings: SourceSettings, signing_key: str | None = None, lists: AddressLists | None = None) -> Verifier:
    credentials = Credentials(tuple(secret.reveal() for secret in settings.secrets), settings.tolerance, signing_key, lists)
    known = provider(settings.provider).verifier if settings.provider else None
    return known(credentials) if known else verifier_of(settings.verify, credentials)


def _reader(fact: str | None) -> Reader:
    """Reads what a fact names as text; None where it is missing, or no scalar."""
    if fact is None:
        return nothing
    values = value_accessor(fact)

    def read(delivery: Delivery, payload: Json) -> str | None:
        event = Event("", delivery.source, "", payload, delivery.body, delivery.received_at, None, delivery.headers, delivery.query)
        return _text(values, Facts(event, delivery.received_at))

    return read


def _text(values: Callable[[Facts], list[Json]], facts: Facts) -> str | None:
    found = values(facts)
    value = found[0] if len(found) == 1 else None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value) or None
