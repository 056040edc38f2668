"""Ids that sort by time: `evt_01hv3c2kq8x7m2p9r4td`, a millisecond and a random number in Crockford's base32, lower case.

The first ten digits hold 48 bits of milliseconds since the epoch, the last ten 50 random bits: a million ids in one
millisecond hold two alike with a chance of 1 in 2,250. They are told to senders, and nothing trusts whoever knows one, so they
need no randomness of the system's, which costs a call into it.
"""

import os
import random
from collections.abc import Callable

REPLAY = "replay "
"""What the delivery id of an event begins with that a person put in again."""
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(high + low for high in _DIGITS for low in _DIGITS)
_RANDOM_BITS = 50

_random = random.Random()  # noqa: S311 - see above
os.register_at_fork(after_in_child=_random.seed)
random_bits = _random.getrandbits


def id_maker(prefix: str, randbits: Callable[[int], int] = random_bits) -> Callable[[float], str]:
    """What makes ids of one kind (`evt`, `run`) from a time in seconds since the epoch."""

    def new_id(now: float) -> str:
        return f"{prefix}_{_ten_digits(int(now * 1000))}{_ten_digits(randbits(_RANDOM_BITS))}"

    return new_id


def _ten_digits(number: int) -> str:
    pairs = _PAIRS
    return (
        pairs[number >> 40 & 1023]
        + pairs[number >> 30 & 1023]
        + pairs[number >> 20 & 1023]
        + pairs[number >> 10 & 1023]
        + pairs[number & 1023]
    )
