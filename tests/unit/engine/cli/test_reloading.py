import os
from types import SimpleNamespace

from hookrules.engine.cli.reloading import Reloading


def test_a_signal_that_comes_while_others_are_heard_is_not_forgotten() -> None:
    """A handler runs between any two instructions."""
    reloading = object.__new__(Reloading)
    bell, ring = os.pipe2(os.O_NONBLOCK)
    reloading._bell, reloading._wanted = bell, False
    reloading._control = SimpleNamespace(hear=lambda: bool(reloading.ask()))  # type: ignore[assignment]
    reloading.hear()
    assert reloading.wanted()
    os.close(bell)
    os.close(ring)
