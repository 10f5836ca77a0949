"""What else the machine does while something is measured."""

from __future__ import annotations

import os
import pathlib

_STAT = pathlib.Path("/proc/stat")
_WORKING = (0, 1, 2, 5, 6, 7)  # user, nice, system, irq, softirq, steal; not idle nor waiting


class OtherPrograms:
    """Counts the cores that other programs have used since this object was made."""

    def __init__(self) -> None:
        self._start = _seconds()

    def cores(self) -> float:
        """The average number; child processes count as others until they have ended."""
        all_programs, own, elapsed = (now - then for now, then in zip(_seconds(), self._start, strict=True))
        return max(all_programs - own, 0.0) / elapsed


def _seconds() -> tuple[float, float, float]:
    """Processor time of all programs, of this one and its ended children, and wall-clock time."""
    ticks = [int(field) for field in _STAT.read_text().splitlines()[0].split()[1:]]
    times = os.times()
    own = times.user + times.system + times.children_user + times.children_system
    return sum(ticks[i] for i in _WORKING) / os.sysconf("SC_CLK_TCK"), own, times.elapsed
