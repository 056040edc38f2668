"""What a service manager hands over and is told: sockets that it holds (sd_listen_fds(3)), and how far we are (sd_notify(3))."""

import socket
from collections.abc import Mapping, MutableMapping, Sequence

from hookrules.engine.errors import UsageError

HOOKS, CONSOLE = "hooks", "console"
_FIRST = 3
"""The first file descriptor that is handed over."""


def sockets_from(environ: MutableMapping[str, str], pid: int) -> Mapping[str, Sequence[socket.socket]]:
    """The sockets for `hooks` and for `console`: by the names that they were given (`FileDescriptorName=`), else in this order.

    What was read is taken out of `environ`: it is no business of our children. Raises UsageError where they can't be used.
    """
    meant_for, count, names = (environ.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"))
    if meant_for != str(pid) or not count.isdigit():
        return {}
    given: dict[str, list[socket.socket]] = {}
    for number, purpose in enumerate(_purposes(names.split(":"), int(count)), _FIRST):
        given.setdefault(purpose, []).append(_socket(number))
    return given


def _purposes(names: Sequence[str], count: int) -> Sequence[str]:
    known = [name in (HOOKS, CONSOLE) for name in names]
    if count == len(names) and all(known):
        return names
    if any(known):
        raise UsageError(f"of the sockets {', '.join(names)} some are named neither '{HOOKS}' nor '{CONSOLE}' (FileDescriptorName=)")
    if count > 2:
        raise UsageError(f"nothing says what the {count} sockets are for; name each '{HOOKS}' or '{CONSOLE}' (FileDescriptorName=)")
    return (HOOKS, CONSOLE)[:count]


def _socket(number: int) -> socket.socket:
    try:
        given = socket.socket(fileno=number)
        listens = given.type == socket.SOCK_STREAM and given.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise UsageError(f"file descriptor {number} was handed over as a socket: {(error.strerror or str(error)).lower()}") from None
    if not listens:
        given.detach()
        raise UsageError(f"the socket at file descriptor {number} does not listen; its unit needs ListenStream= and Accept=no")
    given.setblocking(False)
    given.set_inheritable(False)
    return given


def tell(environ: Mapping[str, str], state: str) -> None:
    """`READY=1`, `STOPPING=1`. Nothing where nobody asked to be told; a manager that does not listen is its own trouble."""
    place = environ.get("NOTIFY_SOCKET", "")
    if not place.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as telling:
        try:
            telling.sendto(state.encode(), "\0" + place[1:] if place.startswith("@") else place)
        except OSError:
            return
