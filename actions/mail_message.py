"""A mail's text on the wire (RFC 5322, RFC 2045 to 2047). The same mail is the same bytes.

Header fields are written here and not by `email.policy`, which refuses or changes some of what a value may hold: U+2028, a lone carriage
return in a text, spaces at the ends of a subject.
"""

import base64
import binascii
import email.policy
import email.utils
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.generator import BytesGenerator
from email.message import EmailMessage

from hookrules.engine.templating import Mailbox

_LINE = 76
_WORD_BYTES = 45  # 60 characters of base64, so that an encoded word has less than 75 (RFC 2047, section 2)
_LINE_BREAK = re.compile("\r\n|\n")
_PLAIN = re.compile(r"(?!.*(?:=\?|  ))(?:[!-~](?:[ -~]*[!-~])?)?")
"""Text that may stand in a header field as it is."""
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,60}")
_LONGEST_WORD = 900  # a line has at most 998 characters (RFC 5322, 2.1.1)


@dataclass(frozen=True, slots=True)
class Attached:
    """An attachment. `type` is its media type, with parameters where it has any."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """All of a mail but its hidden recipients. `date` is in seconds since the epoch; `message_id` and `thread` are without < and >."""

    sender: Mailbox
    to: Sequence[Mailbox]
    subject: str
    message_id: str
    date: float
    cc: Sequence[Mailbox] = ()
    reply_to: Sequence[Mailbox] = ()
    text: str | None = None
    html: str | None = None
    attachments: Sequence[Attached] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    thread: str | None = None


def written(mail: Mail) -> bytes:
    """The mail, ready to be sent: lines end with CRLF, every byte is ASCII."""
    content = io.BytesIO()
    BytesGenerator(content, policy=email.policy.SMTP).flatten(_content(mail))
    fields = (_folded(name, words) for name, words in _fields(mail) if words)
    return "".join(fields).encode("ascii") + b"MIME-Version: 1.0\r\n" + content.getvalue()


def _fields(mail: Mail) -> Iterator[tuple[str, Sequence[str]]]:
    yield "From", _addresses([mail.sender])
    yield "To", _addresses(mail.to) or (["undisclosed-recipients:;"] if not mail.cc else [])
    yield "Cc", _addresses(mail.cc)
    yield "Reply-To", _addresses(mail.reply_to)
    yield "Subject", _words(mail.subject)
    yield "Date", [email.utils.formatdate(mail.date)]
    yield "Message-ID", [f"<{mail.message_id}>"]
    if mail.thread is not None:
        yield "In-Reply-To", [f"<{mail.thread}>"]
        yield "References", [f"<{mail.thread}>"]
    for name, value in mail.headers.items():
        yield name, _words(value)


def _folded(name: str, words: Sequence[str]) -> str:
    """The field in lines of 76 characters, as far as its words are short enough."""
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _LINE and lines[-1].strip() != f"{name}:":
            lines.append("")
        lines[-1] += " " + word
    return "\r\n".join(lines) + "\r\n"


def _words(text: str) -> list[str]:
    """What a field's text is made of; between two words stands one space, or a line break and a space."""
    words = text.split(" ")
    if _PLAIN.fullmatch(text) and all(len(word) <= _LONGEST_WORD for word in words):
        return words
    return [f"=?utf-8?b?{base64.b64encode(chunk).decode()}?=" for chunk in _chunks(text)]


def _chunks(text: str) -> Iterator[bytes]:
    """The text's UTF-8 in parts that end with a character."""
    part = b""
    for character in text:
        encoded = character.encode()
        if len(part) + len(encoded) > _WORD_BYTES:
            yield part
            part = b""
        part += encoded
    if part:
        yield part


def _addresses(mailboxes: Sequence[Mailbox]) -> list[str]:
    listed = [_address_words(mailbox) for mailbox in mailboxes]
    for words in listed[:-1]:
        words[-1] += ","
    return [word for words in listed for word in words]


def _address_words(mailbox: Mailbox) -> list[str]:
    if not mailbox.name:
        return [mailbox.address]
    words = _words(mailbox.name)
    if not _ATOMS.fullmatch(mailbox.name) and words[0][:2] != "=?":
        words = ['"' + re.sub(r'(["\\])', r"\\\1", mailbox.name) + '"']
    return [*words, f"<{mailbox.address}>"]


def _content(mail: Mail) -> EmailMessage:
    """The body with its own header fields."""
    texts = [_text_part(kind, text) for kind, text in (("plain", mail.text), ("html", mail.html)) if text is not None]
    body = texts[0] if len(texts) == 1 else _multipart("alternative", mail.message_id, texts)
    if not mail.attachments:
        return body
    return _multipart("mixed", mail.message_id, [body, *map(_attachment, mail.attachments)])


def _multipart(kind: str, message_id: str, parts: Iterable[EmailMessage]) -> EmailMessage:
    """`=_` stands in neither base64 nor quoted-printable, so that no part can hold the boundary (RFC 2045, 6.7)."""
    whole = EmailMessage()
    whole["Content-Type"] = f'multipart/{kind}; boundary="=_{kind}_{message_id.partition("@")[0]}"'
    for part in parts:
        whole.attach(part)
    return whole


def _text_part(kind: str, text: str) -> EmailMessage:
    part = EmailMessage()
    part["Content-Type"] = f'text/{kind}; charset="utf-8"'
    lines = [line.encode(errors="replace") for line in _LINE_BREAK.split(text)]
    quoted, packed = _quoted_printable(lines), _base64(b"\r\n".join(lines))
    encoding, payload = ("base64", packed) if len(packed) < len(quoted) else ("quoted-printable", quoted)
    part["Content-Transfer-Encoding"] = encoding
    part.set_payload(payload)
    return part


def _quoted_printable(lines: Sequence[bytes]) -> str:
    """A text that does not end with a line break ends with a soft one, which is none."""
    quoted = "\r\n".join(binascii.b2a_qp(line, istext=False).decode("ascii").replace("\n", "\r\n") for line in lines)
    return quoted if not lines[-1] else f"{quoted}=\r\n"


def _base64(content: bytes) -> str:
    return "".join(f"{base64.b64encode(content[start : start + 57]).decode()}\r\n" for start in range(0, len(content), 57))


def _attachment(attached: Attached) -> EmailMessage:
    part = EmailMessage()
    part["Content-Type"] = attached.type
    part["Content-Transfer-Encoding"] = "base64"
    plain = _FILE_NAME.fullmatch(attached.name)
    part.add_header("Content-Disposition", "attachment", filename=attached.name if plain else ("utf-8", "", attached.name))
    part.set_payload(_base64(attached.content))
    return part
