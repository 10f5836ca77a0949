"""Batches come back from their file as they were."""

from __future__ import annotations

import pathlib

import numpy as np

from benchmarks.training.batch_file import read_batches, write_batches


def test_round_trip(tmp_path: pathlib.Path) -> None:
    batches = [
        {
            "lengths": np.array([i, 2], np.int32),
            "encoder_layers": np.random.default_rng(i).random((2, i + 1, 3, 4)).astype(np.float16),
            "spans": np.zeros((2, 0, 2), np.int32),
        }
        for i in range(12)  # more than ten: in the order of numbers, not of their names
    ]
    write_batches(tmp_path / "batches.npz", batches)
    read = read_batches(tmp_path / "batches.npz")
    assert len(read) == len(batches)
    for one, other in zip(batches, read, strict=True):
        assert list(one) == list(other)
        for name, array in one.items():
            np.testing.assert_array_equal(array, other[name])
            assert array.dtype == other[name].dtype
