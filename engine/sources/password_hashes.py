"""The entries of an htpasswd file: bcrypt, `{SHA}` and `$apr1$`, as Apache's "Password Formats" describes them. Others are refused."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_BCRYPT = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}", re.ASCII)
_APR1 = re.compile(r"\$apr1\$([^$:]{1,8})\$([./0-9A-Za-z]{22})", re.ASCII)
_SHA = "{SHA}"
_SHA_BYTES = 20
_HIGHEST_COST = 14
"""About a second a delivery; every step more doubles it."""
_BCRYPT_BYTES = 72
"""bcrypt reads no further, and htpasswd cuts a longer password there."""
_LONGEST = 255
"""Characters of a password that htpasswd takes: what is longer is none, and hashing it would only cost time."""


@dataclass(frozen=True, slots=True)
class PasswordFile:
    """User name → hash."""

    hashes: Mapping[str, str] = field(repr=False)

    @classmethod
    def read(cls, text: str) -> "PasswordFile":
        """Raises ValueError for a line that is none, a user who is there twice, and a hash that we don't take."""
        hashes: dict[str, str] = {}
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip() and not line.startswith("#"):
                user, colon, hashed = line.strip().partition(":")
                if not (user and colon):
                    raise ValueError(f"line {number} is not NAME:HASH")
                if user in hashes:
                    raise ValueError(f"line {number} names the user {user} again")
                check_hash(hashed, f"line {number}")
                hashes[user] = hashed
        if not hashes:
            raise ValueError("it names no user")
        return cls(hashes)

    def proves(self, user: str, password: str) -> bool:
        """Takes as long for a user who is not there."""
        if len(password) > _LONGEST:
            return False
        known = self.hashes.get(user)
        fits = is_password_of(known or next(iter(self.hashes.values())), password.encode("utf-8", "surrogatepass"))
        return fits and known is not None


def check_hash(hashed: str, where: str) -> None:
    """Raises ValueError for a hash that we don't take. Its words show nothing of the hash."""
    bcrypt = _BCRYPT.fullmatch(hashed)
    if bcrypt and int(bcrypt[1]) > _HIGHEST_COST:
        raise ValueError(f"{where} has a bcrypt cost of {int(bcrypt[1])}, which takes seconds a delivery; up to {_HIGHEST_COST} is taken")
    if not (bcrypt or _APR1.fullmatch(hashed) or _is_sha(hashed)):
        raise ValueError(f"{where} has a hash that is not taken; write it with `htpasswd -B`, which makes one of bcrypt")


def is_password_of(hashed: str, password: bytes) -> bool:
    if hashed.startswith(_SHA):
        made = hashlib.sha1(password, usedforsecurity=False).digest()
        return hmac.compare_digest(made, base64.b64decode(hashed.removeprefix(_SHA)))
    apr1 = _APR1.fullmatch(hashed)
    if apr1:
        return hmac.compare_digest(apr1_hash(password, apr1[1].encode()), apr1[2])
    import bcrypt

    if b"\0" in password:
        return False
    return bcrypt.checkpw(password[:_BCRYPT_BYTES], hashed.encode())


def _is_sha(hashed: str) -> bool:
    try:
        return hashed.startswith(_SHA) and len(base64.b64decode(hashed.removeprefix(_SHA), validate=True)) == _SHA_BYTES
    except ValueError:
        return False


def apr1_hash(password: bytes, salt: bytes) -> str:
    """The 22 characters after the salt: a thousand rounds of MD5, as in FreeBSD's crypt(3) with another name."""
    inner = _md5(password, salt, password)
    start = password + b"$apr1$" + salt + (inner * (len(password) // len(inner) + 1))[: len(password)]
    bits, length = b"", len(password)
    while length:
        bits += b"\0" if length & 1 else password[:1]
        length >>= 1
    digest = _md5(start, bits)
    for turn in range(1000):
        first, last = (password, digest) if turn % 2 else (digest, password)
        digest = _md5(first, salt if turn % 3 else b"", password if turn % 7 else b"", last)
    return _letters(digest)


def _md5(*parts: bytes) -> bytes:
    return hashlib.md5(b"".join(parts), usedforsecurity=False).digest()


_ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ORDER = ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5))


def _letters(digest: bytes) -> str:
    """Six bits a letter, the lowest first, of three bytes at a time; the last byte stands alone."""
    groups = [(digest[high] << 16 | digest[middle] << 8 | digest[low], 4) for high, middle, low in _ORDER] + [(digest[11], 2)]
    return "".join(_ALPHABET[value >> 6 * at & 63] for value, letters in groups for at in range(letters))
