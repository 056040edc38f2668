"""The real ingress, put together over a journal in memory: what all tests of the way in have in common."""

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from hookrules.engine.config.findings import Finding, errors
from hookrules.engine.config.ruleset import Rule
from hookrules.engine.config.settings import Settings
from hookrules.engine.config.settings_file import check_settings
from hookrules.engine.config.wiring import url_of_source
from hookrules.engine.config.yaml_reader import read_text
from hookrules.engine.intake import Intake
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.matching.index import Index
from hookrules.engine.refusals import Refusals
from hookrules.engine.sources.source import Source
from hookrules.engine.web.ingress import Ingress
from hookrules.engine.web.responding import Answering

PATIENCE = 30.0


class Unusable(Exception):
    """A configuration with errors, which no server would take."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(f"{finding.line}: {finding.message} ({finding.code})" for finding in findings))
        self.findings = findings


def settings_of(config: str, folder: Path = Path(), environ: Mapping[str, str] | None = None) -> Settings:
    """Raises Unusable."""
    read = check_settings(read_text(config, "hookrules.yaml"), folder, environ or {})
    if errors(read.findings) or read.settings is None:
        raise Unusable(errors(read.findings))
    return read.settings


def ingress_over(
    journal: SqliteJournal,
    settings: Settings,
    sources: Mapping[str, Source],
    rules: Sequence[Rule] = (),
    clock: Callable[[], float] = time.time,
    **options: Any,
) -> Ingress:
    """`sources` may be others than those of the settings; `options` are the ingress's own. Events are numbered from `evt_1`."""
    numbers, most = count(1), settings.server.max_body
    intake = Intake(sources, Index(rules), journal, clock, lambda _: f"evt_{next(numbers)}", most)
    urls = {name: url_of_source(settings, name) for name in settings.sources}
    return Ingress(intake, Refusals(journal, sources.__contains__), Answering(journal), most, urls.get, clock, **options)
