"""TLS at real sockets, and certificates that change under way."""

import asyncio
import json
import socket
import ssl
import threading
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from support_assembly import PATIENCE
from support_certificates import Certificate
from support_front import Receiver, bound, connect, exchange, noting, receiving, request, trusting
from support_logs import heard
from support_waiting import until

from hookrules.engine.config.certificates import TlsFiles
from hookrules.engine.errors import UsageError
from hookrules.engine.web.reception import Reception

LAB = "sources: {lab: {verify: none}}\n"
TLS = "server: {tls: {certificate: ours.pem, key: ours.key}}\n" + LAB
MUTUAL = TLS.replace("ours.key}", "ours.key, client_ca: authority.pem}")


@pytest.fixture
def authority(tmp_path: Path) -> Certificate:
    made = Certificate.made("authority")
    made.write(tmp_path, "authority")
    Certificate.made("first", made).write(tmp_path, "ours")
    return made


def handshake(receiver: Receiver, context: ssl.SSLContext) -> ssl.SSLSocket:
    return context.wrap_socket(receiver.connect(), server_hostname="localhost")


def who_answers(receiver: Receiver, context: ssl.SSLContext) -> str:
    """The name in the certificate, once a delivery was taken over it."""
    with handshake(receiver, context) as connection:
        assert exchange(connection, request("/hooks/lab")).status == 202  # type: ignore[arg-type]
        certificate: Any = connection.getpeercert()
        return str(dict(pair[0] for pair in certificate["subject"])["commonName"])


def test_a_delivery_comes_over_https(tmp_path: Path, authority: Certificate) -> None:
    with receiving(TLS, folder=tmp_path) as receiver:
        url = f"https://localhost:{receiver.sockets[0].getsockname()[1]}/hooks/lab"
        delivery = urllib.request.Request(url, b"{}", {"Content-Type": "application/json"})
        with urllib.request.urlopen(delivery, context=trusting(tmp_path / "authority.pem")) as answer:
            assert answer.status == 202
            assert json.load(answer)["event"] == receiver.events()[0].id


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_that_are_safe_are_spoken(tmp_path: Path, authority: Certificate, version: ssl.TLSVersion) -> None:
    context = trusting(tmp_path / "authority.pem")
    context.minimum_version = context.maximum_version = version
    with receiving(TLS, folder=tmp_path) as receiver:
        assert who_answers(receiver, context) == "first"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1")
def test_an_older_one_is_not(tmp_path: Path, authority: Certificate) -> None:
    context = trusting(tmp_path / "authority.pem")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with receiving(TLS, folder=tmp_path) as receiver, pytest.raises(ssl.SSLError, match=r"(?i)alert (protocol version|handshake failure)"):
        handshake(receiver, context)


def test_why_a_handshake_fails_is_told_to_both_ends(tmp_path: Path, authority: Certificate) -> None:
    with receiving(MUTUAL, folder=tmp_path) as receiver, heard() as said:
        with pytest.raises(ssl.SSLError, match=r"(?i)alert certificate required"):
            who_answers(receiver, trusting(tmp_path / "authority.pem"))
        until(lambda: any("peer did not return a certificate" in str(each.fields["reason"]) for each in said))


def test_what_is_no_tls_is_no_request(tmp_path: Path, authority: Certificate) -> None:
    with receiving(TLS, folder=tmp_path) as receiver:
        assert receiver.post("/hooks/lab").status == 0
        assert receiver.events() == []


def test_a_handshake_that_does_not_go_on_keeps_nobody_waiting(tmp_path: Path, authority: Certificate) -> None:
    with receiving(TLS, folder=tmp_path) as receiver:
        silent = [receiver.connect() for _ in range(50)]
        assert who_answers(receiver, trusting(tmp_path / "authority.pem")) == "first"
        for each in silent:
            each.close()


def test_a_client_certificate_is_asked_for_and_told(tmp_path: Path, authority: Certificate) -> None:
    known = Certificate.made("a sender", authority).write(tmp_path, "sender")
    stranger = Certificate.made("a stranger", Certificate.made("another authority")).write(tmp_path, "stranger")
    with receiving(MUTUAL, folder=tmp_path) as receiver:
        assert who_answers(receiver, trusting(tmp_path / "authority.pem", known)) == "first"
        for certificate in (None, stranger):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                who_answers(receiver, trusting(tmp_path / "authority.pem", certificate))
        assert len(receiver.events()) == 1


