"""`hookrules serve`: receive, and run."""

import os
import shlex
import socket
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from hookrules.engine import logs
from hookrules.engine.children import Farewell, Job
from hookrules.engine.cli import processes
from hookrules.engine.cli.dry_run import dry_run_option, rehearsed
from hookrules.engine.cli.file_watch import content_of
from hookrules.engine.cli.findings import as_line, from_here
from hookrules.engine.cli.listening import Sockets, local_url, sockets_of
from hookrules.engine.cli.options import log_option, watch_option
from hookrules.engine.cli.project import Project, load_project
from hookrules.engine.cli.reloading import reloading
from hookrules.engine.cli.systemd import tell
from hookrules.engine.cli.tunnels import parted, tunnels, tunnels_option
from hookrules.engine.errors import UsageError
from hookrules.engine.matching.index import Index
from hookrules.engine.supervisor import Supervisor, hold_hangups
from hookrules.engine.web.balance import Balance
from hookrules.engine.web.sockets import url_of

_SAMPLE = Path("rules/payloads/push.json")


@click.command()
@click.option("--listen", "address", metavar="HOST:PORT", help="Listen here, or at unix:PATH, instead of at server.listen.")
@click.option("--no-worker", is_flag=True, help="Only receive; `hookrules work` runs the rest, also on another machine.")
@dry_run_option
@tunnels_option
@watch_option
@log_option
@click.pass_obj
def command(
    config: Path, address: str | None, no_worker: bool, dry_run: bool, channels: Sequence[str], watch: bool, log_format: logs.Format
) -> int:
    """Ends on SIGTERM or Ctrl-C: nothing new is taken, and what runs has `server.drain` to finish."""
    hold_hangups()
    content = content_of(config) if watch else None
    project = load_project(config)
    relayed = parted(channels, project.settings.sources)
    logs.set_up(log_format)
    _say_warnings(project)
    with sockets_of(project, address, console=not no_worker) as sockets, rehearsed(project, dry_run=dry_run) as played:
        processes.prepare(played)
        posting = tunnels(relayed, _url_for_tunnels(project, sockets)) if relayed else []
        with reloading(project, played, partial(_jobs, sockets, no_worker=no_worker), sockets.bound_by) as reloads:
            return Supervisor(
                reloads.first(),
                partial(_ready, played, sockets, log_format),
                lambda: tell(os.environ, "STOPPING=1"),
                standing=[*posting, *reloads.watchers(content)],
                reloads=reloads,
            ).run()


def _jobs(sockets: Sockets, project: Project, shared: processes.Shared, *, no_worker: bool) -> list[Job]:
    index = Index(project.ruleset).prepared()  # before the fork, so that all processes hold one
    ingresses = project.settings.ingresses()
    balance = Balance(ingresses)
    receiving = [processes.ingress(project, index, sockets.hooks, partial(balance.share, number)) for number in range(ingresses)]
    working = [] if no_worker else [processes.worker(project, index, shared, sockets.console)]
    return [*(Job("ingress", work, Farewell.FINISH_SOON) for work in receiving), *(Job("worker", work) for work in working)]


def _ready(project: Project, sockets: Sockets, style: logs.Format) -> None:
    _announce(project, sockets, style)
    tell(os.environ, "READY=1")


def _url_for_tunnels(project: Project, sockets: Sockets) -> str:
    """Raises UsageError."""
    urls = [url for url in (_url_of(project, each) for each in sockets.hooks) if url.startswith("http://") and "unix:" not in url]
    if not urls:
        raise UsageError("--tunnel delivers to this server over plain HTTP, and it listens at no such address; add one to server.listen")
    return urls[0]


def _say_warnings(project: Project) -> None:
    for finding in from_here(project.findings, Path.cwd()):
        click.echo(as_line(finding), err=True)


def _announce(project: Project, sockets: Sockets, style: logs.Format) -> None:
    urls = [_url_of(project, each) for each in sockets.hooks]
    hooks, console = ", ".join(f"{url}/hooks/<source>" for url in urls), sockets.console and url_of(sockets.console)
    logs.info("listening", hooks=hooks, console=console, rules=len(project.ruleset))
    line = _line_to_paste(project, urls[0])
    if line and style == "text":
        click.echo(f"\nSend a signed push from another terminal:\n\n  {line}\n", err=True)


def _url_of(project: Project, listening: socket.socket) -> str:
    return url_of(listening, "https" if project.settings.server.tls else "http")


def _line_to_paste(project: Project, here: str) -> str | None:
    """A `hookrules send` that this configuration will take; None where it has no such source, or no sample to send."""
    source = next((name for name, source in project.settings.sources.items() if source.provider == "github"), None)
    sample = project.folder / _SAMPLE
    if source is None or not sample.exists() or not here.startswith("http://") or here.startswith("http://unix:"):
        return None
    config = [] if project.config == Path("hookrules.yaml") else ["-c", str(project.config)]
    to = [] if here == local_url(project.settings) else ["--to", f"{here}/hooks/{source}"]
    follow = [] if project.dry_run else ["--follow"]  # it looks into the journal that the configuration names
    return shlex.join([_own_name(), "send", *config, source, os.path.relpath(sample), "--event", "push", *follow, *to])


def _own_name() -> str:
    """How this command was called, as far as another terminal in this folder can call it too."""
    called = Path(sys.argv[0])
    if called.name != "hookrules":
        return "hookrules"
    near = os.path.relpath(called)
    return near if called.is_absolute() and not near.startswith("..") else str(called)
