"""Puts the rows of requests that wait at the same time into one call of the model."""

from __future__ import annotations

import asyncio
import collections
import concurrent.futures
import dataclasses
import threading
from collections.abc import Callable
from typing import Any

from jner_re.extraction.rows import BATCH_SIZE, MAX_SIZE, RefusedInputError, Row
from jner_re.serving.server.versions import Version


@dataclasses.dataclass(frozen=True)
class _Job:
    version: Version
    signature: str
    rows: list[Any]
    future: concurrent.futures.Future[list[Row]]


def _go_together(jobs: list[_Job]) -> bool:
    """Whether they are of one version and signature, and together no more than a full batch."""
    count = sum(len(job.rows) for job in jobs)
    return (
        all(job.version is jobs[0].version and job.signature == jobs[0].signature for job in jobs)
        and count <= BATCH_SIZE
        and count * max((len(row) for job in jobs for row in job.rows), default=0) <= MAX_SIZE
    )


class Batcher:
    """Threads that answer what waits. Nothing is waited for: while a batch runs, the next one fills."""

    def __init__(self, threads: int, observe: Callable[[int], None] = lambda rows: None) -> None:
        """Starts the threads.

        Args:
          threads: batches that run at the same time.
          observe: is told the number of rows of each batch.
        """
        self._jobs: collections.deque[_Job] = collections.deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._observe = observe
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    async def run(self, version: Version, signature: str, rows: list[Any]) -> list[Row]:
        """The model's row for each of `rows`, which are texts or tokenized sentences.

        Raises:
          RefusedInputError: one of them is refused.
        """
        job = _Job(version, signature, rows, concurrent.futures.Future())
        with self._changed:
            self._jobs.append(job)
            self._changed.notify()
        return await asyncio.wrap_future(job.future)

    def stop(self) -> None:
        """Waits until all that was asked is answered."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while batch := self._next():
            self._answer([job for job in batch if job.future.set_running_or_notify_cancel()])

    def _next(self) -> list[_Job]:
        """The job that waits longest, and others up to a full batch; nothing at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._stopping)
            batch: list[_Job] = []
            left: collections.deque[_Job] = collections.deque()
            for job in self._jobs:
                (batch if not batch or _go_together([*batch, job]) else left).append(job)
            self._jobs = left
            return batch

    def _answer(self, jobs: list[_Job]) -> None:
        if not jobs:
            return
        rows = [row for job in jobs for row in job.rows]
        self._observe(len(rows))
        model = jobs[0].version.model
        ask = model.sentences if jobs[0].signature == "tokens" else model.texts
        try:
            found = iter(ask(rows, None))
        except RefusedInputError as error:
            if len(jobs) == 1:
                jobs[0].future.set_exception(error)
            else:  # one of them is refused, not all
                for job in jobs:
                    self._answer([job])
            return
        except BaseException as error:
            for job in jobs:
                job.future.set_exception(error)
            return
        for job in jobs:
            job.future.set_result([next(found) for _ in job.rows])
