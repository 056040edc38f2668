"""A real SMTP server in a thread, with TLS and passwords where a test wants them."""

import contextlib
import email
import email.policy
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword


@dataclass
class Mailbag:
    """What the server took, and how it answers: an address → its reply to RCPT; `data` is the reply to a mail."""

    port: int = 0
    envelopes: list[Envelope] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    data: str = "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802 - aiosmtpd
        reply = self.replies.get(address, "250 OK")
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd looks for the name
        if self.data.startswith("250"):
            self.envelopes.append(envelope)
        return self.data

    def authenticate(self, server: Any, session: Any, envelope: Envelope, mechanism: str, given: LoginPassword) -> AuthResult:
        self.logins.append(given.login.decode())
        return AuthResult(success=(given.login, given.password) == (b"deploys", b"correct horse"), handled=False)

    def mail(self) -> EmailMessage:
        """The only one."""
        (envelope,) = self.envelopes
        assert isinstance(envelope.content, bytes)
        return email.message_from_bytes(envelope.content, policy=email.policy.default)  # type: ignore[arg-type,return-value]


class OnFreePort(Controller):
    """On a port that the system chooses, which aiosmtpd would not look up before it tries to connect."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        with socket.create_connection((self.hostname, self.port)):
            pass


@contextlib.contextmanager
def smtp_server(tls: ssl.SSLContext | None = None, *, starttls: ssl.SSLContext | None = None, **options: Any) -> Iterator[Mailbag]:
    """`tls` from the first byte on, or after STARTTLS."""
    bag = Mailbag()
    controller = OnFreePort(
        bag,
        "127.0.0.1",
        0,
        ssl_context=tls,
        tls_context=starttls,
        authenticator=bag.authenticate,
        auth_require_tls=tls is None,  # aiosmtpd does not count what was TLS from the first byte on
        server_hostname="mail.test",
        **options,
    )
    controller.start()
    bag.port = controller.port
    try:
        yield bag
    finally:
        controller.stop()


def header_of(mail: EmailMessage, name: str) -> str:
    """A header's text, decoded word by word as RFC 2047 says; Python's own reading of phrases squeezes spaces."""
    (raw,) = (str(value) for key, value in mail.raw_items() if key == name)
    return str(make_header(decode_header(raw)))


def file_name_of(part: EmailMessage) -> str:
    """An attachment's name as RFC 2231 says; Python's own reading takes quotes and spaces off."""
    told = email.message_from_bytes(part.as_bytes(), policy=email.policy.compat32).get_param("filename", header="content-disposition")
    return told[2].encode("latin-1").decode() if isinstance(told, tuple) else str(told)
