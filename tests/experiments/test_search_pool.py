"""What watches the trials of a search: records, lines and failures. Ray itself is left out."""

from __future__ import annotations

import dataclasses
import pathlib
import types
from typing import Any

import make_record
import pytest

from experiments.jobs import records, search_pool
from experiments.jobs.pool import Folders, Workers
from experiments.jobs.search_job import METRIC
from jner_re.config import TrainConfig

HISTORY = ({METRIC: 0.25}, {METRIC: 0.5}, {METRIC: 0.4})


@dataclasses.dataclass(frozen=True)
class DoneJob:
    """A job whose record is there for the asking."""

    name: str
    train_config: TrainConfig = TrainConfig(epochs=5)  # noqa: RUF009  (frozen)

    def identity(self) -> dict[str, Any]:
        return make_record.record(self.name, setting="search").identity()

    def record(self, folder: pathlib.Path) -> records.Record:
        assert folder.name == self.name
        return dataclasses.replace(
            make_record.record(self.name, setting="search", history=HISTORY), epochs=len(HISTORY)
        )


def trial(name: str, error: str = "") -> types.SimpleNamespace:
    """As Ray gives it."""
    return types.SimpleNamespace(config={"name": name}, get_error=lambda: error)


def test_trials_that_stop_fail_and_die(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = Folders(tmp_path / "results", tmp_path / "runs")
    jobs: dict[str, Any] = {name: DoneJob(name) for name in ("old", "stopped", "wrong", "dead")}
    watcher = search_pool._watcher(object)(jobs, {"old"}, folders)
    watcher.on_trial_start(0, [], trial("old"))
    watcher.on_trial_complete(0, [], trial("old"))
    assert capsys.readouterr().out == ""  # what was finished before says nothing again

    watcher.on_trial_start(0, [], trial("stopped"))
    watcher.on_trial_result(0, [], trial("stopped"), {"training_iteration": 2, METRIC: 0.5})
    watcher.on_trial_complete(0, [], trial("stopped"))
    assert capsys.readouterr().out.splitlines() == [
        f"stopped: started, log in {folders.runs}/stopped/log.txt",
        "stopped: epoch 2/5, average F1 on dev 50.00",
        "stopped: stopped after 3 epochs, best average F1 on dev 50.00; 2 of 4 done",
    ]
    assert records.read(folders.output / "stopped.json").history == HISTORY

    (folders.runs / "wrong").mkdir(parents=True)
    (folders.runs / "wrong" / "problem.txt").write_text("no relation")
    watcher.on_trial_complete(0, [], trial("wrong"))
    watcher.on_trial_error(0, [], trial("dead", "Traceback\n  somewhere\nKilled: out of memory\n\n"))
    assert capsys.readouterr().out.splitlines() == [
        f"wrong: failed: no relation (log in {folders.runs}/wrong/log.txt)",
        f"dead: failed: Killed: out of memory (log in {folders.runs}/dead/log.txt)",
    ]
    assert watcher.failed == 2 and watcher.ended == set(jobs)
    assert {path.name for path in folders.output.iterdir()} == {"stopped.json"}


def test_a_finished_search_asks_nobody(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    jobs: list[Any] = [DoneJob("a"), DoneJob("b")]
    for job in jobs:
        records.write(tmp_path / "results", job.record(tmp_path / job.name))
    nobody = Workers(ray_address="127.0.0.1:1")
    folders = Folders(tmp_path / "results", tmp_path / "runs")
    assert search_pool.search(jobs, folders, nobody, None) == 0
    assert capsys.readouterr().out == f"2 trials, 2 finished: {folders.output}\n"


def test_workers_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)))
    assert [Workers(threads).at_once() for threads in (1, 3, 9)] == [8, 2, 1]
    assert [Workers(2, jobs).cores() for jobs in (0, 3)] == [8, 6]
