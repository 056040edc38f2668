"""`hookrules work`: run what waits in the journal."""

import os
from pathlib import Path

import click

from hookrules.engine import logs
from hookrules.engine.cli import processes
from hookrules.engine.cli.listening import sockets_of
from hookrules.engine.cli.options import log_option
from hookrules.engine.cli.project import Project, load_project
from hookrules.engine.cli.systemd import tell


@click.command()
@log_option
@click.pass_obj
def command(config: Path, log_format: logs.Format) -> int:
    """Ends on SIGTERM or Ctrl-C, as `hookrules serve` does."""
    project = load_project(config)
    logs.set_up(log_format)
    processes.prepare(project)
    with sockets_of(project, hooks=False) as sockets:
        return processes.alone(processes.worker(project, sockets.console), lambda: _ready(project))


def _ready(project: Project) -> None:
    logs.info("working", rules=len(project.ruleset))
    tell(os.environ, "READY=1")
