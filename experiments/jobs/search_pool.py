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
import time
from collections.abc import Sequence
from typing import Any

from . import facts, pool, records, worker
from .search_job import METRIC, SearchJob

_ATTEMPTS = 2  # of a trial whose process dies


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

    def __str__(self) -> str:
        return f"stopped early by ASHA, grace period {self.grace} epochs, reduction factor {self.reduction}"


def search(jobs: Sequence[SearchJob], folders: pool.Folders, stopping: EarlyStopping | None) -> int:
    """Runs the trials that have no record yet, and prints what they reach.

    Args:
      jobs: the trials.
      folders: of records and model directories.
      stopping: None to train all to their end.

    Returns:
      How many failed.

    Raises:
      InputError: there is a record under a trial's name that is another run's, or Ray can't be had.
    """
    left = [job for job in jobs if not records.is_finished(folders.output, job.name, job.identity())]
    print(f"{len(jobs)} trials, {len(jobs) - len(left)} of them finished: {folders.output}", flush=True)
    if not left:
        return 0
    from .. import ray_session

    threads = pool.THREADS.value
    at_once = pool.JOBS.value or max(1, len(os.sched_getaffinity(0)) // threads)
    with ray_session.start(pool.RAY_ADDRESS.value, at_once * threads):
        limit = pool.JOBS.value or (None if pool.RAY_ADDRESS.value else at_once)
        return _tune(jobs, folders, stopping, threads, limit)


def _tune(
    jobs: Sequence[SearchJob],
    folders: pool.Folders,
    stopping: EarlyStopping | None,
    threads: int,
    limit: int | None,
) -> int:
    os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
    from ray import tune
    from ray.tune.schedulers import ASHAScheduler, FIFOScheduler

    logging.getLogger("ray").setLevel(logging.CRITICAL)
    scheduler = FIFOScheduler()
    if stopping:
        scheduler = ASHAScheduler(
            max_t=stopping.epochs, grace_period=stopping.grace, reduction_factor=stopping.reduction
        )
    finished = [job for job in jobs if records.path_of(folders.output, job.name).exists()]
    order = [*finished, *(job for job in jobs if job not in finished)]
    by_name = {job.name: job for job in order}
    trainable = tune.with_parameters(
        _trial,
        jobs=by_name,
        runs_dir=folders.runs.absolute(),
        output_dir=folders.output.absolute(),
        threads=threads,
    )
    watching = _watcher(tune.Callback)(by_name, folders, threads)
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    tune.Tuner(
        tune.with_resources(trainable, {"cpu": threads}),
        param_space={"name": tune.grid_search(list(by_name))},
        tune_config=tune.TuneConfig(
            metric=METRIC, mode="max", scheduler=scheduler, max_concurrent_trials=limit
        ),
        run_config=tune.RunConfig(
            name=stamp,
            storage_path=str(folders.runs.absolute() / "ray_tune"),
            callbacks=[watching],
            failure_config=tune.FailureConfig(max_failures=_ATTEMPTS - 1),
            verbose=0,
        ),
    ).fit()
    return watching.failed


def _trial(
    parameters: dict[str, Any],
    jobs: dict[str, SearchJob],
    runs_dir: pathlib.Path,
    output_dir: pathlib.Path,
    threads: int,
) -> None:
    """One trial in a process of its own; Tune ends the process when it stops the trial."""
    from ray import tune

    job = jobs[parameters["name"]]
    if (path := records.path_of(output_dir, job.name)).exists():
        for logs in records.read(path).history:
            tune.report(dict(logs))
        return
    worker.start(runs_dir / job.name, threads)
    job.run(runs_dir / job.name, tune.report)


def _watcher(callback: type) -> Any:
    """The class of what prints and writes down what trials reach; Ray is only imported when it is needed."""

    class Watcher(callback):
        """Writes the records."""

        def __init__(self, jobs: dict[str, SearchJob], folders: pool.Folders, threads: int) -> None:
            self.failed = 0
            self._jobs, self._folders, self._threads = jobs, folders, threads
            self._histories: dict[str, list[dict[str, float]]] = {}
            self._began: dict[str, float] = {}
            self._done = 0

        def on_trial_start(self, iteration: int, trials: Any, trial: Any, **info: Any) -> None:
            name = trial.config["name"]
            self._histories[name] = []  # a second attempt reports from the start
            self._began.setdefault(name, time.time())

        def on_trial_result(self, iteration: int, trials: Any, trial: Any, result: Any, **info: Any) -> None:
            name = trial.config["name"]
            history = self._histories[name]
            numbers = {k: v for k, v in result.items() if isinstance(v, float) or k == "parameters"}
            history.append({k: numbers[k] for k in numbers if k not in _OF_TUNE})
            if not self._is_finished(name):
                average = 100 * result[METRIC]
                epochs = self._jobs[name].train_config.epochs
                print(f"{name}: epoch {len(history)}/{epochs}, average F1 on dev {average:.2f}", flush=True)

        def on_trial_complete(self, iteration: int, trials: Any, trial: Any, **info: Any) -> None:
            name = trial.config["name"]
            self._done += 1
            if self._is_finished(name):
                return
            job, history = self._jobs[name], self._histories[name]
            now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
            seconds = round(time.time() - self._began[name], 1)
            run = {"finished": now, "seconds": seconds, "resumed": False, **facts.run_facts(self._threads)}
            records.write(self._folders.output, job.record(history, run))
            best = 100 * max(logs[METRIC] for logs in history)
            stopped = "" if len(history) == job.train_config.epochs else "stopped after "
            print(
                f"{name}: {stopped}{len(history)} epochs, best average F1 on dev {best:.2f}; "
                f"{self._done} of {len(self._jobs)} done",
                flush=True,
            )

        def on_trial_error(self, iteration: int, trials: Any, trial: Any, **info: Any) -> None:
            name = trial.config["name"]
            self.failed += 1
            self._done += 1
            lines = [line for line in str(trial.get_error()).splitlines() if line.strip()]
            reason = lines[-1] if lines else "its process died"
            print(f"{name}: failed: {reason} (log in {self._folders.runs / name / worker.LOG})", flush=True)

        def _is_finished(self, name: str) -> bool:
            return records.path_of(self._folders.output, name).exists()

    return Watcher


_OF_TUNE = {"time_this_iter_s", "time_total_s", "time_since_restore"}  # of what is reported, what Tune adds
