"""Runs the trials of a search through Ray Tune, several at a time, each in a process of its own.

Tune stops trials early; what was trained, and what is finished, is in our own folders and records, so that a
search that was killed goes on from these. Finished trials report their scores again, in moments: those that
follow are compared with them.
"""

from __future__ import annotations

import dataclasses
import datetime
import logging
import os
import pathlib
import sys
from collections.abc import Sequence
from typing import Any

from jner_re import files
from jner_re.errors import InputError

from . import pool, records
from .search_job import METRIC, SearchJob, best_epoch

_ATTEMPTS = 2  # of a trial whose process dies
_PROBLEM = "problem.txt"  # in a run's folder: why it can't be trained


@dataclasses.dataclass(frozen=True)
class EarlyStopping:
    """Asynchronous successive halving (ASHA, Li et al., 2020).

    Attributes:
      epochs: of a trial that is not stopped.
      grace: epochs that every trial has.
      reduction: of the trials that come to epoch grace, grace * reduction, …, one of so many goes on.
    """

    epochs: int
    grace: int
    reduction: int


def search(
    jobs: Sequence[SearchJob], folders: pool.Folders, workers: pool.Workers, stopping: EarlyStopping | None
) -> int:
    """Runs the trials that have no record yet, and prints what they reach.

    Args:
      jobs: the trials.
      folders: of records and model directories.
      workers: who runs them.
      stopping: None to train all to their end.

    Returns:
      How many failed.

    Raises:
      InputError: there is a record under a trial's name that is another run's, or Ray isn't available.
    """
    left = pool.unfinished(jobs, folders.output)
    print(
        f"{pool.counted(len(jobs), 'trial')}, {len(jobs) - len(left)} finished: {folders.output}", flush=True
    )
    if not left:
        return 0
    from .. import ray_session

    with ray_session.start(workers.ray_address, workers.cores()):
        watcher = _tune(jobs, folders, workers, stopping)
    if len(watcher.ended) < len(jobs):  # Tune ends quietly when it is interrupted
        raise KeyboardInterrupt
    return watcher.failed


def _tune(
    jobs: Sequence[SearchJob], folders: pool.Folders, workers: pool.Workers, stopping: EarlyStopping | None
) -> Any:
    """Runs the trials, finished ones first, and gives what has watched them."""
    os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
    from ray import tune
    from ray.tune.schedulers import ASHAScheduler, FIFOScheduler

    logging.getLogger("ray").setLevel(logging.CRITICAL)
    scheduler = FIFOScheduler()
    if stopping:
        # Only a trial that falls behind is stopped: one that comes to its last epoch ends by itself.
        scheduler = ASHAScheduler(
            max_t=stopping.epochs + 1, grace_period=stopping.grace, reduction_factor=stopping.reduction
        )
    finished = {
        job.name: records.read(records.path_of(folders.output, job.name)).history
        for job in jobs
        if records.path_of(folders.output, job.name).exists()
    }
    by_name = {job.name: job for job in jobs}
    names = [*finished, *(name for name in by_name if name not in finished)]
    trainable = tune.with_parameters(
        _trial,
        jobs=by_name,
        finished={name: [scores[METRIC] or 0.0 for scores in history] for name, history in finished.items()},
        runs_dir=folders.runs.absolute(),
        threads=workers.threads,
    )
    watcher = _watcher(tune.Callback)(by_name, set(finished), folders)
    tune.Tuner(
        tune.with_resources(trainable, {"cpu": workers.threads}),
        param_space={"name": tune.grid_search(names)},
        tune_config=tune.TuneConfig(
            metric=METRIC,
            mode="max",
            scheduler=scheduler,
            max_concurrent_trials=workers.jobs or (None if workers.ray_address else workers.at_once()),
        ),
        run_config=tune.RunConfig(
            name=datetime.datetime.now().strftime("%Y%m%d-%H%M%S"),
            storage_path=str(folders.runs.absolute() / "ray_tune"),
            callbacks=[watcher],
            failure_config=tune.FailureConfig(max_failures=_ATTEMPTS - 1),
            verbose=0,
        ),
    ).fit()
    return watcher


def _trial(
    parameters: dict[str, Any],
    jobs: dict[str, SearchJob],
    finished: dict[str, list[float]],
    runs_dir: pathlib.Path,
    threads: int,
) -> None:
    """One trial in a process of its own; Tune ends the process when it stops the trial."""
    from ray import tune

    def report(score: float) -> None:
        tune.report({METRIC: score})

    job = jobs[parameters["name"]]
    if job.name in finished:
        for score in finished[job.name]:
            report(score)
        return
    folder = runs_dir / job.name
    (folder / _PROBLEM).unlink(missing_ok=True)
    try:
        with pool.working(folder, threads):
            job.run(folder, threads, report)
    except InputError as error:  # another attempt would end so too: the trial ends, and the watcher tells
        print(f"error: {error}", file=sys.stderr, flush=True)
        files.write_text(folder / _PROBLEM, str(error))


def _watcher(callback: type) -> Any:
    """The class of what prints and writes down what trials reach; Ray is only imported when it is needed."""

    class Watcher(callback):
        """Writes the records.

        Attributes:
          ended: names of trials that have ended, also those that were finished before.
          failed: how many of them failed.
        """

        def __init__(self, jobs: dict[str, SearchJob], finished: set[str], folders: pool.Folders) -> None:
            self.ended: set[str] = set()
            self.failed = 0
            self._jobs, self._finished, self._folders = jobs, finished, folders

        def on_trial_start(self, iteration: int, trials: Any, trial: Any, **info: Any) -> None:
            name = trial.config["name"]
            if name not in self._finished:
                print(f"{name}: started, log in {self._folders.runs / name / pool.LOG}", flush=True)

        def on_trial_result(self, iteration: int, trials: Any, trial: Any, result: Any, **info: Any) -> None:
            name = trial.config["name"]
            if name not in self._finished:
                epoch = f"{result['training_iteration']}/{self._jobs[name].train_config.epochs}"
                print(f"{name}: epoch {epoch}, average F1 on dev {100 * result[METRIC]:.2f}", flush=True)

        def on_trial_complete(self, iteration: int, trials: Any, trial: Any, **info: Any) -> None:
            name = trial.config["name"]
            self.ended.add(name)
            if name in self._finished:
                return
            job, folder = self._jobs[name], self._folders.runs / name
            if (folder / _PROBLEM).exists():
                self._tell_failed(name, files.read_text(folder / _PROBLEM))
                return
            record = job.record(folder)
            records.write(self._folders.output, record)
            best = 100 * (best_epoch(record)[METRIC] or 0.0)
            stopped = "" if record.epochs == job.train_config.epochs else "stopped after "
            print(
                f"{name}: {stopped}{record.epochs} epochs, best average F1 on dev {best:.2f}; "
                f"{len(self.ended)} of {len(self._jobs)} done",
                flush=True,
            )

        def on_trial_error(self, iteration: int, trials: Any, trial: Any, **info: Any) -> None:
            name = trial.config["name"]
            self.ended.add(name)
            lines = [line for line in str(trial.get_error()).splitlines() if line.strip()]
            self._tell_failed(name, lines[-1] if lines else "its process died")

        def _tell_failed(self, name: str, problem: str) -> None:
            self.failed += 1
            log = self._folders.runs / name / pool.LOG
            print(f"{name}: failed: {problem:.300} (log in {log})", flush=True)

    return Watcher
