"""Runs jobs that are not finished yet, several at a time, each in a process of its own.

Ray starts the processes: on this machine, or on a cluster. A job whose process dies is started again and goes
on where it was; one that fails is reported, and the others go on.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from jner_re import files, program
from jner_re.errors import InputError

from . import records
from .search_job import METRIC, best_epoch

LOG = "log.txt"  # in a run's folder
_ATTEMPTS = 3  # of a job whose process dies, e.g. for want of memory
_SECONDS_BETWEEN_LINES = 30.0
_PROGRESS = re.compile(
    r"(epoch|resuming|stopped|waiting|[\d,]+ (sentences|trainable))\b|.*: (waiting|fetching) |.*: +\d+%"
)


class Job(Protocol):
    """What ends in one record."""

    @property
    def name(self) -> str:
        """Of the run."""

    def identity(self) -> dict[str, Any]:
        """As `Record.identity`."""

    def run(self, runs_dir: pathlib.Path, threads: int) -> records.Record:
        """Does what is left of it."""


_AnyJob = TypeVar("_AnyJob", bound=Job)


@dataclasses.dataclass(frozen=True)
class Folders:
    """Where records and model directories are."""

    output: pathlib.Path
    runs: pathlib.Path


@dataclasses.dataclass(frozen=True)
class Workers:
    """Who does the work.

    Attributes:
      threads: of TensorFlow in each job.
      jobs: at a time; 0 for as many as there are cores for their threads.
      ray_address: of a Ray cluster; None for this machine.
    """

    threads: int = 1
    jobs: int = 0
    ray_address: str | None = None

    def at_once(self) -> int:
        """Jobs at a time on this machine."""
        return self.jobs or max(1, len(os.sched_getaffinity(0)) // self.threads)

    def cores(self) -> int:
        """Those that they take of this machine."""
        return self.at_once() * self.threads


def run_all(
    jobs: Sequence[_AnyJob],
    folders: Folders,
    workers: Workers,
    prepared: Callable[[Sequence[_AnyJob]], Sequence[_AnyJob]] = lambda left: left,
) -> int:
    """Runs what has no record yet, and prints what begins, ends and fails.

    Args:
      jobs: in the order in which to start them.
      folders: of the records and the model directories.
      workers: who runs them.
      prepared: of the jobs that are left, those to run: is called when Ray runs.

    Returns:
      How many jobs failed.

    Raises:
      InputError: there is a record under a job's name that is another run's, or Ray isn't available.
    """
    files.remove_unfinished(folders.output)
    left = unfinished(jobs, folders.output)
    print(f"{counted(len(jobs), 'run')}, {len(jobs) - len(left)} finished: {folders.output}", flush=True)
    if not left:
        return 0
    from .. import ray_session

    with ray_session.start(workers.ray_address, workers.cores()):
        return _Run(folders, workers, len(left)).all(prepared(left))


def raise_if_failed(failed: int, waiting: str = "") -> None:
    """Raises InputError if jobs failed, for the last line of a program: their own lines are far above.

    Args:
      failed: how many.
      waiting: what has not been begun because of them.
    """
    if failed:
        raise InputError(
            f"{counted(failed, 'run')} failed, as said above{waiting and f'; {waiting}'}; "
            "the same command tries again"
        )


def unfinished(jobs: Sequence[_AnyJob], output: pathlib.Path) -> list[_AnyJob]:
    """Those that have no record yet.

    Raises:
      InputError: there are records that are another run's, or another program's.
    """
    if jobs:
        records.check_company(output, jobs[0].identity())
    return [job for job in jobs if not records.is_finished(output, job.name, job.identity())]


def counted(count: int, noun: str) -> str:
    """ "1 run", "2 runs"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


