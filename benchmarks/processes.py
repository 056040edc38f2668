"""What a measured server listens at, and what Linux tells of its processes."""

import socket
from contextlib import suppress
from pathlib import Path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def children_of(pid: int) -> list[int]:
    """In the order in which they were started; none of a process that has ended."""
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def processor_seconds(pid: int) -> float:
    """That the process has had of all processors, in all of its threads that there are."""
    times = [each.read_text().split()[0] for each in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(map(int, times)) / 1e9


def held_by(pid: int) -> float:
    """MiB (PSS): what several share is counted once. 0 of a process that has ended."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return 0.0
