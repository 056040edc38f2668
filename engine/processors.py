"""How much can be done at once here."""

import os


def processors() -> int:
    """Those that this process may use, where the system tells; else all that there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
