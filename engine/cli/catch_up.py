"""`hookrules catch-up SOURCE`: ask the provider for deliveries that failed while we were down, and put them in."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import msgspec
from msgspec.structs import replace

from hookrules.actions.http_clients import client_of
from hookrules.engine.cli.options import format_option, since_option
from hookrules.engine.cli.output import clock, one_line, timestamp, write_json
from hookrules.engine.cli.project import Project, load_project, open_journal_of
from hookrules.engine.config.catch_up import CatchUpFields
from hookrules.engine.config.wiring import sources_of
from hookrules.engine.errors import Refusal, UsageError
from hookrules.engine.ids import id_maker
from hookrules.engine.intake import Intake, events_of, repeats_of
from hookrules.engine.journal import EventFilter, Journal, RuleText
from hookrules.engine.matching.index import Index
from hookrules.engine.model import Delivery, Fields, Json, Receipt
from hookrules.engine.sources.github_deliveries import Attempt, GitHubDeliveries, NotThere, Sent
from hookrules.engine.sources.source import with_action

_PROOFS = frozenset({"x-hub-signature", "x-hub-signature-256", "content-type", "content-length"})
"""Headers that speak of raw bytes, which the API does not tell."""
_new_event_id = id_maker("evt")


@click.command()
@click.argument("source")
@since_option("3d", "How far back; GitHub keeps three days.")
@click.option("--dry-run", is_flag=True, help="List what failed, and put nothing in.")
@format_option
@click.pass_obj
def command(config: Path, source: str, since: float, dry_run: bool, form: str) -> int:
    """GitHub sends nothing again by itself. What its API tells of a failed delivery is proven by the API's answer, over TLS and to our
    token; its payload is JSON as the API writes it, not the raw bytes, and the event says where it was fetched from. A delivery that is
    here already is left alone. With --format json, one object a line. Ends with 1 where a delivery could not be had.
    """
    project = load_project(config)
    settings = _catch_up_of(project, source)
    journal = open_journal_of(project)
    try:
        catching = _CatchingUp(project, source, settings, journal)
        told = list(catching.missing(time.time() - since) if dry_run else catching.taken(time.time() - since, form))
        if dry_run:
            for attempt in told:
                _tell(attempt, form, {"state": "missing"})
    finally:
        journal.close()
    if not told:
        click.echo("nothing is missing", err=True)
    return 1 if catching.lost else 0


def _catch_up_of(project: Project, name: str) -> CatchUpFields:
    if name not in project.settings.sources:
        raise UsageError(f"there is no source {name!r} in {project.config}; it has {', '.join(project.settings.sources) or 'none'}")
    settings = project.settings.sources[name].catch_up
    if settings is None:
        remedy = "add `catch_up: {repository: OWNER/NAME, hook: NUMBER, token: {env: NAME}}` to it"
        raise UsageError(f"source {name!r} does not say where to ask; {remedy}")
    return settings


class _CatchingUp:
    def __init__(self, project: Project, name: str, settings: CatchUpFields, journal: Journal) -> None:
        self._source = sources_of(project.settings)[name]
        self._largest = project.settings.server.max_body
        self._journal = journal
        self._rules = [RuleText(rule.digest, rule.name, rule.text) for rule in project.ruleset]
        self._intake = Intake({name: self._source}, Index(project.ruleset), journal, time.time, _new_event_id)
        client = client_of(project.settings.services(), settings.client, project.folder.absolute(), allow_private=settings.allow_private)
        self._api = settings.api
        self._deliveries = GitHubDeliveries(
            settings.hook_of(), settings.authorization(time.time), client, time.time, time.sleep, lambda line: click.echo(line, err=True)
        )
        self.lost = 0

    def missing(self, since: float) -> list[Attempt]:
        """Raises Unanswered."""
        return [attempt for attempt in self._deliveries.failed(since) if not self._is_here(attempt)]

    def taken(self, since: float, form: str) -> Iterator[Attempt]:
        """Each once it is on disk. Raises Unanswered."""
        missing = self.missing(since)
        self._journal.keep_rules(self._rules)
        for attempt in missing:
            try:
                receipts = self._take(self._deliveries.sent(attempt))
            except (NotThere, Refusal) as gone:
                self.lost += 1
                _tell(attempt, form, {"state": "lost", "error": str(gone)})
            else:
                _tell(attempt, form, _started(receipts))
            yield attempt

    def _is_here(self, attempt: Attempt) -> bool:
        return bool(self._journal.events(EventFilter(source=self._source.name, delivery_id=attempt.guid, limit=1)))

    def _take(self, sent: Sent) -> tuple[Receipt, ...]:
        """Raises Refusal for what would be refused at the door, too."""
        now, body = time.time(), msgspec.json.encode(sent.payload)
        if len(body) > self._largest:
            raise Refusal(f"its payload has {len(body):,} bytes, and server.max_body allows {self._largest:,}")
        delivery = Delivery(self._source.name, body, _headers(sent.headers), now)
        events = events_of(self._source, delivery, dict(sent.payload), lambda: _new_event_id(now))
        fetched = [replace(event, fetched_from=self._api) for event in events]
        return self._intake.accept(fetched, repeats_of(self._source, delivery)).receipts.result()


def _headers(told: Mapping[str, str]) -> Fields:
    kept = {name.lower(): (value,) for name, value in told.items() if name.lower() not in _PROOFS}
    return {**kept, "content-type": ("application/json",)}


def _started(receipts: tuple[Receipt, ...]) -> dict[str, Json]:
    runs = [{"rule": rule, "id": run} for receipt in receipts for rule, run in receipt.runs]
    return {"state": "taken", "events": [receipt.event_id for receipt in receipts], "runs": runs}


def _tell(attempt: Attempt, form: str, fate: Mapping[str, Json]) -> None:
    kind, at = with_action(attempt.event, attempt.action), attempt.delivered_at.timestamp()
    if form == "json":
        write_json({"delivery_id": attempt.guid, "type": kind, "delivered_at": timestamp(at), "status": attempt.status_code, **fate})
        return
    words = fate.get("error") or ", ".join(f"{run['rule']} ({run['id']})" for run in fate.get("runs", ()))
    why = "" if fate["state"] != "missing" else f"{attempt.status_code} {attempt.status}"
    line = f"{clock(at)}  {kind}  {attempt.guid}  {fate['state']}  {words or why}".rstrip()
    click.echo(one_line(line, 300), err=fate["state"] == "lost")
