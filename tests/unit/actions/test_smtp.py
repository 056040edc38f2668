"""The way of a mail to a server: TLS, passwords, and what goes wrong on it."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support_smtp import smtp_server
from support_tls import server_context

from hookrules.actions.smtp import Envelope, SmtpFailed, SmtpServer, deliver
from hookrules.engine.secret import Vault

ENVELOPE = Envelope("a@example.com", ["b@example.com"], b"Subject: x\r\n\r\nx\r\n")
LOGIN = {"username": "deploys", "password": "correct horse"}


def described(**fields: Any) -> SmtpServer:
    return SmtpServer.model_validate({"host": "127.0.0.1", **fields}, context={"vault": Vault({}, Path())})


def send(folder: Path, within: float = 20.0, cancelled: threading.Event | None = None, **fields: Any) -> dict[str, str]:
    refused = deliver(described(**fields), ENVELOPE, folder=folder, timeout=within, cancelled=cancelled or threading.Event())
    return dict(refused)


def failure(folder: Path, **options: Any) -> SmtpFailed:
    with pytest.raises(SmtpFailed) as told:
        send(folder, **options)
    return told.value


@contextlib.contextmanager
def saying(*lines: bytes) -> Iterator[int]:
    """A server that says these lines, whatever it is told, and then nothing more; its port."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)

        def serve() -> None:
            with contextlib.suppress(OSError), listener.accept()[0] as connection:
                for line in lines:
                    connection.sendall(line)
                    connection.recv(1000)
                done.wait(20)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            done.set()
            thread.join()


@pytest.mark.parametrize("tls", ["tls", "starttls"])
def test_a_mail_goes_over_tls_with_a_password(tmp_path: Path, tls: str) -> None:
    context = server_context(tmp_path)
    with smtp_server(**{tls: context}) as bag:  # type: ignore[arg-type]
        assert send(tmp_path, port=bag.port, tls=tls, ca="ca.pem", **LOGIN) == {}
        assert bag.logins == ["deploys"]
        assert len(bag.envelopes) == 1


@pytest.mark.parametrize("tls", ["tls", "starttls"])
@pytest.mark.parametrize("way", ["unknown authority", "another name"])
def test_a_certificate_that_does_not_prove_the_server_ends_it_before_the_password(tmp_path: Path, tls: str, way: str) -> None:
    context = server_context(tmp_path, name="127.0.0.1" if way == "unknown authority" else "mail.example.com")
    with smtp_server(**{tls: context}) as bag:  # type: ignore[arg-type]
        ca = None if way == "unknown authority" else "ca.pem"
        told = failure(tmp_path, port=bag.port, tls=tls, ca=ca, **LOGIN)
        assert "certificate" in str(told)
        assert not told.retryable
        assert bag.logins == bag.envelopes == []


def test_a_server_without_starttls_gets_nothing(tmp_path: Path) -> None:
    with smtp_server() as bag:
        told = failure(tmp_path, port=bag.port, tls="starttls", **LOGIN)
        assert "STARTTLS" in str(told)
        assert not told.retryable
        assert bag.logins == bag.envelopes == []


def test_a_wrong_password_is_said_and_never_shown(tmp_path: Path) -> None:
    with smtp_server(starttls=server_context(tmp_path)) as bag:
        told = failure(tmp_path, port=bag.port, tls="starttls", ca="ca.pem", username="deploys", password="wrong horse")
        assert "password" in str(told)
        assert "wrong horse" not in str(told)
        assert not told.retryable


def test_a_missing_file_of_certificates_is_named(tmp_path: Path) -> None:
    told = failure(tmp_path, tls="tls", ca="gone.pem")
    assert "gone.pem" in str(told)
    assert not told.retryable


def test_nothing_listening_is_tried_again(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        told = failure(tmp_path, port=unused.getsockname()[1])
    assert "no connection" in str(told)
    assert told.retryable


@pytest.mark.parametrize(
    ("lines", "words", "again"),
    [
        ((b"421 too busy\r\n",), "421 too busy", True),
        ((b"554 go away\r\n",), "554 go away", False),
        ((b"220 hi\r\n", b"250 ok\r\n", b"452 full\r\n"), "452 full", True),
        ((b"220 hi\r\n", b"250 ok\r\n", b"553 never from you\r\n"), "553 never from you", False),
        ((b"220 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"550 " + b"no " * 300 + b"\r\n"), "550 no no", False),
        ((b"nonsense\r\n",), "", False),
    ],
)
def test_what_a_server_says_decides_whether_it_is_tried_again(tmp_path: Path, lines: tuple[bytes, ...], words: str, again: bool) -> None:
    with saying(*lines) as port:
        told = failure(tmp_path, port=port)
    assert words in str(told)
    assert len(str(told)) < 400
    assert told.retryable is again


@pytest.mark.parametrize("lines", [(), (b"220-still\r\n",), (b"220 hi\r\n", b"250 ok\r\n")])
@pytest.mark.parametrize("bound", [{"timeout": "200ms"}, {"within": 0.2}])
def test_a_server_that_falls_silent_is_left_in_time(tmp_path: Path, lines: tuple[bytes, ...], bound: dict[str, Any]) -> None:
    with saying(*lines) as port:
        told = failure(tmp_path, port=port, **bound)
    assert "0.2 s" in str(told)
    assert told.retryable


def test_a_mail_of_a_run_that_is_ended_is_given_up(tmp_path: Path) -> None:
    cancelled = threading.Event()
    threading.Timer(0.1, cancelled.set).start()
    with saying(b"220 hi\r\n") as port:
        told = failure(tmp_path, port=port, cancelled=cancelled)
    assert "its run was ended" in str(told)
    assert not told.retryable


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"username": "x"}, "belong together"),
        ({"host": "mail.example.com", "tls": "none", **LOGIN}, "all on the way can read it"),
        ({"username": "x", "password": "pässwörd-of-some-length"}, "ASCII"),
        ({"from": "nobody"}, "no address"),
        ({"from": "a@x, b@x"}, "one address"),
        ({"from": "{{ payload.x }}"}, "one address"),
        ({"host": "smtp://mail.example.com"}, "no host"),
        ({"host": "mail.example.com:25"}, "no host"),
        ({"tls": "ssl"}, "starttls"),
    ],
)
def test_a_server_that_can_not_be_used_does_not_load(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        described(**fields)


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({}, "127.0.0.1:25"),
        ({"host": "mail.example.com"}, "mail.example.com:587"),
        ({"host": "mail.example.com", "tls": "tls"}, "mail.example.com:465"),
        ({"host": "mail.example.com", "tls": "none"}, "mail.example.com:25"),
        ({"host": "localhost", "tls": "starttls"}, "localhost:587"),
    ],
)
def test_tls_is_asked_for_unless_the_server_is_this_machine(fields: dict[str, Any], place: str) -> None:
    assert described(**fields).place == place
