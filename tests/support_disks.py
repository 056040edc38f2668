"""Disks that can be filled: small file systems in memory, where this process may mount them."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

FILLER = "filler"


@contextmanager
def small_disk(path: Path, mebibytes: int) -> Iterator[Path]:
    """Skips where none can be mounted; fails there under CI."""
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(path)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"no disk of its own: {mounted.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def fill(disk: Path) -> None:
    """To the last byte."""
    with (disk / FILLER).open("ab", buffering=0) as filler:
        for size in (2**20, 4096, 1):
            try:
                while filler.write(bytes(size)):
                    pass
            except OSError:
                continue


def make_room(disk: Path) -> None:
    (disk / FILLER).unlink()


def remount(disk: Path, how: str) -> None:
    """`ro` or `rw`."""
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)
