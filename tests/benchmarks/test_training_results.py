"""What follows from the measured seconds."""

from __future__ import annotations

import dataclasses
import json

import pytest

from benchmarks.training_results import Measurement, Side, table

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
    load=0.5,
    peaks=[1000.0, 600.0, 1200.0],
    memory=3 * 2**30,
    ours=OURS,
    torch=THEIRS,
)


def test_speeds_are_of_the_median_round_and_ratios_of_each_round() -> None:
    assert MEASUREMENT.sentences_a_second(OURS) == 20
    assert MEASUREMENT.epoch_seconds(OURS) == 5
    assert MEASUREMENT.ratios() == [1.5, 1.0, 2.0]
    assert MEASUREMENT.shares_of_peak(OURS) == pytest.approx([0.3, 0.25, 0.5])


def test_a_line_holds_what_was_measured_and_what_follows() -> None:
    record = json.loads(MEASUREMENT.json_line())
    assert record["ratio"] == 1.5
    assert record["ours"]["share_of_peak"] == pytest.approx(0.3)
    assert record["torch"]["seconds"] == THEIRS.seconds
    assert record["torch"]["sentences_a_second"] == pytest.approx(40 / 3)


def test_without_pytorch() -> None:
    alone = dataclasses.replace(MEASUREMENT, torch=None)
    record = json.loads(alone.json_line())
    assert (record["torch"], record["ratio"], record["ratios"]) == (None, None, [])
    assert "PyTorch |" not in table([alone]).splitlines()[2]


def test_the_table_has_a_row_for_each_side() -> None:
    header, _, ours, theirs = table([MEASUREMENT]).splitlines()
    assert len({line.count("|") for line in (header, ours, theirs)}) == 1
    assert [cell.strip() for cell in ours.split("|")[1:-1]] == [
        "8", "jner_re", "20.0", "5.0", "9.0", "0.0", "30%", "1.50 (1.00 to 2.00)", "3.00 GiB",
    ]  # fmt: skip
    assert [cell.strip() for cell in theirs.split("|")[1:4]] == ["8", "PyTorch", "13.3"]
