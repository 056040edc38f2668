"""Listening sockets, bound before anything else starts: a port in use is told at once, and a listener's restart refuses no one."""

import errno
import os
import socket
import stat
from pathlib import Path
from typing import Any

from hookrules.engine.config.listen_addresses import Address, Place
from hookrules.engine.errors import UsageError

BACKLOG = 1024
"""Connections that may wait until a listener takes them."""


def listen(place: Place, folder: Path, mode: int, setting: str) -> socket.socket:
    """`folder` is where relative paths start, `mode` is for unix sockets, `setting` is where a person changes it (`server.listen`).

    Raises UsageError.
    """
    try:
        listener = _bound(place.host, place.port) if isinstance(place, Address) else _bound_unix(folder / place.path, mode)
    except OSError as error:
        words = _words(error) if isinstance(place, Address) else _words_of_unix(error)
        raise UsageError(f"can't listen on {place} ({setting}): {words}") from None
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def let_go(listener: socket.socket) -> None:
    """Close it; the file of a unix socket goes with it."""
    if listener.family == socket.AF_UNIX:
        Path(listener.getsockname()).unlink(missing_ok=True)
    listener.close()


def url_of(listener: socket.socket, scheme: str = "http") -> str:
    """Where the listener answers: what a person can paste, for a unix socket into the configuration of nginx."""
    if listener.family == socket.AF_UNIX:
        return f"http://unix:{listener.getsockname()}:"
    host, port = listener.getsockname()[:2]
    return url_at(host, port, scheme)


def url_at(host: str, port: int, scheme: str = "http") -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  any address: this machine's own will do
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return _bind(listener, place)


def _bound_unix(path: Path, mode: int) -> socket.socket:
    _remove_left_over(path)
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o777 & ~mode)  # from its first moment on nobody else may connect
    try:
        return _bind(listener, str(path.absolute()))
    finally:
        os.umask(before)


def _bind(listener: socket.socket, place: Any) -> socket.socket:
    try:
        listener.bind(place)
    except OSError:
        listener.close()
        raise
    return listener


def _remove_left_over(path: Path) -> None:
    """A socket's file stays behind where its server was killed. Raises OSError where somebody listens, or where it is another file."""
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise FileExistsError(errno.EEXIST, "there is a file of that name, and it is no socket")
    with socket.socket(socket.AF_UNIX) as knocking:
        knocking.setblocking(False)
        try:
            knocking.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        except BlockingIOError:  # somebody listens, and has more to do than time
            raise OSError(errno.EADDRINUSE, "") from None
        else:
            raise OSError(errno.EADDRINUSE, "")


def _words(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "the port is in use; stop what listens there, or choose another"
    if error.errno == errno.EACCES:
        return "ports under 1024 need more rights; choose a higher one"
    return error.strerror or str(error)


def _words_of_unix(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "somebody listens there; stop it, or choose another file"
    return (error.strerror or str(error)).lower()
