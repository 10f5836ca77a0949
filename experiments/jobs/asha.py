"""Early stopping of a search: asynchronous successive halving (ASHA, Li et al., 2020).

Ray Tune's scheduler decides, without Tune's session: it needs the names of trials and their scores alone.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterable, Sequence
from typing import Any

from .records import Record
from .search_job import METRIC, SearchJob


@dataclasses.dataclass(frozen=True)
class EarlyStopping:
    """What stops trials that fall behind.

    Attributes:
      epochs: of a trial that is not stopped.
      grace: epochs that every trial has.
      reduction: of the trials that come to epoch grace, grace * reduction, …, one of so many goes on.
    """

    epochs: int
    grace: int
    reduction: int


class Asha:
    """Compares the trials."""

    def __init__(self, stopping: EarlyStopping) -> None:
        from ray.tune.schedulers import ASHAScheduler

        # Only a trial that falls behind is stopped: one that comes to its last epoch ends by itself.
        self._scheduler: Any = ASHAScheduler(
            metric=METRIC,
            mode="max",
            max_t=stopping.epochs + 1,
            grace_period=stopping.grace,
            reduction_factor=stopping.reduction,
        )
        self._trials: dict[str, Any] = {}

    def goes_on(self, name: str, epoch: int, score: float) -> bool:
        """Takes the score of an epoch, perhaps one told before, and says whether the trial trains another."""
        if name not in self._trials:
            self._trials[name] = types.SimpleNamespace(trial_id=name)
            self._scheduler.on_trial_add(None, self._trials[name])
        result = {"training_iteration": epoch, METRIC: score}
        return self._scheduler.on_trial_result(None, self._trials[name], result) != self._scheduler.STOP


class _AskingActor:
    """`Asha.goes_on` of the one in a process of its own, for all trials."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    def __call__(self, name: str, epoch: int, score: float) -> bool:
        import ray

        return ray.get(self._actor.goes_on.remote(name, epoch, score))


def compared(
    jobs: Sequence[SearchJob], finished: Iterable[Record], stopping: EarlyStopping
) -> list[SearchJob]:
    """The trials as those that ask, after each epoch, whether they go on; Ray has to run.

    Args:
      jobs: trials that are not finished.
      finished: the records of others, which they are compared with too.
      stopping: when they are stopped.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    # All trials need it: on the program's own machine it doesn't die with another one.
    here: Any = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
    goes_on = _AskingActor(ray.remote(num_cpus=0, scheduling_strategy=here)(Asha).remote(stopping))
    for record in finished:
        for epoch, scores in enumerate(record.history, 1):
            goes_on(record.name, epoch, scores[METRIC] or 0.0)
    return [dataclasses.replace(job, goes_on=goes_on) for job in jobs]