class _Run:
    """Jobs on their way: starts, waits and reports."""

    def __init__(self, folders: Folders, workers: Workers, count: int) -> None:
        import ray

        self._ray = ray
        self._folders, self._workers, self._count = folders, workers, count
        self._started = time.monotonic()
        self._names: dict[Any, str] = {}  # of the jobs that run, by what Ray gives back
        self._shown: dict[str, str] = {}
        self._finished = self._failed = 0
        self._task = ray.remote(
            num_cpus=workers.threads, max_calls=1, max_retries=_ATTEMPTS - 1, retry_exceptions=False
        )(work)

    def all(self, jobs: Sequence[Job]) -> int:
        """Runs them, and gives the number of those that failed."""
        waiting = list(jobs)
        # A cluster is given all at once, and has its own queue.
        workers = self._workers
        limit = workers.jobs or (len(waiting) if workers.ray_address else workers.at_once())
        while waiting or self._names:
            while waiting and len(self._names) < limit:
                self._start(waiting.pop(0))
            done, _ = self._ray.wait(list(self._names), timeout=_SECONDS_BETWEEN_LINES)
            for reference in done:
                self._end(reference)
            if not done:
                self._show_progress()
        return self._failed

    def _start(self, job: Job) -> None:
        started = "submitted" if self._workers.ray_address else "started"
        self._say(f"{job.name}: {started}, log in {self._log(job.name)}")
        reference = self._task.remote(job, self._folders.runs.absolute(), self._workers.threads)
        self._names[reference] = job.name

    def _end(self, reference: Any) -> None:
        name = self._names.pop(reference)
        try:
            record, problem = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            record, problem = None, f"{type(error.cause).__name__}: {error.cause}"
        except self._ray.exceptions.RayError as error:
            record, problem = None, f"its process died {_ATTEMPTS} times: {' '.join(str(error).split()):.200}"
        if record is None:
            self._failed += 1
            self._say(f"{name}: failed: {problem}")
        else:
            records.write(self._folders.output, record)
            self._finished += 1
            self._say(f"{name}: {_scores(record)}; {self._finished} of {self._count} done")

    def _show_progress(self) -> None:
        """The last line of each log, if it is a new one."""
        for name in self._names.values():
            if (line := _last_line(self._log(name))) and self._shown.get(name) != line:
                self._shown[name] = line
                self._say(f"{name}: {line}")

    def _log(self, name: str) -> pathlib.Path:
        return self._folders.runs / name / LOG

    def _say(self, text: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
        print(f"{minutes:3}:{seconds:02} {text}", flush=True)


def work(job: Job, runs_dir: pathlib.Path, threads: int) -> tuple[records.Record | None, str]:
    """Runs a job in a process of its own.

    Returns:
      The record, or None and what went wrong.
    """
    folder = runs_dir / job.name
    try:
        with working(folder, threads):
            return job.run(runs_dir, threads), ""
    except InputError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return None, str(error)
    except Exception as error:
        traceback.print_exc()
        return None, f"{type(error).__name__}: {error} (more in {folder / LOG})"


@contextlib.contextmanager
def working(folder: pathlib.Path, threads: int) -> Iterator[None]:
    """All output goes to the log in the run's folder, TensorFlow has so many threads, and the folder is ours.

    Raises:
      InputError: the folder can't be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / LOG).open("ab", buffering=0) as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
    except OSError as error:
        raise InputError(f"{folder}: can't be written: {error.strerror}") from None
    program.start_worker(threads)
    with files.locked(folder / ".lock", lambda: print("waiting for another program that is at this run")):
        files.remove_unfinished(folder)
        yield


def _scores(record: records.Record) -> str:
    if record.history:
        best = 100 * (best_epoch(record)[METRIC] or 0.0)
        stopped = "stopped after " if record.epochs < record.config["train"]["epochs"] else ""
        return f"{stopped}{counted(record.epochs, 'epoch')}, best average F1 on dev {best:.2f}"
    report, split = (record.test, "test") if record.test else (record.dev, "dev")
    if report is None:
        return "finished"
    ner, re = (100 * report[task]["strict"]["micro"]["f1"] for task in ("ner", "re"))
    return f"{split} NER {ner:.2f} RE {re:.2f} (strict micro F1)"


def _last_line(path: pathlib.Path) -> str:
    """Of how far a training is; TensorFlow, too, writes to the log."""
    try:
        lines = files.read_text(path).splitlines()
    except InputError:  # not there yet, or on another machine
        return ""
    return next((line.strip() for line in reversed(lines) if _PROGRESS.match(line)), "")
