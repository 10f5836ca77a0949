"""The programs that kill: what they compare, and what they take for a phase."""

from __future__ import annotations

import json
import pathlib

import h5py
import numpy as np
import pytest
import tensorflow as tf

from benchmarks.faults import ends, kills


def leave(folder: pathlib.Path, value: float, seconds: int = 3) -> pathlib.Path:
    """What a run may leave: a checkpoint, weights, a record, a card, and logs."""
    (folder / "checkpoints").mkdir(parents=True)
    tf.train.Checkpoint(kernel=tf.Variable([1.0, value])).write(str(folder / "checkpoints" / "last-2"))
    with h5py.File(folder / "best.weights.h5", "w") as file:
        file["layer/kernel"] = np.float32([value, 2])
    (folder / "record.json").write_text(json.dumps({"runs": [{"seconds": seconds, "f1": value}]}))
    (folder / "card.md").write_text(f"F1 {value}\n")
    (folder / "logs").mkdir()
    (folder / "logs" / "events").write_text(str(seconds))
    return folder


def test_equal_runs_have_the_same_end(tmp_path: pathlib.Path) -> None:
    one, other = (ends.content(leave(tmp_path / str(i), 0.5, seconds=i)) for i in range(2))
    assert list(one) == ["best.weights.h5", "card.md", "checkpoints/last-2.index", "record.json"]
    assert ends.differences(one, other) == []


def test_every_difference_is_named(tmp_path: pathlib.Path) -> None:
    one = ends.content(leave(tmp_path / "one", 0.5))
    changed = leave(tmp_path / "other", np.nextafter(np.float32(0.5), np.float32(1)).item())
    (changed / "card.md").rename(changed / ".new-card.md")
    assert ends.differences(one, ends.content(changed)) == [
        "card.md is missing",
        ".new-card.md is left over",
        "best.weights.h5 differs",
        "checkpoints/last-2.index differs",
        "record.json differs",
    ]


@pytest.mark.parametrize(
    ("log", "phase"),
    [
        ("", "start"),
        ("encoding sentences:  10%|█  |\rencoding sentences:  20%|██ |", "encoding"),
        ("encoding…\n700,000 trainable parameters\n", "first steps"),
        ("700,000 trainable parameters\nepoch 1/4  loss 3\n", "in and between epochs"),
        ("epoch 4/4  loss 3\nrelation threshold: 0.4\n", "calibration, evaluation, card"),
    ],
)
def test_phases(log: str, phase: str) -> None:
    assert kills.phase_of(log) == phase