@pytest.mark.parametrize(("config", "asked"), [(TLS, False), (MUTUAL, True)])
def test_a_delivery_says_whether_its_sender_had_a_certificate(tmp_path: Path, authority: Certificate, config: str, asked: bool) -> None:
    """A unix socket speaks no TLS, and asks nobody."""
    seen, source = noting("calls")
    context = trusting(tmp_path / "authority.pem", Certificate.made("a sender", authority).write(tmp_path, "sender"))
    sockets = [bound(), bound(socket.AF_UNIX, str(tmp_path / "hooks.sock"))]
    with receiving(config, folder=tmp_path, sockets=sockets, sources={"calls": source}) as receiver:
        with handshake(receiver, context) as connection:
            exchange(connection, request("/hooks/calls"))
        with connect(sockets[1]) as plain:
            exchange(plain, request("/hooks/calls"))
    assert [(delivery.url.partition(":")[0], delivery.client_certificate) for delivery in seen] == [("https", asked), ("http", False)]


class Senders:
    """Deliver without end, some over connections of their own and some over one that they keep as long as they may."""

    def __init__(self, receiver: Receiver, context: ssl.SSLContext) -> None:
        self.answers: list[int] = []
        self.faults: list[BaseException] = []
        self._receiver, self._context = receiver, context
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._deliver, args=(kept,)) for kept in (True, True, False, False)]
        for each in self._threads:
            each.start()

    def stop(self) -> None:
        self._over.set()
        for each in self._threads:
            each.join(PATIENCE)

    def _deliver(self, kept: bool) -> None:
        try:
            while not self._over.is_set():
                with handshake(self._receiver, self._context) as connection:
                    self._deliver_over(connection, kept)
        except BaseException as fault:  # noqa: BLE001  told to the test, which is in another thread
            self.faults.append(fault)

    def _deliver_over(self, connection: ssl.SSLSocket, kept: bool) -> None:
        while True:
            answer = exchange(connection, request("/hooks/lab"))
            self.answers.append(answer.status)
            if self._over.is_set() or not kept or answer.headers.get("connection") == "close":
                return


def test_a_certificate_is_renewed_while_senders_deliver_and_none_of_them_notices(tmp_path: Path, authority: Certificate) -> None:
    context = trusting(tmp_path / "authority.pem")
    with receiving(TLS, folder=tmp_path, look_every=0.02, farewell=0.3) as receiver:
        assert who_answers(receiver, context) == "first"
        senders = Senders(receiver, context)
        for name in map(str, range(12)):
            Certificate.made(name, authority).write(tmp_path, "ours")
            until(lambda name=name: who_answers(receiver, context) == name)  # type: ignore[misc]
        senders.stop()
        assert senders.faults == []
        assert set(senders.answers) == {202}


def test_a_connection_that_is_open_at_a_renewal_ends_with_its_next_answer(tmp_path: Path, authority: Certificate) -> None:
    context = trusting(tmp_path / "authority.pem")
    with receiving(TLS, folder=tmp_path, look_every=0.02) as receiver, handshake(receiver, context) as kept:
        assert "connection" not in exchange(kept, request("/hooks/lab")).headers
        Certificate.made("second", authority).write(tmp_path, "ours")
        until(lambda: who_answers(receiver, context) == "second")
        answer = exchange(kept, request("/hooks/lab"))
        assert (answer.status, answer.headers["connection"]) == (202, "close")
        assert kept.recv(1) == b""


