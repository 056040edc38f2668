"""What proves that someone may look at the console: the token and the sessions that stand for it; and how often one may guess."""

import hashlib
import hmac
import math
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from ipaddress import ip_address

SESSION_SECONDS = 12 * 3600

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
ON_UNIX = "unix"
"""Stands for the address of a listener at a unix socket."""

_GUESSES = 10
_GUESSES_WITHIN = 60.0
_GUESSERS = 1024
"""How many addresses are remembered; past it the one that was quiet the longest is forgotten."""


class Credentials:
    """The token and the sessions signed with it: a new token ends them all."""

    def __init__(self, token: str, clock: Callable[[], float]) -> None:
        if not token.strip():
            raise ValueError("the console's token is empty")
        self._clock = clock
        self._token = hashlib.sha256(token.encode()).digest()
        self._key = hmac.digest(token.encode(), b"hookrules console session", "sha256")

    def is_token(self, presented: str) -> bool:
        """Digests are compared, so that the time taken tells not even the token's length."""
        return hmac.compare_digest(hashlib.sha256(presented.encode("utf-8", "replace")).digest(), self._token)

    def new_session(self) -> str:
        """`<expiry>.<signature>`: the expiry in seconds since the epoch, the signature in hex."""
        expiry = str(int(self._clock()) + SESSION_SECONDS)
        return f"{expiry}.{self._sign(expiry)}"

    def is_session(self, presented: str) -> bool:
        expiry, _, signature = presented.partition(".")
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), self._sign(expiry).encode()):
            return False
        return self._clock() < int(expiry)

    def _sign(self, expiry: str) -> str:
        return hmac.new(self._key, expiry.encode("utf-8", "replace"), "sha256").hexdigest()


class Guesses:
    """Counts wrong tokens by who sent them, and says when too many came."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def seconds_to_wait(self, who: str) -> int:
        """0 where another attempt may be made now."""
        with self._lock:
            failures = self._failures.get(who)
            if failures is None or len(failures) < _GUESSES:
                return 0
            return max(0, math.ceil(failures[0] + _GUESSES_WITHIN - self._clock()))

    def failed(self, who: str) -> None:
        with self._lock:
            self._failures.setdefault(who, deque(maxlen=_GUESSES)).append(self._clock())
            self._failures.move_to_end(who)
            if len(self._failures) > _GUESSERS:
                self._failures.popitem(last=False)


def host_name(host: str) -> str:
    """A Host header without its port: `[::1]:8788` → `[::1]`."""
    name = host.strip().lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0]


def is_loopback(address: str) -> bool:
    """What is no address may be a name of this machine's and counts as one."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return True
