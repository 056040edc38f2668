"""`hookrules work`: run what waits in the journal."""

import os
from pathlib import Path

import click

from hookrules.engine import logs
from hookrules.engine.cli import processes
from hookrules.engine.cli.dry_run import dry_run_option, rehearsed
from hookrules.engine.cli.listening import sockets_of
from hookrules.engine.cli.options import log_option
from hookrules.engine.cli.project import Project, load_project
from hookrules.engine.cli.systemd import tell


@click.command()
@click.option("--labels", metavar="NAME[,NAME…]", default="", help="Also take runs of rules that say `runs_on` one of these.")
@dry_run_option
@log_option
@click.pass_obj
def command(config: Path, labels: str, dry_run: bool, log_format: logs.Format) -> int:
    """Ends on SIGTERM or Ctrl-C, as `hookrules serve` does."""
    project = load_project(config)
    logs.set_up(log_format)
    wanted = tuple(filter(None, labels.replace(" ", "").split(",")))
    with sockets_of(project, hooks=False) as sockets, rehearsed(project, dry_run=dry_run) as played:
        processes.prepare(played)
        return processes.alone(processes.worker(played, sockets.console, wanted), lambda: _ready(played))


def _ready(project: Project) -> None:
    logs.info("working", rules=len(project.ruleset))
    tell(os.environ, "READY=1")
