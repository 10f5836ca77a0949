"""Precision and recall of relations by threshold."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from jner_re.metrics import strict
from jner_re.schema import Scored, Sentence


@dataclasses.dataclass(frozen=True)
class PrCurve:
    """Strict counts of relations at N thresholds; relations with a score above a threshold are predicted.

    A gold relation that no candidate is, because its entities were not found, is missed at every threshold:
    recall is that of the whole extraction.

    Attributes:
      thresholds: float [N].
      tp: int [N], predicted relations that are right.
      fp: int [N], those that are wrong.
      fn: int [N], gold relations that are not predicted.
      tn: int [N], wrong candidates that are not predicted.
    """

    thresholds: np.ndarray
    tp: np.ndarray
    fp: np.ndarray
    fn: np.ndarray
    tn: np.ndarray

    @property
    def precision(self) -> np.ndarray:
        """[N]; 0 where nothing is predicted."""
        return self.tp / np.maximum(self.tp + self.fp, 1)

    @property
    def recall(self) -> np.ndarray:
        """[N]; 0 if there is no gold relation."""
        return self.tp / np.maximum(self.tp + self.fn, 1)

    @property
    def f1(self) -> np.ndarray:
        """[N]; 0 where nothing is predicted and nothing is gold."""
        return 2 * self.tp / np.maximum(2 * self.tp + self.fp + self.fn, 1)


def pr_curve(
    gold: Sequence[Sentence], scored: Sequence[Scored], thresholds: Sequence[float] | np.ndarray
) -> PrCurve:
    """Counts relations as strict evaluation does, at each threshold.

    Args:
      gold: annotated sentences.
      scored: entities and relations of each, relations of any score.
      thresholds: N values from 0 to 1.
    """
    right: list[float] = []
    wrong: list[float] = []
    num_gold = 0
    for sentence, (entities, relations) in zip(gold, scored, strict=True):
        facts = strict.relation_facts(sentence)
        num_gold += len(facts)
        for relation, score in relations:
            fact = (relation.type, (entities[relation.head][0], entities[relation.tail][0]))
            (right if fact in facts else wrong).append(score)
    values = np.asarray(thresholds, float)
    tp, fp = _above(right, values), _above(wrong, values)
    return PrCurve(values, tp, fp, num_gold - tp, len(wrong) - fp)


def _above(scores: Sequence[float], thresholds: np.ndarray) -> np.ndarray:
    """How many scores are above each threshold."""
    return len(scores) - np.searchsorted(np.sort(np.asarray(scores, float)), thresholds, side="right")
