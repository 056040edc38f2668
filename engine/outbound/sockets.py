"""Sockets that keep to the budget of the request that uses them.

A socket's own timeout begins again with every byte, so that a slow peer could hold it for ever. These block for a slice at a time, and ask
the budget before each: no thread watches them, and none has to shut a connection that another request may have by then.
"""

import socket
import ssl
from collections.abc import Callable
from typing import Any, TypeVar

from hookrules.engine.outbound.budget import Budget, current

HANDSHAKE_LIMIT = 30.0
"""Seconds for a TLS handshake, however long the request may take."""
_Result = TypeVar("_Result")


class PatientSocket(socket.socket):
    def recv(self, *arguments: Any) -> bytes:
        return _patiently(self, super().recv, *arguments)

    def recv_into(self, *arguments: Any) -> int:
        return _patiently(self, super().recv_into, *arguments)

    def send(self, *arguments: Any) -> int:
        return _patiently(self, super().send, *arguments)

    def sendall(self, data: Any, flags: int = 0) -> None:
        """By pieces: a sendall that is interrupted does not tell how far it came."""
        rest = memoryview(data).cast("B")
        while rest:
            rest = rest[self.send(rest, flags) :]


class PatientTlsSocket(ssl.SSLSocket):
    """`sendall` sends by pieces here, too; `recv` and `recv_into` read."""

    def read(self, *arguments: Any) -> Any:
        return _patiently(self, super().read, *arguments)

    def send(self, *arguments: Any) -> int:
        return _patiently(self, super().send, *arguments)

    def do_handshake(self, block: bool = False) -> None:
        try:
            with current().part(HANDSHAKE_LIMIT, "no TLS handshake in time") as budget:
                _patiently(self, super().do_handshake, block, budget=budget)
        except BaseException:
            self.close()  # whoever made it never got hold of it
            raise


def _patiently(sock: socket.socket, operation: Callable[..., _Result], *arguments: Any, budget: Budget | None = None) -> _Result:
    """Raises TimeIsUp and Cancelled beside what the operation does."""
    budget = budget or current()
    while True:
        seconds = budget.slice()
        if sock.gettimeout() != seconds:
            sock.settimeout(seconds)
        try:
            return operation(*arguments)
        except TimeoutError as error:
            if error.errno is not None:  # the network's own, for a peer that is gone
                raise
