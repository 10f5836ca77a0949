"""The programs that kill: what they compare, and what they take for a phase."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.plugins.hparams import api as hp

from benchmarks.faults import ends, kills, processes
from jner_re import files


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


def test_tables_and_tensorboard_are_compared_but_for_times(tmp_path: pathlib.Path) -> None:
    found = []
    for i, f1 in enumerate((0.5, 0.5, 0.6)):
        folder = tmp_path / str(i)
        with tf.summary.create_file_writer(str(folder / "hparams")).as_default():
            hp.hparams({"batch_size": 8}, trial_id="trial", start_time_secs=i)
            tf.summary.scalar("f1", f1, 1)
        table = f"| run | seconds | F1 | commit |\n| --- | --- | --- | --- |\n| one | {i} | 1 | {i} |\n"
        (folder / "results.md").write_text(f"seconds | {f1}\n\n{table}")
        found.append(ends.content(folder))
    assert sorted(found[0]) == ["hparams/tfevents", "results.md"]
    assert ends.differences(found[0], found[1]) == []
    assert ends.differences(found[0], found[2]) == ["hparams/tfevents differs", "results.md differs"]
    (tmp_path / "0" / "results.md").write_text(
        (tmp_path / "0" / "results.md").read_text().replace("one", "a")
    )
    assert ends.differences(found[0], ends.content(tmp_path / "0")) == ["results.md differs"]


def test_what_is_finished(tmp_path: pathlib.Path) -> None:
    for name in (
        "results/results.json",
        "results/seed-1.json",
        "runs/seed-2/final/metrics.json",
        "metrics.json",
    ):
        files.write_text(tmp_path / name, "{}")
    assert sorted(ends.done(tmp_path)) == [
        "metrics.json", "results/seed-1.json", "runs/seed-2/final/metrics.json",
    ]  # fmt: skip


def test_processes_are_known_by_their_environment() -> None:
    line = f"FAULTS_TEST={os.getpid()}"
    name, _, value = line.partition("=")
    program = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    with subprocess.Popen([sys.executable, "-c", program], env={**os.environ, name: value}) as started:
        deadline = time.monotonic() + 60
        while len(processes.with_environment(line)) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        processes.kill_program(started, group=False)
        ((orphan, command),) = processes.with_environment(line).items()
        assert processes.living(line, 0) == [command]
        assert not processes.kill_a_job(line)  # Ray's alone
        os.kill(orphan, signal.SIGKILL)
        assert processes.living(line) == []
