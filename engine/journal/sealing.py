"""Values at rest: as they are, or sealed with AES-GCM under a key of the configuration.

A sealed value is `_MAGIC`, the key's id (8 bytes), a nonce (12) and what AES-256-GCM makes of it, with the value's place as associated
data: moved to another row it does not open. A text is `_MARK` and the base64 of that. What neither begins so was written before there was
a key, and is read as it is. Nonces are random; NIST SP 800-38D allows 2^32 of these under one key.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence
from typing import Protocol

from hookrules.engine.errors import JournalError, Unwritable

_MAGIC = b"\x01HR"
_MARK = "\x01HR:"
_ID, _NONCE = 8, 12


class Seal(Protocol):
    """`place` names table, column and row: `events.body evt_1`."""

    @property
    def key_ids(self) -> Sequence[bytes]:
        """Of the keys that open; the first one seals."""

    def digest(self, body: bytes) -> bytes:
        """What a body is known by: 32 bytes."""

    def close(self, value: bytes, place: str) -> bytes: ...

    def open(self, value: bytes, place: str) -> bytes:
        """Raises JournalError where it does not open."""

    def close_text(self, text: str, place: str) -> str: ...

    def open_text(self, text: str, place: str) -> str: ...


class Unsealed:
    """Values lie in the journal as they are."""

    key_ids: Sequence[bytes] = ()

    def digest(self, body: bytes) -> bytes:
        return hashlib.sha256(body).digest()

    def close(self, value: bytes, place: str) -> bytes:
        del place
        return value

    open = close

    def close_text(self, text: str, place: str) -> str:
        del place
        return text

    open_text = close_text


class Sealed:
    """The first key seals, each opens what it sealed. Digests are keyed: those of short bodies would give them away."""

    def __init__(self, secrets: Sequence[str]) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        ids = [_derived(secret, "id")[:_ID] for secret in secrets]
        self.key_ids: Sequence[bytes] = ids
        self._ciphers = {id_: AESGCM(_derived(secret, "values")) for id_, secret in zip(ids, secrets, strict=True)}
        self._digest_key = _derived(secrets[0], "digests")

    def digest(self, body: bytes) -> bytes:
        return hmac.digest(self._digest_key, body, "sha256")

    def close(self, value: bytes, place: str) -> bytes:
        id_, nonce = self.key_ids[0], os.urandom(_NONCE)
        return _MAGIC + id_ + nonce + self._ciphers[id_].encrypt(nonce, value, _bound_to(place))

    def open(self, value: bytes, place: str) -> bytes:
        from cryptography.exceptions import InvalidTag

        id_, rest = value[len(_MAGIC) : len(_MAGIC) + _ID], value[len(_MAGIC) + _ID :]
        if not value.startswith(_MAGIC) or id_ not in self._ciphers:
            return value
        try:
            return self._ciphers[id_].decrypt(rest[:_NONCE], rest[_NONCE:], _bound_to(place))
        except (InvalidTag, ValueError):
            raise JournalError(f"{place} does not open: it was changed in the journal's file, or moved there from another place") from None

    def close_text(self, text: str, place: str) -> str:
        try:
            value = text.encode()
        except UnicodeEncodeError as error:
            raise Unwritable(f"{place} can't be written: {error}") from None
        return _MARK + base64.b64encode(self.close(value, place)).decode()

    def open_text(self, text: str, place: str) -> str:
        if not text.startswith(_MARK):
            return text
        try:
            sealed = base64.b64decode(text.removeprefix(_MARK), validate=True)
        except (binascii.Error, ValueError):
            return text
        opened = self.open(sealed, place)
        return text if opened is sealed else opened.decode()


UNSEALED = Unsealed()


def seal_of(secrets: Sequence[str]) -> Seal:
    """Of the configuration's keys, of which there may be none."""
    return Sealed(secrets) if secrets else UNSEALED


def _bound_to(place: str) -> bytes:
    return place.encode(errors="surrogatepass")


def _derived(secret: str, purpose: str) -> bytes:
    """32 bytes of their own for each purpose: HKDF-SHA256 (RFC 5869)."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 32, salt=None, info=f"hookrules journal 1 {purpose}".encode()).derive(secret.encode())
