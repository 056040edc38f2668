"""What the events of each source look like, from what came as well as from what its provider publishes."""

from collections.abc import Mapping
from pathlib import Path

from hookrules.engine.cli.project import journal_of
from hookrules.engine.config.loading import Catalogues
from hookrules.engine.config.ruleset import Ruleset
from hookrules.engine.config.settings import Settings
from hookrules.engine.config.wiring import catalogues_of
from hookrules.engine.journal import EventFilter, Reading
from hookrules.engine.sources.catalogue import Catalogue
from hookrules.engine.sources.seen import catalogue_of

LOOKED_AT = 500
"""How many of the newest events of a source are looked at."""
_FEWEST = 10
"""Events of one source below which a path that none of them has says little."""


def seen_in_journal(folder: Path) -> Catalogues:
    """The journal is that of the settings; relative paths start at `folder`."""

    def catalogues(settings: Settings) -> Mapping[str, Catalogue]:
        published = catalogues_of(settings)
        with journal_of(settings, folder) as journal:
            return {name: found for name in settings.sources if (found := _joined(name, published.get(name), journal))}

    return catalogues


def known_by_journal_alone(settings: Settings, ruleset: Ruleset, folder: Path) -> list[str]:
    """The sources that rules are on, of whose events only a journal can say what they look like, where there is one."""
    if not settings.store_file(folder).exists():
        return []
    named = {pattern.partition(".")[0] for rule in ruleset for pattern in rule.on}
    return sorted(named.intersection(settings.sources) - catalogues_of(settings).keys())


def _joined(source: str, published: Catalogue | None, journal: Reading) -> Catalogue | None:
    events = journal.events(EventFilter(source, limit=LOOKED_AT, payload_kept=True))
    if published:
        return published.joined(catalogue_of(events))
    return catalogue_of(events) if len(events) >= _FEWEST else None
