"""The slots of a worker, shared with those before it: they finish what they began, and it begins what there is room for."""

import mmap
import os
import struct

from hookrules.actions.process_table import has_number

_CELL = struct.Struct("qq")
"""A process, and how many runs it has."""
_CELLS = 64


class Slots:
    """Memory that the forks of one process share. Each generation of it has a cell, which its worker alone writes."""

    def __init__(self) -> None:
        self._cells = mmap.mmap(-1, _CELLS * _CELL.size)
        self._mine = 0

    def following(self) -> "Slots":
        """For the next generation."""
        following = Slots.__new__(Slots)
        following._cells, following._mine = self._cells, (self._mine + 1) % _CELLS  # noqa: SLF001  of the same class
        return following

    def hold(self, runs: int) -> None:
        _CELL.pack_into(self._cells, self._mine * _CELL.size, os.getpid(), runs)

    def held_by_others(self) -> int:
        """A worker that died holds none."""
        cells = enumerate(_CELL.iter_unpack(self._cells))
        return sum(runs for cell, (pid, runs) in cells if runs and cell != self._mine and has_number(pid))
