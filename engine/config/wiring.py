"""Settings → the sources that prove deliveries and the schedules that tick."""

from collections.abc import Callable

from hookrules.engine.conditions import value_accessor
from hookrules.engine.conditions.facts import Facts
from hookrules.engine.config.settings import Settings, SourceSettings, VerifyHmac
from hookrules.engine.due_times import DueTimes
from hookrules.engine.model import Delivery, Event, Json
from hookrules.engine.sources import provider
from hookrules.engine.sources.catalogue import Catalogue, published
from hookrules.engine.sources.generic import Generic, Reader, nothing
from hookrules.engine.sources.source import Source, Verifier
from hookrules.engine.sources.verification import HmacSignature, NoProof


def sources_of(settings: Settings) -> dict[str, Source]:
    """Each source of the settings, by name."""
    return {name: _source(name, source) for name, source in settings.sources.items()}


def catalogues_of(settings: Settings) -> dict[str, Catalogue]:
    """What providers say of their events, by source; a source whose provider says nothing is left out."""
    named = {name: source.provider and provider(source.provider).catalogue for name, source in settings.sources.items()}
    return {name: published(catalogue) for name, catalogue in named.items() if catalogue}


def schedules_of(settings: Settings) -> dict[str, DueTimes]:
    return {name: schedule.due_times() for name, schedule in settings.schedules.items()}


def _source(name: str, settings: SourceSettings) -> Source:
    secrets = tuple(secret.reveal().encode() for secret in settings.secrets)
    if settings.provider is not None:
        chosen = provider(settings.provider)
        return chosen.source(name, chosen.verifier(secrets))
    return Generic(
        name,
        _verifier(settings, secrets),
        _reader(settings.type),
        _reader(settings.delivery_id),
        type_header=_header_of(settings.type),
        delivery_header=_header_of(settings.delivery_id),
    )


def _header_of(fact: str | None) -> str | None:
    return fact.removeprefix("header.") if fact and fact.startswith("header.") else None


def _verifier(settings: SourceSettings, secrets: tuple[bytes, ...]) -> Verifier:
    verify = settings.verify
    if not isinstance(verify, VerifyHmac):
        if verify != "none":  # checked at load; said again, since what follows lets anyone in
            raise ValueError("a source without a verifier")
        return NoProof()
    return HmacSignature(
        secrets,
        header=verify.header,
        hash=verify.hmac,
        encoding=verify.encoding,
        prefix=verify.prefix,
        signed=verify.signed,
        timestamp_header=verify.timestamp_header,
        tolerance=settings.tolerance,
    )


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
