"""Shards through a pool of workers, on Ray Data."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Sequence

from jner_re.errors import InputError

from .part_worker import Outcome, PartWorker, Task
from .shards import Shard

# A shard whose worker dies is tried so often again: another program may have taken the memory, but a text
# that kills every worker must not do so for ever.
_RETRIES = 3


def run(shards: Sequence[Shard], task: Task, workers: int) -> Iterator[Outcome]:
    """What became of each shard, in the order in which they end. Ray runs (`ray_session.start`).

    A worker that dies is replaced, and its shard is done again. A part appears whole, so nothing is doubled.

    Args:
      shards: to do, at least one.
      task: what to do.
      workers: processes, each with its own model.

    Raises:
      InputError: something that no other shard would escape, such as a damaged model.
    """
    import ray.data

    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.max_errored_blocks = -1  # a shard that can't be done does not take the others with it
    rows = ray.data.from_items(
        [dataclasses.asdict(shard) for shard in shards], override_num_blocks=len(shards)
    )  # a block a shard: no shard is done again but that of the worker that died
    outcomes = rows.map(
        PartWorker,  # type: ignore[arg-type]  # a class whose objects are such functions fn_constructor_args=(task,), concurrency=workers, num_cpus=task.threads, max_restarts=-1,
        max_task_retries=_RETRIES,
    )  # fmt: skip
    missing = {shard.name: shard for shard in shards}
    for row in outcomes.iter_rows():
        outcome = Outcome(**row)
        if outcome.fatal:
            raise InputError(outcome.problem)
        del missing[outcome.name]
        yield outcome
    for name in missing:
        yield Outcome(name, problem=f"its worker died {_RETRIES + 1} times")