def test_files_that_do_not_fit_together_yet_change_nothing(tmp_path: Path, authority: Certificate) -> None:
    """Whoever renews a certificate writes one file after the other."""
    context = trusting(tmp_path / "authority.pem")
    certificate, key = Certificate.made("second", authority).write(tmp_path, "new")
    with receiving(TLS, folder=tmp_path, look_every=0.02) as receiver, heard() as said:
        assert who_answers(receiver, context) == "first"
        certificate.replace(tmp_path / "ours.pem")
        until(lambda: any("can't be used; those before stay" in each.message for each in said))
        assert who_answers(receiver, context) == "first"
        key.replace(tmp_path / "ours.key")
        until(lambda: who_answers(receiver, context) == "second")
        assert len([each for each in said if "can't be used" in each.message]) == 1


def test_files_that_no_longer_fit_together_at_the_start_are_told(tmp_path: Path, authority: Certificate) -> None:
    Certificate.made("second", authority).write(tmp_path, "other")
    tls = TlsFiles(tmp_path / "ours.pem", tmp_path / "other.key", None)
    with bound() as listening, pytest.raises(UsageError, match=r"server\.tls\.key: .*other\.key is not the key of"):
        asyncio.run(Reception(None, [listening], tls).serve())


def test_another_authority_for_senders_is_taken_up_too(tmp_path: Path, authority: Certificate) -> None:
    another = Certificate.made("another authority")
    first = trusting(tmp_path / "authority.pem", Certificate.made("a sender", authority).write(tmp_path, "first"))
    second = trusting(tmp_path / "authority.pem", Certificate.made("a sender", another).write(tmp_path, "second"))
    config = MUTUAL.replace("authority.pem", "senders.pem")
    (tmp_path / "senders.pem").write_bytes((tmp_path / "authority.pem").read_bytes())
    with receiving(config, folder=tmp_path, look_every=0.02) as receiver:
        assert who_answers(receiver, first) == "first"
        assert _is_taken(receiver, first)
        another.write(tmp_path, "senders")
        until(lambda: _is_taken(receiver, second))
        assert not _is_taken(receiver, first)


def _is_taken(receiver: Receiver, context: ssl.SSLContext) -> bool:
    try:
        return who_answers(receiver, context) == "first"
    except (OSError, AssertionError):
        return False


def test_several_sockets_are_served_at_once(tmp_path: Path) -> None:
    sockets = [bound(), bound(), bound(socket.AF_UNIX, str(tmp_path / "hooks.sock"))]
    with receiving(LAB, sockets=sockets) as receiver:
        for each in sockets:
            with connect(each) as connection:
                assert exchange(connection, request("/hooks/lab")).status == 202
        assert len(receiver.events()) == 3


def test_what_is_under_way_at_the_end_is_answered() -> None:
    with receiving(LAB) as receiver, receiver.connect() as connection:
        connection.sendall(request("/hooks/lab", b"{}")[:-1])
        until(lambda: receiver.post("/hooks/lab").status == 202)
        ending = threading.Thread(target=receiver.stop)
        ending.start()
        assert exchange(connection, b"}").status == 202
        ending.join(PATIENCE)


def test_a_handshake_that_ends_after_the_end_was_told_gets_nothing_served(tmp_path: Path, authority: Certificate) -> None:
    context = trusting(tmp_path / "authority.pem")
    with (
        receiving(TLS, folder=tmp_path) as receiver,
        receiver.connect() as late,
        handshake(receiver, context) as busy,
        handshake(receiver, context) as idle,
    ):
        assert exchange(idle, request("/hooks/lab")).status == 202  # type: ignore[arg-type]
        busy.sendall(request("/hooks/lab", b"{}")[:-1])
        until(lambda: who_answers(receiver, context) == "first")
        receiver.stop()
        assert idle.recv(1) == b""  # by now it has been told
        with context.wrap_socket(late, server_hostname="localhost") as later:
            assert exchange(later, request("/hooks/lab")).status == 0  # type: ignore[arg-type]
        assert exchange(busy, b"}").status == 202  # type: ignore[arg-type]


class _Silent:
    async def __call__(self, exchange: Any) -> None:
        raise NotImplementedError


def test_who_is_told_to_stop_before_it_has_begun_ends() -> None:
    """As where the supervisor dies while the process starts."""

    async def serve() -> None:
        with bound() as listening:
            reception = Reception(_Silent(), [listening])
            reception.stop()
            await asyncio.wait_for(reception.serve(), PATIENCE)

    asyncio.run(serve())
