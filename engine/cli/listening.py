"""The sockets that a server serves at: those of a service manager, or those that the configuration says."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import click

from hookrules.engine import logs
from hookrules.engine.cli.project import Project
from hookrules.engine.cli.systemd import CONSOLE, HOOKS, sockets_from
from hookrules.engine.config.listen_addresses import Address, Place, read_place
from hookrules.engine.config.settings import Settings
from hookrules.engine.errors import UsageError
from hookrules.engine.web.sockets import let_go, listen, url_at

_HOOKS_BY = ("server.listen", "server.socket_mode")
_CONSOLE_BY = ("console.listen", "console.socket_mode")


@dataclass(frozen=True, slots=True)
class Sockets:
    """Bound, and listening."""

    hooks: Sequence[socket.socket]
    console: socket.socket | None
    """None where the console is not served."""
    bound_by: Sequence[str] = ()
    """The settings that say where: those of sockets that were handed over, or named by an option, have no say."""


@contextmanager
def sockets_of(project: Project, address: str | None = None, *, hooks: bool = True, console: bool = True) -> Iterator[Sockets]:
    """`address` stands in for `server.listen`. What was bound here is let go of at the end; a service manager keeps its own.

    Raises UsageError.
    """
    given = sockets_from(os.environ, os.getpid())
    if given and address is not None:
        raise UsageError("--listen has no use here: the service manager has handed over the sockets; take the option out of its unit")
    with ExitStack() as ours:
        for_hooks = (given.get(HOOKS) or [_bound(ours, project, place, address) for place in _places(project, address)]) if hooks else []
        for_console = _console(ours, project, given.get(CONSOLE, ())) if console else None
        settings = _HOOKS_BY if hooks and HOOKS not in given and address is None else ()
        yield Sockets(for_hooks, for_console, settings + (_CONSOLE_BY if for_console and CONSOLE not in given else ()))


def local_url(settings: Settings) -> str | None:
    """Where a sender of this machine finds the server; None where it listens at no address of the network, or speaks TLS."""
    place = next((place for place in settings.server.listen if isinstance(place, Address)), None)
    return url_at(*place) if place and not settings.server.tls else None


def _places(project: Project, address: str | None) -> Sequence[Place]:
    if address is None:
        return project.settings.server.listen
    try:
        return [read_place(address)]
    except ValueError as fault:
        raise click.BadParameter(str(fault), param_hint="--listen") from None


def _bound(ours: ExitStack, project: Project, place: Place, address: str | None) -> socket.socket:
    mode = int(project.settings.server.socket_mode, 8)
    made = listen(place, project.folder, mode, "server.listen" if address is None else "--listen")
    ours.callback(let_go, made)
    return made


def _console(ours: ExitStack, project: Project, given: Sequence[socket.socket]) -> socket.socket | None:
    """None where the console has no token: it is not served then, since no one could be kept out."""
    settings = project.settings.console
    if settings.token is None:
        logs.warning("the console is off, since console.token is not set")
        return None
    if len(given) > 1:
        raise UsageError(f"{len(given)} sockets were handed over for the console, which listens at one")
    if given:
        return given[0]
    made = listen(settings.listen, project.folder, int(settings.socket_mode, 8), "console.listen")
    ours.callback(let_go, made)
    return made
