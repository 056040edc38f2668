"""`hookrules send`: deliver a payload as its provider would."""

import sys
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from hookrules.engine.cli.project import journal_for_reading, load_settings
from hookrules.engine.config.settings import Settings
from hookrules.engine.config.wiring import sources_of
from hookrules.engine.errors import UsageError
from hookrules.engine.journal import Reading
from hookrules.engine.sources.source import Source
from hookrules.engine.web.sockets import url_at

_SECONDS = 30.0
_GLANCE = 0.05


@click.command()
@click.argument("source")
@click.argument("file", metavar="FILE")
@click.option("--event", "event_type", metavar="TYPE", default="", help="The event's type: push, pull_request.opened.")
@click.option("--to", metavar="URL", help="Deliver here instead of to this configuration's server.")
@click.option("--delivery", metavar="ID", help="The delivery's id: give one that was used to redeliver. Otherwise a new one.")
@click.option("--follow", is_flag=True, help="Wait for the runs that it starts, and show what came of them.")
@click.pass_obj
def command(config: Path, source: str, file: str, event_type: str, to: str | None, delivery: str | None, follow: bool) -> int:
    """FILE is a JSON payload, or - for standard input."""
    settings = load_settings(config)
    sending = _source(settings, source, config)
    body = _read(file)
    headers = _headers(sending, body, event_type, delivery)
    status, answer = _post(to or f"{url_at(*settings.server.listen)}/hooks/{source}", body, headers)
    if status not in (200, 202):
        raise UsageError(f"the delivery was refused: {status} {answer.get('error', '')}".rstrip())
    _tell(answer, known=status == 200)
    return _follow(config, [run["id"] for run in answer.get("runs", [])]) if follow else 0


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"can't read {file}: {(error.strerror or str(error)).lower()}") from None


def _source(settings: Settings, name: str, config: Path) -> Source:
    sources = sources_of(settings)
    if name not in sources:
        raise UsageError(f"there is no source {name!r} in {config}; it has {', '.join(sources) or 'none'}")
    return sources[name]


def _headers(source: Source, body: bytes, event_type: str, delivery: str | None) -> Mapping[str, str]:
    """Raises UsageError where the source does not take its type or delivery id from a header that we could set."""
    for option, value, label in (("--event", event_type, source.label(event_type)), ("--delivery", delivery, source.label("", delivery))):
        if value and value not in label.values() and not any(value.startswith(f"{each}.") for each in label.values() if each):
            raise UsageError(f"{option} says nothing to the source {source.name}: it reads that from the payload, or not at all")
    label = source.label(event_type, delivery or str(uuid.uuid4()))
    return {"Content-Type": "application/json", "User-Agent": "hookrules", **label, **source.verifier.sign(body, time.time())}


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    import urllib3

    if not url.startswith(("http://", "https://")):
        raise UsageError(f"--to is {url}; a URL begins with http:// or https://")
    try:
        response = urllib3.request("POST", url, body=body, headers=dict(headers), timeout=_SECONDS, retries=False)
    except urllib3.exceptions.NewConnectionError:
        raise UsageError(f"nothing listens at {url}; start `hookrules serve`, or name another address with --to") from None
    except urllib3.exceptions.HTTPError as error:
        raise UsageError(f"can't deliver to {url}: {error}") from None
    try:
        answer = response.json()
    except ValueError:
        answer = {}
    return response.status, answer if isinstance(answer, dict) else {}


def _tell(answer: Mapping[str, Any], *, known: bool) -> None:
    runs = answer.get("runs", [])
    rules = ", ".join(f"{run['rule']} ({run['id']})" for run in runs)
    nothing = "came before, and starts nothing new" if known else "no rule fires"
    click.echo(f"event {answer.get('event')}: {rules or nothing}")
    if not runs and not known:
        click.echo(f"`hookrules explain {answer.get('event')}` says why", err=True)


def _follow(config: Path, runs: list[str]) -> int:
    """1 where a run did not succeed."""
    if not runs:
        return 0
    with journal_for_reading(config) as journal:
        ended = [_ended(journal, run) for run in runs]
    return 0 if all(ended) else 1


def _ended(journal: Reading, run_id: str) -> bool:
    """Waits until the run has ended, and shows it; whether it succeeded."""
    from hookrules.engine.cli.show import print_run
    from hookrules.engine.model import RunState

    while True:
        run = journal.run(run_id)
        if run is None:
            raise UsageError(f"run {run_id} is not in this configuration's journal: the server keeps another one")
        if run.state.ended:
            print_run(journal, run)
            return run.state is RunState.SUCCEEDED
        time.sleep(_GLANCE)
