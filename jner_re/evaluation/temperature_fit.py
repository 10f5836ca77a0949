"""The temperatures with which scores are most likely, given what is right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jner_re.evaluation.calibration import RELATION_FLOOR, judged
from jner_re.models.temperatures import Temperatures, tempered
from jner_re.schema import Scored, Sentence

# Of a model. Below, scores near 1 would be 1 in float32, and no score be above a threshold near it.
LOWEST, HIGHEST = 0.5, 10.0
_CLOSEST = 1e-6  # to 0 and 1, of a score


def fit(gold: Sequence[Sentence], scored: Sequence[Scored]) -> Temperatures:
    """The best temperatures for predicted entities, and for candidates of relations from RELATION_FLOOR on.

    Args:
      gold: annotated sentences that the model was not trained on.
      scored: what it found in each, with untempered scores; relations at a threshold of at most
        RELATION_FLOOR.
    """
    found = judged(gold, scored, RELATION_FLOOR)
    return Temperatures(best_temperature(*found["ner"]), best_temperature(*found["re"]))


def best_temperature(scores: np.ndarray, right: np.ndarray) -> float:
    """T from LOWEST to HIGHEST with the least cross-entropy of `tempered` scores.

    The cross-entropy is convex in 1/T, so that the search by golden sections finds it.

    Args:
      scores: float [N], from 0 to 1.
      right: bool [N].

    Returns:
      T; 1 where nothing, all or none of the scores is right, which no T would suit.
    """
    if right.all() or not right.any():
        return 1.0
    scores = np.clip(scores, _CLOSEST, 1 - _CLOSEST)

    def cross_entropy(inverse: float) -> float:
        values = np.clip(tempered(scores, 1 / inverse), 1e-12, 1 - 1e-12)
        return float(-np.where(right, np.log(values), np.log1p(-values)).sum())

    low, high = 1 / HIGHEST, 1 / LOWEST
    section = (5**0.5 - 1) / 2
    while high - low > 1e-6:
        left, middle = high - section * (high - low), low + section * (high - low)
        if cross_entropy(left) <= cross_entropy(middle):
            high = middle
        else:
            low = left
    return float(round(2 / (low + high), 4))
