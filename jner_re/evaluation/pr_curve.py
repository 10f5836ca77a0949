"""Precision and recall of relations by threshold."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from jner_re.models.scored_relations import ScoredRelations
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
    scores, hits = [np.zeros(0)], [np.zeros(0, bool)]
    num_gold = 0
    for sentence, (entities, relations) in zip(gold, scored, strict=True):
        facts = sentence.relation_facts()
        num_gold += len(facts)
        candidates = ScoredRelations.of(relations)
        scores.append(candidates.scores)
        hits.append(candidates.among([entity for entity, _ in entities], facts))
    values, is_right = np.asarray(thresholds, float), np.concatenate(hits)
    right, wrong = np.concatenate(scores)[is_right], np.concatenate(scores)[~is_right]
    tp, fp = _above(right, values), _above(wrong, values)
    return PrCurve(values, tp, fp, num_gold - tp, len(wrong) - fp)


def threshold_for(gold: Sequence[Sentence], scored: Sequence[Scored], precision: float) -> float | None:
    """The threshold of relations with the highest recall among those with at least a precision.

    Args:
      gold: annotated sentences.
      scored: entities and relations of each, relations of any score.
      precision: from 0 to 1, of strict evaluation.

    Returns:
      A threshold halfway between two scores, so that no score of `scored` is near it; None where none has
      the precision.
    """
    found = [
        (candidates.scores, candidates.among([entity for entity, _ in entities], sentence.relation_facts()))
        for sentence, (entities, relations) in zip(gold, scored, strict=True)
        for candidates in [ScoredRelations.of(relations)]
    ]
    scores = np.concatenate([scores for scores, _ in found] or [np.zeros(0)])
    right = np.concatenate([right for _, right in found] or [np.zeros(0, bool)])
    order = np.argsort(-scores, kind="stable")
    scores, right = scores[order], right[order]
    lower = np.append(scores[1:], 0.0)
    precise = (np.cumsum(right) >= precision * np.arange(1, len(right) + 1)) & (lower < scores)
    if not precise.any():
        return None
    last = np.flatnonzero(precise)[-1]
    return float((scores[last] + lower[last]) / 2)


def _above(scores: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """How many scores are above each threshold."""
    return len(scores) - np.searchsorted(np.sort(scores), thresholds, side="right")
