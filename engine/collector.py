"""Python's collector of garbage, kept from walking what is only growing."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collections() -> Iterator[None]:
    """For what makes very many objects that stay: looking through all of them over and over takes a third of the time, at 10,000 rules."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.unfreeze()  # the two together make all that is there old, so that the next collection does not begin with all of it
        if was_on:
            gc.enable()
