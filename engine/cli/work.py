"""`hookrules work`: run what waits in the journal."""

import os
from functools import partial
from pathlib import Path

import click

from hookrules.engine import logs
from hookrules.engine.children import Job
from hookrules.engine.cli import processes
from hookrules.engine.cli.dry_run import dry_run_option, rehearsed
from hookrules.engine.cli.file_watch import content_of
from hookrules.engine.cli.listening import Sockets, sockets_of
from hookrules.engine.cli.options import log_option, watch_option
from hookrules.engine.cli.project import Project, load_project
from hookrules.engine.cli.reloading import reloading
from hookrules.engine.cli.systemd import tell
from hookrules.engine.matching.index import Index
from hookrules.engine.supervisor import Supervisor, hold_hangups


@click.command()
@click.option("--labels", metavar="NAME[,NAME…]", default="", help="Also take runs of rules that say `runs_on` one of these.")
@dry_run_option
@watch_option
@log_option
@click.pass_obj
def command(config: Path, labels: str, dry_run: bool, watch: bool, log_format: logs.Format) -> int:
    """Ends on SIGTERM or Ctrl-C, as `hookrules serve` does."""
    hold_hangups()
    content = content_of(config) if watch else None
    project = load_project(config)
    logs.set_up(log_format)
    wanted = tuple(filter(None, labels.replace(" ", "").split(",")))
    with sockets_of(project, hooks=False) as sockets, rehearsed(project, dry_run=dry_run) as played:
        processes.prepare(played)
        with reloading(project, played, partial(_jobs, sockets, wanted), sockets.bound_by) as reloads:
            return Supervisor(
                reloads.first(),
                partial(_ready, played),
                lambda: tell(os.environ, "STOPPING=1"),
                standing=reloads.watchers(content),
                reloads=reloads,
            ).run()


def _jobs(sockets: Sockets, labels: tuple[str, ...], project: Project, shared: processes.Shared) -> list[Job]:
    return [Job("worker", processes.worker(project, Index(project.ruleset), shared, sockets.console, labels))]


def _ready(project: Project) -> None:
    logs.info("working", rules=len(project.ruleset))
    tell(os.environ, "READY=1")
