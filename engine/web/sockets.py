"""Listening sockets, bound before anything else starts: a port in use is told at once, and a listener's restart refuses no one."""

import errno
import socket

from hookrules.engine.errors import UsageError

_BACKLOG = 1024


def listen(host: str, port: int, setting: str) -> socket.socket:
    """`setting` is where a person changes it (`server.listen`). Raises UsageError."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
    except OSError as error:
        raise UsageError(f"can't listen on {host}:{port} ({setting}): {_words(error)}") from None
    listener.listen(_BACKLOG)
    listener.setblocking(False)
    return listener


def url_of(listener: socket.socket) -> str:
    """Where the listener answers; what a person can paste."""
    host, port = listener.getsockname()[:2]
    return url_at(host, port)


def url_at(host: str, port: int) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  any address: this machine's own will do
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _words(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "the port is in use; stop what listens there, or choose another"
    if error.errno == errno.EACCES:
        return "ports under 1024 need more rights; choose a higher one"
    return error.strerror or str(error)
