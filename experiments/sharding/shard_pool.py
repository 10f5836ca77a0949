"""Shards through a pool of workers, on Ray Data."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Sequence

from jner_re.errors import InputError

from .part_worker import Outcome, PartWorker, Task
from .shards import Shard


def run(shards: Sequence[Shard], task: Task, workers: int) -> Iterator[Outcome]:
    """What became of each shard, in the order in which they end. Ray runs (`ray_session.start`).

    Ray replaces a worker that dies, and its shard is done again. A part appears whole, so nothing is doubled.

    Args:
      shards: to do, at least one.
      task: what to do.
      workers: processes, each with its own model.

    Raises:
      InputError: something that no other shard would escape, such as a damaged model.
    """
    import ray.data

    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    ray.data.DataContext.get_current().enable_progress_bars = False
    # A block a shard: no shard is done again but that of the worker that died.
    rows = ray.data.from_items([dataclasses.asdict(s) for s in shards], override_num_blocks=len(shards))
    outcomes = rows.map(
        PartWorker,  # type: ignore[arg-type]  # a class whose objects are such functions
        fn_constructor_args=(task,),
        concurrency=workers,
        num_cpus=task.threads,
    )
    try:
        for row in outcomes.iter_rows():
            outcome = Outcome(**row)
            if outcome.fatal:
                raise InputError(outcome.problem)
            yield outcome
    except ray.exceptions.RayError as error:  # of Ray or of starting a worker: PartWorker catches its own
        last_line = str(error).strip().splitlines()[-1]
        raise InputError(f"the workers can't go on: {last_line:.300}") from None
