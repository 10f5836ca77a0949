"""Other programs' processor time is told from one's own."""

from __future__ import annotations

import os
import pathlib

import pytest

from benchmarks import other_programs


def test_what_is_left_of_all_programs_time(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stat, tick = tmp_path / "stat", os.sysconf("SC_CLK_TCK")
    monkeypatch.setattr(other_programs, "_STAT", stat)
    idle = 7 * tick

    def at(elapsed: float, everyone: float, own: float, children: float) -> None:
        stat.write_text(f"cpu {round(everyone * tick)} 0 0 {idle} 0 0 0 0 0 0\ncpu0 1 2 3\n")
        monkeypatch.setattr(os, "times", lambda: os.times_result((own, 0.0, children, 0.0, elapsed)))

    at(elapsed=100.0, everyone=50.0, own=10.0, children=1.0)
    others = other_programs.OtherPrograms()
    at(elapsed=110.0, everyone=65.0, own=14.0, children=3.0)
    assert others.cores() == pytest.approx((15 - 4 - 2) / 10)
    at(elapsed=110.0, everyone=54.0, own=14.0, children=3.0)
    assert others.cores() == 0.0
