"""Listening sockets: bound, or one line that says why not."""

import os
import socket
import stat
from pathlib import Path

import pytest

from hookrules.engine.config.listen_addresses import Address, UnixSocket
from hookrules.engine.errors import UsageError
from hookrules.engine.web.sockets import let_go, listen, url_at, url_of


def on_unix(folder: Path, path: str = "hooks.sock", mode: int = 0o660) -> socket.socket:
    return listen(UnixSocket(path), folder, mode, "server.listen")


@pytest.mark.parametrize("mode", [0o660, 0o600, 0o777])
def test_a_unix_socket_has_its_mode_from_its_first_moment(tmp_path: Path, mode: int) -> None:
    before = os.umask(0o022)
    try:
        let_go(on_unix(tmp_path, mode=mode))
        made = on_unix(tmp_path, mode=mode)
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "hooks.sock").stat().st_mode) == mode
    let_go(made)
    assert not (tmp_path / "hooks.sock").exists()


def test_the_socket_of_a_server_that_was_killed_is_taken_over(tmp_path: Path) -> None:
    killed = on_unix(tmp_path)
    killed.close()
    assert (tmp_path / "hooks.sock").exists()
    listening = on_unix(tmp_path)
    with socket.socket(socket.AF_UNIX) as sender:
        sender.connect(str(tmp_path / "hooks.sock"))
    let_go(listening)


@pytest.mark.parametrize("busy", [False, True])
def test_a_socket_at_which_somebody_listens_is_left_alone(tmp_path: Path, busy: bool) -> None:
    with socket.socket(socket.AF_UNIX) as other, socket.socket(socket.AF_UNIX) as waiting:
        other.bind(str(tmp_path / "hooks.sock"))
        other.listen(0)
        if busy:
            waiting.connect(str(tmp_path / "hooks.sock"))
        with pytest.raises(UsageError, match=r"can't listen on unix:hooks\.sock \(server\.listen\): somebody listens there"):
            on_unix(tmp_path)
        assert (tmp_path / "hooks.sock").exists()


def test_a_file_that_is_no_socket_is_never_removed(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("keep me")
    with pytest.raises(UsageError, match="it is no socket"):
        on_unix(tmp_path, "notes.txt")
    assert (tmp_path / "notes.txt").read_text() == "keep me"


@pytest.mark.parametrize(("path", "words"), [("no/such/folder.sock", "no such file"), ("x" * 200, "too long")])
def test_a_path_that_can_not_be_is_told(tmp_path: Path, path: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        on_unix(tmp_path, path)


def test_urls_are_what_a_person_can_paste(tmp_path: Path) -> None:
    with listen(Address("127.0.0.1", 0), tmp_path, 0, "server.listen") as listening:
        port = listening.getsockname()[1]
        assert url_of(listening) == f"http://127.0.0.1:{port}"
        assert url_of(listening, "https") == f"https://127.0.0.1:{port}"
    assert url_at("0.0.0.0", 80) == "http://127.0.0.1:80"
    assert url_at("::", 80, "https") == "https://[::1]:80"
    listening = on_unix(tmp_path)
    assert url_of(listening) == f"http://unix:{tmp_path}/hooks.sock:"  # as nginx's proxy_pass takes it
    let_go(listening)
