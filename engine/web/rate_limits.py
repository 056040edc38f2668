"""How often someone may ask: a bucket of requests that fills up again as time goes by, kept as one number.

The number is when the bucket will be full (the generic cell rate algorithm of ITU-T I.371): each request moves it on by the time that one
request takes to come back, and none may move it further ahead than the whole bucket takes.
"""

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address

from hookrules.engine.errors import TooManyRequests
from hookrules.engine.networks import parse_address
from hookrules.engine.units import Rate

_A_LITTLE = 1e-6
"""Seconds that sums of fractions may be off by."""
_REMEMBERED = 16_384
"""Buckets that are kept; past it the one that nobody asked of for the longest is forgotten, and counts as full."""


@dataclass(slots=True)
class _Bucket:
    full_at: float
    refusing: bool = False


class RateLimit:
    """One rate, and a bucket for each who asks."""

    def __init__(self, rate: Rate, what: str, clock: Callable[[], float], remembered: int = _REMEMBERED) -> None:
        """`what` is limited where, for people (`this address (server.rate_limit)`); `clock` gives seconds and never goes back."""
        self._each = rate.seconds / rate.times
        self._whole = rate.seconds
        self._rate = rate
        self._what = what
        self._clock = clock
        self._remembered = remembered
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, who: str = "") -> None:
        """One request out of its bucket. Raises TooManyRequests where it is empty."""
        now = self._clock()
        bucket = self._bucket(who, now)
        full_at = max(bucket.full_at, now) + self._each
        if full_at > now + self._whole + _A_LITTLE:
            first, bucket.refusing = not bucket.refusing, True
            wait = math.ceil(full_at - self._whole - now)
            raise TooManyRequests(f"more than {self._rate} from {self._what}; come back in {wait} s", wait, first=first)
        bucket.full_at, bucket.refusing = full_at, False

    def give_back(self, who: str = "") -> None:
        """What `take` took."""
        bucket = self._buckets.get(who)
        if bucket:
            bucket.full_at -= self._each

    def _bucket(self, who: str, now: float) -> _Bucket:
        bucket = self._buckets.get(who)
        if bucket is None:
            if len(self._buckets) >= self._remembered:
                self._buckets.popitem(last=False)
            bucket = self._buckets[who] = _Bucket(now)
        else:
            self._buckets.move_to_end(who)
        return bucket


def who_is_at(address: str | None) -> str:
    """Whose bucket an address takes from: an IPv6 sender has at least a /64 to choose its address from."""
    if address is None or ":" not in address:
        return address or ""
    parsed = parse_address(address)
    return str(IPv6Address(int(parsed) >> 64 << 64)) if isinstance(parsed, IPv6Address) else str(parsed or "")
