"""What follows from the measured seconds."""

from __future__ import annotations

import dataclasses
import json

import pytest

from benchmarks.training.results import TORCH, Measurement, Side, table

OURS = Side("2", 10, first_seconds=9.0, seconds=[2.0, 4.0, 1.0], losses=[3.0, 2.0, 1.0])
THEIRS = Side("1", 12, first_seconds=5.0, seconds=[3.0, 4.0, 2.0], losses=[3.0, 2.0, 1.0])
MEASUREMENT = Measurement(
    batch_size=8,
    steps=5,
    sentences=40,
    tokens=900,
    epoch_sentences=100,
    operations=600,
    threads=2,
    other_programs=0.5,
    peaks=[1000.0, 600.0, 1200.0],
    memory=3 * 2**30,
    sides={"ours": OURS, TORCH: THEIRS},
)


def test_speeds_are_of_the_median_round_and_ratios_of_each_round() -> None:
    assert MEASUREMENT.sentences_a_second("ours") == 20
    assert MEASUREMENT.epoch_seconds("ours") == 5
    assert MEASUREMENT.operations_a_second("ours") == 300
    assert MEASUREMENT.ratios("ours") == [1.5, 1.0, 2.0]
    assert MEASUREMENT.share_of_peak("ours") == pytest.approx(0.3)  # of 0.3, 0.25 and 0.5


def test_a_line_holds_what_was_measured_and_what_follows() -> None:
    record = json.loads(MEASUREMENT.json_line())
    assert record["sides"]["ours"]["ratio"] == 1.5
    assert record["sides"]["ours"]["share_of_peak"] == pytest.approx(0.3)
    assert record["sides"][TORCH]["seconds"] == THEIRS.seconds
    assert record["sides"][TORCH]["sentences_a_second"] == pytest.approx(40 / 3)


def test_without_pytorch_there_is_no_ratio() -> None:
    alone = dataclasses.replace(MEASUREMENT, sides={"ours": OURS})
    side = json.loads(alone.json_line())["sides"]["ours"]
    assert (side["ratio"], side["ratios"]) == (None, [])
    assert len(table([alone]).splitlines()) == 3


def test_the_table_has_a_row_for_each_side() -> None:
    header, _, ours, theirs = table([MEASUREMENT]).splitlines()
    assert len({line.count("|") for line in (header, ours, theirs)}) == 1
    cells = [cell.strip() for cell in ours.split("|")[1:-1]]
    assert cells == ["8", "ours", "20.0", "5.0", "9.0", "0.0", "30%", "1.50 (1.00 to 2.00)", "0.5"]
    assert [cell.strip() for cell in theirs.split("|")[1:-1]][:3] == ["8", "PyTorch", "13.3"]
