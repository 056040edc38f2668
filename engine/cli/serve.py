"""`hookrules serve`: receive, and run."""

import os
import shlex
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from hookrules.engine import logs
from hookrules.engine.cli import processes
from hookrules.engine.cli.findings import as_line, from_here
from hookrules.engine.cli.options import log_option
from hookrules.engine.cli.project import Project, load_project
from hookrules.engine.cli.tunnels import parted, tunnels, tunnels_option
from hookrules.engine.supervisor import Supervisor, Work
from hookrules.engine.web.sockets import listen, url_of

_SAMPLE = Path("rules/payloads/push.json")
_LAST_MOMENTS = 5.0
"""Seconds that a process has beyond `server.drain`, to write what it stopped."""


@click.command()
@click.option("--listen", "address", metavar="HOST:PORT", help="Listen here instead of at server.listen.")
@click.option("--no-worker", is_flag=True, help="Only receive; `hookrules work` runs the rest, also on another machine.")
@tunnels_option
@log_option
@click.pass_obj
def command(config: Path, address: str | None, no_worker: bool, channels: Sequence[str], log_format: logs.Format) -> int:
    """Ends on SIGTERM or Ctrl-C: nothing new is taken, and what runs has `server.drain` to finish."""
    project = load_project(config)
    relayed = parted(channels, project.settings.sources)
    logs.set_up(log_format)
    _say_warnings(project)
    processes.prepare(project)
    receiving = _listen(project, address)
    looking = None if no_worker else console_socket(project)
    children: list[tuple[str, Work]] = [("ingress", processes.ingress(project, receiving))]
    if not no_worker:
        children.append(("worker", processes.worker(project, looking)))
    children += tunnels(relayed, url_of(receiving))
    supervisor = Supervisor(
        children, project.settings.server.drain + _LAST_MOMENTS, lambda: _announce(project, receiving, looking, log_format)
    )
    return supervisor.run()


def console_socket(project: Project) -> socket.socket | None:
    """None where the console has no token: it is not served then, since no one could be kept out."""
    console = project.settings.console
    if console.token is None:
        logs.warning("the console is off, since console.token is not set")
        return None
    return listen(console.listen.host, console.listen.port, "console.listen")


def _listen(project: Project, address: str | None) -> socket.socket:
    from hookrules.engine.config.server_settings import Server

    if address is None:
        where = project.settings.server.listen
        return listen(where.host, where.port, "server.listen")
    try:
        where = Server.model_validate({"listen": address}).listen
    except ValueError as error:
        raise click.BadParameter(f"{address!r} is not HOST:PORT", param_hint="--listen") from error
    return listen(where.host, where.port, "--listen")


def _say_warnings(project: Project) -> None:
    for finding in from_here(project.findings, Path.cwd()):
        click.echo(as_line(finding), err=True)


def _announce(project: Project, receiving: socket.socket, looking: socket.socket | None, style: logs.Format) -> None:
    rules = len(project.ruleset)
    logs.info("listening", hooks=f"{url_of(receiving)}/hooks/<source>", console=looking and url_of(looking), rules=rules)
    line = _line_to_paste(project, receiving)
    if line and style == "text":
        click.echo(f"\nSend a signed push from another terminal:\n\n  {line}\n", err=True)


def _line_to_paste(project: Project, receiving: socket.socket) -> str | None:
    """A `hookrules send` that this configuration will take; None where it has no such source, or no sample to send."""
    source = next((name for name, source in project.settings.sources.items() if source.provider == "github"), None)
    sample = project.folder / _SAMPLE
    if source is None or not sample.exists():
        return None
    config = [] if project.config == Path("hookrules.yaml") else ["-c", str(project.config)]
    here = url_of(receiving)
    to = [] if here == "http://{}:{}".format(*project.settings.server.listen) else ["--to", f"{here}/hooks/{source}"]
    return shlex.join([_own_name(), "send", *config, source, os.path.relpath(sample), "--event", "push", "--follow", *to])


def _own_name() -> str:
    """How this command was called, as far as another terminal in this folder can call it too."""
    called = Path(sys.argv[0])
    if called.name != "hookrules":
        return "hookrules"
    near = os.path.relpath(called)
    return near if called.is_absolute() and not near.startswith("..") else str(called)
