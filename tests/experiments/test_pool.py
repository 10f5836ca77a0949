"""What a pool says of its jobs; test_trials.py runs one."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import make_record
import pytest

from experiments.jobs import pool, records
from experiments.jobs.records import Record
from experiments.jobs.search_job import METRIC
from jner_re.errors import InputError

LOG = """910 sentences, dev of 243, model directory runs/seed-1
encoding:   0%|          | 0/879\rencoding:  30%|###       | 264/879
4,903,957 trainable parameters
epoch  1/14  loss  30.133  25 s an epoch, 5:20 left
2026-11-26 09:23:00.314732: W tensorflow/core/kernels/data/generator.cc:108] Error occurred when finalizing
If you'd like to file a bug, run with envvar XLA_FLAGS=--xla_dump_to=/tmp/foo and attach the results.
WARNING:tensorflow:5 out of the last 5 calls triggered tf.function retracing
glove-6b-50d: fetching from a place
/cache/minilm: waiting for another process to fetch it
waiting for another program that is at this run
"""


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (10, "waiting for another program that is at this run"),
        (9, "/cache/minilm: waiting for another process to fetch it"),
        (8, "glove-6b-50d: fetching from a place"),
        (7, "epoch  1/14  loss  30.133  25 s an epoch, 5:20 left"),
        (3, "4,903,957 trainable parameters"),
        (2, "encoding:  30%|###       | 264/879"),
        (1, "910 sentences, dev of 243, model directory runs/seed-1"),
        (0, ""),
    ],
)
def test_progress_is_what_training_says(lines: int, shown: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes("".join(line + "\n" for line in LOG.split("\n")[:lines]).encode())
    assert pool._last_line(path) == shown
    assert pool._last_line(tmp_path / "none") == ""


def test_failed_runs_are_the_last_thing_said() -> None:
    pool.raise_if_failed(0)
    with pytest.raises(InputError, match="2 runs failed, as said above; the same command tries again"):
        pool.raise_if_failed(2)
    with pytest.raises(InputError, match="1 run failed, as said above; no student was trained; the same"):
        pool.raise_if_failed(1, "no student was trained")


def test_workers_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)))
    assert [pool.Workers(threads).at_once() for threads in (1, 3, 9)] == [8, 2, 1]
    assert [pool.Workers(2, jobs).cores() for jobs in (0, 3)] == [8, 6]


def test_what_is_said_of_a_trial_of_a_search() -> None:
    trial = make_record.record("trial-a", history=({METRIC: 0.25}, {METRIC: 0.5}, {METRIC: 0.4}))
    assert pool._scores(trial).endswith("3 epochs, best average F1 on dev 50.00")
    assert pool._scores(trial).startswith("stopped after ")


@dataclasses.dataclass
class Finished:
    """A job whose record is there."""

    record: Record
    name: str = "trial-a"

    def identity(self) -> dict[str, Any]:
        return self.record.identity()

    def run(self, runs_dir: pathlib.Path, threads: int) -> Record:
        raise AssertionError("it is finished")


def test_what_is_finished_asks_nobody(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = make_record.record("trial-a")
    records.write(tmp_path, record)
    folders, nowhere = pool.Folders(tmp_path, tmp_path / "runs"), pool.Workers(1, ray_address="10.0.0.1:1")
    assert pool.run_all([Finished(record)], folders, nowhere) == 0
    assert capsys.readouterr().out == f"1 run, 1 finished: {tmp_path}\n"
