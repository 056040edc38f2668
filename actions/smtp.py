"""The mail server that hookrules.yaml describes, and the way a mail takes to it (RFC 5321)."""

import contextlib
import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from hookrules.actions.action import Service
from hookrules.engine.secret import SecretField
from hookrules.engine.templating import Mailbox, MailboxTemplate
from hookrules.engine.units import PositiveDuration

SECTION = "smtp"
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_HOST = re.compile(r"[^\s/@:]+|[0-9A-Fa-f:]+")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_WATCH_PERIOD = 0.2  # an Event of threads can't be waited for beside a socket; this is how late a cancellation may be seen
_LONGEST_REPLY = 200


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ValueError(f"'{text[:60]}' is no host: write its name alone, like mail.example.com; 'port' and 'tls' say the rest")
    return text


class SmtpServer(Service):
    """A server that takes mails."""

    example: ClassVar[tuple[str, Mapping[str, Any]]] = ("default", {"host": "mail.example.com", "from": "Deploys <deploys@example.com>"})

    host: Annotated[str, AfterValidator(_host), Field(json_schema_extra={"pattern": f"^({_HOST.pattern})$"})] = Field(
        description="Its name or address."
    )
    port: int | None = Field(None, ge=1, le=65535, strict=True, description="587 with `starttls`, 465 with `tls`, 25 with `none`.")
    tls: Literal["starttls", "tls", "none"] | None = Field(
        None, description="`starttls`, where left out, and nothing less; `none` where the host is this machine (localhost)."
    )
    username: SecretField | None = Field(None, description="Who sends, for servers that ask.")
    password: SecretField | None = Field(None, description="And the proof of it.")
    sender: MailboxTemplate | None = Field(
        None, alias="from", description="Whom mails are from where a rule says nothing else; `hookrules@` and this machine's name."
    )
    timeout: PositiveDuration = Field(30.0, description="How long one mail may take; 30s where left out.")
    ca: str | None = Field(None, description="A file of the certificates (PEM) that are trusted, in place of the system's.")

    @field_validator("sender")
    @classmethod
    def _one_sender(cls, sender: MailboxTemplate | None) -> MailboxTemplate | None:
        if sender is not None and ("{{" in sender.source or len(sender.render({})) != 1):
            raise ValueError("one address is expected, without {{ }}")
        return sender

    @model_validator(mode="after")
    def _credentials(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("'username' and 'password' belong together")
        if self.password is not None and self.security == "none" and self.host not in _LOOPBACK:
            raise ValueError("the password would be sent where all on the way can read it; write tls: starttls or tls: tls")
        if not all(secret.reveal().isascii() for secret in (self.username, self.password) if secret is not None):
            raise ValueError("'username' and 'password' can only be ASCII: letters without accents, digits and signs")
        return self

    @property
    def security(self) -> str:
        return self.tls or ("none" if self.host in _LOOPBACK else "starttls")

    def usual_sender(self) -> Mailbox:
        """Whom mails are from where a rule says nothing."""
        return self.sender.render({})[0] if self.sender is not None else Mailbox(f"hookrules@{socket.getfqdn()}")

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port or _PORTS[self.security]}"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a server is told of a mail, and the mail."""

    sender: str
    recipients: Sequence[str]
    message: bytes


class SmtpFailed(Exception):
    """No one got the mail, as far as can be known."""

    def __init__(self, reason: str, retryable: bool = True) -> None:
        super().__init__(reason)
        self.retryable = retryable


def deliver(
    server: SmtpServer,
    envelope: Envelope,
    *,
    folder: Path,
    timeout: float,
    cancelled: threading.Event,
    clock: Callable[[], float] = time.monotonic,
) -> Mapping[str, str]:
    """Those who are refused, with the server's words; all others get the mail. Raises SmtpFailed."""
    timeout = min(timeout, server.timeout)
    deadline = clock() + timeout
    context = None if server.security == "none" else _trusted(server, folder)
    client = smtplib.SMTP_SSL(context=context, timeout=timeout) if server.security == "tls" else smtplib.SMTP(timeout=timeout)
    with _watched(client, deadline, cancelled, clock) as cut:
        try:
            _connect(client, server, context)
            return _handed_over(client, envelope)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            if cancelled.is_set():
                raise SmtpFailed("the mail was given up, since its run was ended", retryable=False) from None
            if cut.is_set() or isinstance(error, TimeoutError):
                raise SmtpFailed(f"the server did not take the mail within {timeout:g} s") from None
            raise _failed(error) from None
        finally:
            client.close()


