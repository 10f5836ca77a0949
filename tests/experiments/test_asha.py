"""Which trials of a search go on. Ray's processes are left out."""

from __future__ import annotations

import sys
import types
from typing import Any

import make_record
import pytest

from experiments.jobs.asha import Asha, EarlyStopping, compared
from experiments.jobs.protocols import to_the_end
from experiments.jobs.search_job import METRIC, SearchJob
from jner_re.config import ModelConfig, TrainConfig

HERE = "1f" * 28  # as Ray names a machine


def test_of_the_trials_that_come_to_a_rung_the_best_go_on() -> None:
    asha = Asha(EarlyStopping(epochs=9, grace=2, reduction=2))
    for number, score in enumerate((0.5, 0.6, 0.7, 0.8)):  # each better than those before it
        assert [asha.goes_on(f"trial-{number}", epoch, score) for epoch in (1, 2, 3)] == [True] * 3
    assert asha.goes_on("late", 1, 0.1)  # still in its grace period
    assert not asha.goes_on("late", 2, 0.6)  # below the median of the others
    assert asha.goes_on("good", 2, 0.66)
    assert asha.goes_on("trial-3", 9, 0.8)  # the last epoch ends by itself


def test_scores_that_are_told_again_change_nothing() -> None:
    asha = Asha(EarlyStopping(epochs=9, grace=2, reduction=2))
    assert asha.goes_on("one", 2, 0.5) and asha.goes_on("two", 2, 0.6)
    assert asha.goes_on("one", 2, 0.5)


class Ray(types.SimpleNamespace):
    """An actor in this process, which has to be on the program's machine."""

    def get_runtime_context(self) -> Any:
        return types.SimpleNamespace(get_node_id=lambda: HERE)

    def remote(self, *, num_cpus: int, scheduling_strategy: Any) -> Any:
        assert (num_cpus, scheduling_strategy.node_id) == (0, HERE)

        def actor(cls: type) -> Any:
            def make(*arguments: Any) -> Any:
                made = cls(*arguments)
                goes_on = types.SimpleNamespace(remote=made.goes_on)
                return types.SimpleNamespace(goes_on=goes_on)

            return types.SimpleNamespace(remote=make)

        return actor

    def get(self, answer: Any) -> Any:
        return answer


def test_trials_are_compared_with_finished_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", _with_tune(Ray()))
    finished = [
        make_record.record(f"trial-{i}", history=({METRIC: score}, {METRIC: score}))
        for i, score in enumerate((0.5, 0.8))
    ]
    job = SearchJob("trial-c", to_the_end(), "sample", (), (), ModelConfig(), TrainConfig(epochs=9))
    (asking,) = compared([job], finished, EarlyStopping(epochs=9, grace=2, reduction=2))
    assert asking.goes_on("trial-c", 1, 0.1) and not asking.goes_on("trial-c", 2, 0.1)


def _with_tune(stand_in: Ray) -> Ray:
    """Tune's schedulers are the real ones."""
    import ray.tune

    stand_in.__path__, stand_in.tune = ray.__path__, ray.tune
    return stand_in
