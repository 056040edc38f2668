"""Kind `email`: one mail."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from hookrules.actions.action import Action, Names, ServiceUse, Surroundings
from hookrules.actions.file import SECTION as FILES
from hookrules.actions.mail_attachments import LIMIT, Attaching, Attachment
from hookrules.actions.mail_message import Attached, Mail, written
from hookrules.actions.smtp import SECTION, Envelope, SmtpFailed, SmtpServer, deliver
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import FailureKind, Json, Outcome
from hookrules.engine.templating import HeaderValue, HtmlTemplate, Mailbox, MailboxTemplate, TextTemplate

RECIPIENTS_LIMIT = 100
"""What every server takes (RFC 5321, 4.5.3.1.8)."""
_FIELD_NAME = re.compile(r"[!-9;-~]{1,60}")  # RFC 5322, 2.2
_OWN_FIELDS = re.compile(
    r"from|to|cc|bcc|reply-to|sender|subject|date|message-id|in-reply-to|references|received|return-path|(mime|content|resent)-.*",
    re.IGNORECASE,
)
_ADDRESSES = {"type": ["string", "number"], "description": MailboxTemplate.what}


def _field_name(name: str) -> str:
    if not _FIELD_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a header")
    if _OWN_FIELDS.fullmatch(name):
        raise ValueError(f"{name} is written by hookrules itself; other fields of the step say what is in it")
    return name


FieldName = Annotated[str, AfterValidator(_field_name), Field(json_schema_extra={"pattern": f"^{_FIELD_NAME.pattern}$"})]
Mailboxes = Annotated[
    list[MailboxTemplate],
    BeforeValidator(lambda written: written if isinstance(written, (list, tuple)) else [written]),
    WithJsonSchema({"anyOf": [_ADDRESSES, {"type": "array", "items": _ADDRESSES}]}),
]


class EmailAction(Action):
    """Sends one mail."""

    kind: ClassVar[str] = "email"
    short: ClassVar[str | None] = None
    results: ClassVar[tuple[str, ...]] = ("message_id", "accepted", "refused")
    failures: ClassVar[frozenset[FailureKind]] = frozenset({FailureKind.TIMEOUT, FailureKind.CONNECTION, FailureKind.STATUS})
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"to": ["ops@example.com"], "subject": "{{ payload.ref }} moved", "text": "It is at {{ payload.after }} now.\n"}],
            "anyOf": [{"required": [key]} for key in ("to", "cc", "bcc")],
            "allOf": [{"anyOf": [{"required": ["text"]}, {"required": ["html"]}]}],
        }
    )

    to: Mailboxes = Field(default_factory=list, description="To whom: an address, or a list.")
    cc: Mailboxes = Field(default_factory=list, description="Who gets a copy.")
    bcc: Mailboxes = Field(default_factory=list, description="Who gets a copy that the others don't see.")
    sender: MailboxTemplate | None = Field(None, alias="from", description="Whom it is from; the mail server's `from` where left out.")
    reply_to: Mailboxes = Field(default_factory=list, description="Where answers go.")
    subject: HeaderValue = Field(description="What it is about.")
    text: TextTemplate | None = Field(None, description="What it says, as text.")
    html: HtmlTemplate | None = Field(None, description="What it says, as HTML; with `text`, the reader's program chooses.")
    attachments: list[Attachment] = Field(default_factory=list, description="What it carries along.")
    headers: dict[FieldName, HeaderValue] = Field(default_factory=dict, description="Further header fields.")
    thread: TextTemplate | None = Field(None, description="Mails with the same text here are shown as one conversation.")
    smtp: str = Field("default", description="A name under `smtp` in hookrules.yaml.")

    @model_validator(mode="after")
    def _someone_and_something(self) -> Self:
        if not (self.to or self.cc or self.bcc):
            raise ValueError("the mail goes to no one: write 'to', 'cc' or 'bcc'")
        if self.text is None and self.html is None:
            raise ValueError("the mail says nothing: write 'text' or 'html'")
        return self

    def services_used(self) -> tuple[ServiceUse, ...]:
        roots = tuple(ServiceUse(FILES, each.root, "attachments") for each in self.attachments if each.root is not None)
        return (ServiceUse(SECTION, self.smtp, "smtp"), *roots)

    def render(self, names: Names) -> "EmailCall":
        """Raises TemplateError."""
        call = EmailCall(
            smtp=self.smtp,
            sender=None if self.sender is None else _one(self.sender.render(names)),
            to=_listed(self.to, names),
            cc=_listed(self.cc, names),
            bcc=_listed(self.bcc, names),
            reply_to=_listed(self.reply_to, names),
            subject=self.subject.render(names),
            text=None if self.text is None else self.text.render(names),
            html=None if self.html is None else self.html.render(names),
            attachments=[each.render(names) for each in self.attachments],
            headers={name: value.render(names) for name, value in self.headers.items()},
            thread=None if self.thread is None else self.thread.render(names),
        )
        if not 0 < len(call.recipients) <= RECIPIENTS_LIMIT:
            raise TemplateError(f"a mail goes to 1 to {RECIPIENTS_LIMIT} addresses, and this one to {len(call.recipients)}")
        return call


def _listed(templates: Iterable[MailboxTemplate], names: Names) -> tuple[Mailbox, ...]:
    return tuple(mailbox for template in templates for mailbox in template.render(names))


def _one(mailboxes: Sequence[Mailbox]) -> Mailbox:
    if len(mailboxes) != 1:
        raise TemplateError(f"a mail is from one address, and 'from' has {len(mailboxes)}")
    return mailboxes[0]


@dataclass(frozen=True, slots=True)
class EmailCall:
    """A mail with every value in its place."""

    smtp: str
    sender: Mailbox | None
    to: Sequence[Mailbox]
    cc: Sequence[Mailbox]
    bcc: Sequence[Mailbox]
    reply_to: Sequence[Mailbox]
    subject: str
    text: str | None
    html: str | None
    attachments: Sequence[Attaching] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    thread: str | None = None

    @property
    def recipients(self) -> tuple[str, ...]:
        """Each address once."""
        return tuple(dict.fromkeys(mailbox.address for mailbox in (*self.to, *self.cc, *self.bcc)))

    def describe(self) -> Mapping[str, Json]:
        told: dict[str, Json] = {
            "from": None if self.sender is None else str(self.sender),
            **{name: [str(mailbox) for mailbox in getattr(self, name)] for name in ("to", "cc", "bcc", "reply_to")},
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "attachments": [attaching.describe() for attaching in self.attachments],
            "headers": dict(self.headers),
            "thread": self.thread,
        }
        return {"smtp": self.smtp, **{name: value for name, value in told.items() if value}}

    def perform(self, surroundings: Surroundings) -> Outcome:
        server = surroundings.services[SECTION][self.smtp]
        assert isinstance(server, SmtpServer)  # noqa: S101 - the section holds nothing else
        try:
            attachments = self._attached(surroundings)
        except OSError as error:
            return Outcome(succeeded=False, error=str(error))
        mail = self._mail(self.sender or server.usual_sender(), attachments, surroundings)
        envelope = Envelope(mail.sender.address, self.recipients, written(mail))
        try:
            refused = deliver(server, envelope, folder=surroundings.folder, timeout=surroundings.timeout, cancelled=surroundings.cancelled)
        except SmtpFailed as failed:
            return Outcome(succeeded=False, error=f"{server.place}: {failed}", retryable=failed.retryable, failure=failed.failure)
        return self._outcome(mail.message_id, refused)

    def suppose(self, result: Mapping[str, Json]) -> Outcome:
        outcome = self._outcome("", {})
        return Outcome(succeeded=True, result={**outcome.result, **result})

    def _attached(self, surroundings: Surroundings) -> list[Attached]:
        attached = [attaching.read(surroundings) for attaching in self.attachments]
        if sum(len(each.content) for each in attached) > LIMIT:
            raise OSError(f"the attachments are larger than {LIMIT // 2**20} MiB together")
        return attached

    def _mail(self, sender: Mailbox, attachments: Sequence[Attached], surroundings: Surroundings) -> Mail:
        domain = sender.address.rpartition("@")[2]
        return Mail(
            sender=sender,
            to=self.to,
            cc=self.cc,
            reply_to=self.reply_to,
            subject=self.subject,
            text=self.text,
            html=self.html,
            attachments=attachments,
            headers=_with_origin(self.headers),
            message_id=f"{_digest(surroundings.idempotency_key)}@{domain}",
            thread=None if self.thread is None else f"thread.{_digest(self.thread)}@{domain}",
            date=surroundings.now,
        )

    def _outcome(self, message_id: str, refused: Mapping[str, str]) -> Outcome:
        accepted = [address for address in self.recipients if address not in refused]
        result = {
            "message_id": message_id,
            "accepted": accepted,
            "refused": [{"address": each, "reply": refused[each]} for each in refused],
        }
        if not refused:
            return Outcome(succeeded=True, result=result)
        told = "; ".join(f"{address}: {reply}" for address, reply in refused.items())
        why = f"the mail went to {', '.join(accepted)}, and these are refused: {told}"
        return Outcome(succeeded=False, result=result, error=why, retryable=False)  # whoever has it would get it again


def _with_origin(headers: Mapping[str, str]) -> Mapping[str, str]:
    """No one's absence is to answer the mail (RFC 3834, 5)."""
    told = any(name.lower() == "auto-submitted" for name in headers)
    return headers if told else {"Auto-Submitted": "auto-generated", **headers}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]