def _trusted(server: SmtpServer, folder: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if server.ca is None else str(folder / server.ca))
    except (OSError, ssl.SSLError) as error:
        raise SmtpFailed(f"ca {server.ca}: {error.strerror or 'this is no file of certificates'}", retryable=False) from None


def _connect(client: smtplib.SMTP, server: SmtpServer, context: ssl.SSLContext | None) -> None:
    client._host = server.host  # type: ignore[attr-defined]  # noqa: SLF001 - whom the certificate has to name; connect() does not say it
    code, words = client.connect(server.host, server.port or _PORTS[server.security])
    if code != 220:
        raise smtplib.SMTPConnectError(code, words)
    client.ehlo_or_helo_if_needed()
    if server.security == "starttls":
        code, words = client.starttls(context=context)
        if code != 220:
            raise smtplib.SMTPResponseException(code, words)
    if server.username is not None and server.password is not None:
        client.login(server.username.reveal(), server.password.reveal())


def _handed_over(client: smtplib.SMTP, envelope: Envelope) -> dict[str, str]:
    client.ehlo_or_helo_if_needed()
    size = [f"size={len(envelope.message)}"] if client.has_extn("size") else []
    _expect(client.mail(envelope.sender, size), 250)
    replies = {recipient: client.rcpt(recipient) for recipient in envelope.recipients}
    refused = {recipient: reply for recipient, reply in replies.items() if reply[0] not in (250, 251)}
    if len(refused) == len(replies):
        raise smtplib.SMTPRecipientsRefused(refused)
    _expect(client.data(envelope.message), 250)
    with contextlib.suppress(smtplib.SMTPException, OSError):
        client.quit()  # the mail is theirs already
    return {recipient: _words(*reply) for recipient, reply in refused.items()}


def _expect(reply: tuple[int, bytes], code: int) -> None:
    if reply[0] != code:
        raise smtplib.SMTPResponseException(*reply)


def _failed(error: Exception) -> SmtpFailed:
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            told = "; ".join(f"{recipient}: {_words(*reply)}" for recipient, reply in refused.items())
            return SmtpFailed(f"every recipient is refused: {told}", any(_may_pass(code) for code, _ in refused.values()))
        case smtplib.SMTPAuthenticationError(smtp_code=code, smtp_error=words):
            return SmtpFailed(f"the server does not take the password: {_words(code, words)}", _may_pass(code))
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=words):
            return SmtpFailed(_words(code, words), _may_pass(code))
        case smtplib.SMTPServerDisconnected():
            return SmtpFailed("the server closed the connection")
        case smtplib.SMTPNotSupportedError():
            return SmtpFailed(f"the server can't do that: {error}", retryable=False)
        case ssl.SSLError():
            return SmtpFailed(f"the server's certificate or TLS is not accepted ({error.reason or error.strerror})", retryable=False)
        case socket.gaierror():
            return SmtpFailed("the host's name has no address")
        case OSError():
            return SmtpFailed(f"no connection: {(error.strerror or str(error)).lower()}")
    return SmtpFailed(f"this can't be sent ({type(error).__name__})", retryable=False)


def _may_pass(code: int) -> bool:
    """Whether the same may be taken later (RFC 5321, 4.2.1)."""
    return 400 <= code < 500


def _words(code: int, words: bytes | str) -> str:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())[:_LONGEST_REPLY]}".strip()


@contextlib.contextmanager
def _watched(client: smtplib.SMTP, deadline: float, cancelled: threading.Event, clock: Callable[[], float]) -> Iterator[threading.Event]:
    """Cut the connection when its time is up or its run is ended: a read's own timeout begins again with every byte."""
    done, cut = threading.Event(), threading.Event()

    def watch() -> None:
        while not done.wait(max(min(deadline - clock(), _WATCH_PERIOD), 0.001)):
            if cancelled.is_set() or clock() >= deadline:
                cut.set()
                if client.sock is not None:
                    with contextlib.suppress(OSError):
                        # Not SSLSocket.shutdown, which would pull the TLS state away from under the reading thread.
                        socket.socket.shutdown(client.sock, socket.SHUT_RDWR)

    watcher = threading.Thread(target=watch, name="smtp deadline", daemon=True)
    watcher.start()
    try:
        yield cut
    finally:
        done.set()
        watcher.join()
