"""Where a running server is asked to reload: a unix socket beside its journal, for its own user alone.

Who connects asks for a reload; the answer, once it is known, is one JSON document. Several may stand side by side (`serve --no-worker` and
`work`), also of containers in which all have the same process id; one that nobody answers at was left behind.
"""

import contextlib
import os
import secrets
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from hookrules.engine import logs
from hookrules.engine.model import Json

_MOST_ASKING = 16
_SEND_SECONDS = 2.0
"""For which one who asks and does not read may keep the server."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a reload."""

    taken: bool
    rules: int | None
    """That are in force now; None where the server has ended."""
    message: str
    findings: tuple[dict[str, Json], ...] = ()
    """As `validate --format json` has them."""
    restart: tuple[str, ...] = ()
    """What has changed and takes a restart."""


class Control:
    """The server's end."""

    def __init__(self, journal: Path) -> None:
        """Without a place to listen at, nobody can ask here, and the log says so."""
        self._path = journal.with_name(f"{journal.name}.{os.getpid()}-{secrets.token_hex(3)}.reload")
        self._waiting: list[socket.socket] = []
        self._asking: list[socket.socket] = []
        self._listening = _listen(self._path)
        _remove_left_behind(journal)

    def fileno(self) -> int | None:
        return self._listening.fileno() if self._listening else None

    def hear(self) -> bool:
        """Whether somebody asks."""
        while self._listening:
            try:
                asking, _ = self._listening.accept()
            except OSError:
                break
            self._waiting.append(asking)
        return bool(self._waiting)

    def begin(self) -> None:
        """A reload begins: who asks from now on is not answered by it."""
        self._asking, self._waiting = [*self._asking, *self._waiting], []

    def answer(self, answer: Answer) -> None:
        """All who had asked when it began."""
        text = msgspec.json.encode(asdict(answer))
        for asking in self._asking:
            with contextlib.suppress(OSError), asking:
                asking.settimeout(_SEND_SECONDS)
                asking.sendall(text)
                asking.shutdown(socket.SHUT_RDWR)  # a child may hold it, too
        self._asking.clear()

    def let_go(self) -> None:
        """In a fork."""
        for each in (self._listening, *self._asking, *self._waiting):
            if each:
                each.close()

    def close(self) -> None:
        if self._listening:
            self._listening.close()
            self._path.unlink(missing_ok=True)


def ask(journal: Path, seconds: float) -> list[Answer]:
    """Ask every server of this machine that works with the journal; what was left behind is removed. Raises OSError."""
    with contextlib.ExitStack() as stack:
        asked = [connection for path in _places(journal) if (connection := _connected(path, seconds))]
        for connection in asked:
            stack.enter_context(connection)
        return [_answer(connection) for connection in asked]


def _places(journal: Path) -> list[Path]:
    return sorted(path for path in journal.parent.glob("*.reload") if path.name.startswith(f"{journal.name}."))


def _remove_left_behind(journal: Path) -> None:
    for path in _places(journal):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe, _inside(path.parent):
            try:
                probe.connect(path.name)  # a server is of another type, which the system tells without letting it know
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)


def _connected(path: Path, seconds: float) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(seconds)
    try:
        with _inside(path.parent):
            connection.connect(path.name)
    except (ConnectionRefusedError, FileNotFoundError):
        connection.close()
        path.unlink(missing_ok=True)
        return None
    except OSError:
        connection.close()
        raise
    return connection


def _answer(connection: socket.socket) -> Answer:
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    if not pieces:
        return Answer(taken=False, rules=None, message="the server ended before it could answer")
    return msgspec.json.decode(b"".join(pieces), type=Answer)


def _listen(path: Path) -> socket.socket | None:
    listening = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        with _inside(path.parent):
            listening.bind(path.name)
        listening.listen(_MOST_ASKING)
    except OSError as error:
        listening.close()
        logs.warning(
            "`hookrules reload` can't reach this server; SIGHUP can", place=str(path), reason=(error.strerror or str(error)).lower()
        )
        return None
    finally:
        os.umask(before)
    listening.setblocking(False)
    return listening


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """A socket's path has 100 bytes or so; from its own folder any will do."""
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.chdir(folder)
        yield
    finally:
        os.fchdir(here)
        os.close(here)
