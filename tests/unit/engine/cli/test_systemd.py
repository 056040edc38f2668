"""What a service manager hands over and is told."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hookrules.engine.cli import systemd
from hookrules.engine.cli.systemd import sockets_from, tell
from hookrules.engine.errors import UsageError


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[socket.socket]]:
    """Three listening sockets at numbers that follow each other, of which the first is the first that is handed over."""
    first = 200
    made = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    for number, each in enumerate(made):
        os.dup2(each.fileno(), first + number)
    monkeypatch.setattr(systemd, "_FIRST", first)
    yield made
    for number, each in enumerate(made):
        each.close()
        os.close(first + number)


def given(count: int, names: str | None = None, pid: int = 7) -> dict[str, list[int]]:
    """Purpose → ports."""
    environ = {"LISTEN_PID": str(pid), "LISTEN_FDS": str(count), "PATH": "/bin"} | ({} if names is None else {"LISTEN_FDNAMES": names})
    try:
        sockets = sockets_from(environ, 7)
    finally:
        assert environ == {"PATH": "/bin"}, "our children are not told"
    ports = {purpose: [each.getsockname()[1] for each in several] for purpose, several in sockets.items()}
    for several in sockets.values():
        for each in several:
            assert not each.getblocking()
            assert not each.get_inheritable()
            each.detach()
    return ports


@pytest.mark.parametrize(
    ("count", "names", "expected"),
    [
        (1, None, {"hooks": [0]}),
        (1, "hookrules.socket", {"hooks": [0]}),
        (2, "hookrules.socket:hookrules.socket", {"hooks": [0], "console": [1]}),
        (2, "console:hooks", {"hooks": [1], "console": [0]}),
        (3, "hooks:console:hooks", {"hooks": [0, 2], "console": [1]}),
        (1, "console", {"console": [0]}),
        (0, "", {}),
    ],
)
def test_sockets_are_told_apart_by_name_else_by_order(
    handed_over: list[socket.socket], count: int, names: str | None, expected: dict[str, list[int]]
) -> None:
    ports = [each.getsockname()[1] for each in handed_over]
    assert given(count, names) == {purpose: [ports[number] for number in numbers] for purpose, numbers in expected.items()}


def test_what_is_meant_for_another_process_is_not_taken(handed_over: list[socket.socket]) -> None:
    assert given(1, pid=8) == {}
    assert sockets_from({}, 7) == {}


@pytest.mark.parametrize(
    ("count", "names", "words"), [(3, None, "nothing says what the 3 sockets are for"), (2, "hooks:web", "hooks, web")]
)
def test_sockets_that_can_not_be_told_apart_are_refused(
    handed_over: list[socket.socket], count: int, names: str | None, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        given(count, names)


def test_what_is_no_listening_socket_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket() as silent, (tmp_path / "file").open("w") as file:
        for number, words in (
            (silent.fileno(), "does not listen"),
            (file.fileno(), "not a socket|non-socket|not-socket|on non"),
            (900, "bad file"),
        ):
            copy = os.dup(number) if number != 900 else number
            monkeypatch.setattr(systemd, "_FIRST", copy)
            with pytest.raises(UsageError, match=words):
                given(1)


@pytest.mark.parametrize("abstract", [False, True])
def test_the_manager_is_told(tmp_path: Path, abstract: bool) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        place = f"\0hookrules-{tmp_path.name}-{os.getpid()}" if abstract else str(tmp_path / "notify")
        manager.bind(place)
        manager.settimeout(10)
        tell({"NOTIFY_SOCKET": place.replace("\0", "@")}, "READY=1")
        assert manager.recv(100) == b"READY=1"


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/no/such/socket"}, {"NOTIFY_SOCKET": "vsock:2:1"}])
def test_where_nobody_listens_nothing_happens(environ: dict[str, str]) -> None:
    tell(environ, "READY=1")
