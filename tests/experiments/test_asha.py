"""Which trials of a search go on. Ray's processes are left out."""

from __future__ import annotations

from experiments.jobs.asha import Asha, EarlyStopping


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
