"""Shards through a pool of workers, each an actor of Ray's."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from jner_re.errors import InputError

from .part_worker import Outcome, PartWorker, Task
from .shards import Shard

# So many times the pool's workers may die one after the other before one of them runs: a machine can go at
# any time, but without the package, for example, none starts anywhere.
_STARTS = 3
_SECONDS = 20.0  # without any worker until that is said


def run(
    shards: Sequence[Shard], task: Task, workers: int, say: Callable[[str], None] = lambda line: None
) -> Iterator[Outcome]:
    """What became of each shard, in the order in which they end. Ray runs (`ray_session.start`).

    A worker that dies is replaced, where there is room, and its shard goes to whoever is free first. A part
    appears whole, so nothing is doubled.

    Args:
      shards: to do, at least one.
      task: what to do.
      workers: processes, each with its own model.
      say: is told when there is no worker left.

    Raises:
      InputError: something that no other shard would escape, such as a damaged model.
    """
    import ray

    try:
        for outcome in _Pool(shards, task, workers, say).outcomes():
            if outcome.fatal:
                raise InputError(outcome.problem)
            yield outcome
    except ray.exceptions.RayError as error:  # of Ray or of starting a worker: PartWorker catches its own
        last_line = str(error).strip().splitlines()[-1]
        raise InputError(f"the workers can't go on: {last_line:.300}") from None


class _Pool:
    """Workers that start, work and wait.

    Ray could restart actors itself. But it keeps their calls for them, and where a machine has gone for good
    there may be no room for them ever: a call belongs to a worker that runs.
    """

    def __init__(self, shards: Sequence[Shard], task: Task, workers: int, say: Callable[[str], None]) -> None:
        import ray

        self._ray, self._task, self._workers, self._say = ray, task, workers, say
        self._actor = ray.remote(num_cpus=task.threads, max_restarts=0, max_task_retries=0)(PartWorker)
        self._waiting = collections.deque(shards)
        self._asked: dict[Any, tuple[Any, bool]] = {}  # actors, whether they run, by the answer to that
        self._working: dict[Any, tuple[Any, Shard]] = {}  # actors and what they do, by the answer
        self._idle: list[Any] = []
        self._failed_starts = 0

    def outcomes(self) -> Iterator[Outcome]:
        """As `run`; raises RayError when nothing starts."""
        for _ in range(self._workers):
            self._start()
        told = False
        while self._waiting or self._working:
            while self._waiting and self._idle:
                self._give(self._idle.pop(), self._waiting.popleft())
            answers = [*self._working, *self._asked]
            done, _ = self._ray.wait(answers, timeout=_SECONDS)
            if not done and not self._working and not told:
                self._say("no worker runs, waiting for a machine of the cluster with room for one")
                told = True
            for answer in done:
                if answer in self._asked:
                    self._take(answer)
                else:
                    yield from self._end(answer)

    def _start(self) -> None:
        self._ask(self._actor.remote(self._task), ran=False)

    def _ask(self, actor: Any, ran: bool) -> None:
        self._asked[actor.__ray_ready__.remote()] = actor, ran

    def _give(self, actor: Any, shard: Shard) -> None:
        self._working[actor.__call__.remote(dataclasses.asdict(shard))] = actor, shard

    def _take(self, answer: Any) -> None:
        """An actor runs, or has died."""
        actor, ran = self._asked.pop(answer)
        try:
            self._ray.get(answer)
        except self._ray.exceptions.ActorUnavailableError:  # perhaps its link is cut: Ray decides
            self._ask(actor, ran)
        except self._ray.exceptions.RayError:
            self._failed_starts += not ran
            if self._failed_starts >= _STARTS * self._workers:
                raise
            self._start()
        else:
            self._failed_starts = 0
            self._idle.append(actor)

    def _end(self, answer: Any) -> Iterator[Outcome]:
        """A shard is done, or its worker has died, or can't be reached."""
        actor, shard = self._working.pop(answer)
        try:
            row = self._ray.get(answer)
        except self._ray.exceptions.RayTaskError:  # of the call itself, as everywhere
            raise
        except self._ray.exceptions.RayError:
            self._waiting.appendleft(shard)
            self._ask(actor, ran=True)
        else:
            self._idle.append(actor)
            yield Outcome(**row)
