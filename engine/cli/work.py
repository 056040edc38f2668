"""`hookrules work`: run what waits in the journal."""

from pathlib import Path

import click

from hookrules.engine import logs
from hookrules.engine.cli import processes
from hookrules.engine.cli.options import log_option
from hookrules.engine.cli.project import load_project
from hookrules.engine.cli.serve import console_socket


@click.command()
@click.option("--labels", metavar="NAME[,NAME…]", default="", help="Also take runs of rules that say `runs_on` one of these.")
@log_option
@click.pass_obj
def command(config: Path, labels: str, log_format: logs.Format) -> int:
    """Ends on SIGTERM or Ctrl-C, as `hookrules serve` does."""
    project = load_project(config)
    logs.set_up(log_format)
    processes.prepare(project)
    work = processes.worker(project, console_socket(project), tuple(filter(None, labels.replace(" ", "").split(","))))
    return processes.alone(work, lambda: logs.info("working", rules=len(project.ruleset)))
