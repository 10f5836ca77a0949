"""How far scores are probabilities: reliability tables and expected calibration error."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from jner_re.models.scored_relations import ScoredRelations
from jner_re.schema import Scored, Sentence

RELATION_FLOOR = 0.05  # candidates that score less are nearly all pairs, and would hide the others
_BINS = 10


@dataclasses.dataclass(frozen=True)
class Reliability:
    """What share of predictions is right, in ten bins of equal width of their score.

    Attributes:
      counts: predictions in each bin.
      mean_scores: their mean score; 0 in an empty bin.
      accuracies: the share of them that is right; 0 in an empty bin.
    """

    counts: tuple[int, ...]
    mean_scores: tuple[float, ...]
    accuracies: tuple[float, ...]

    @property
    def expected_calibration_error(self) -> float:
        """The predictions' mean of |accuracy - mean score| of their bin (Guo et al., 2017, equation 3)."""
        total = sum(self.counts)
        bins = zip(self.counts, self.mean_scores, self.accuracies, strict=True)
        return sum(count * abs(accuracy - score) for count, score, accuracy in bins) / total if total else 0.0

    def to_json(self) -> dict[str, Any]:
        """The attributes and the expected calibration error."""
        return {**dataclasses.asdict(self), "expected_calibration_error": self.expected_calibration_error}


def reliability(scores: Sequence[float] | np.ndarray, right: Sequence[bool] | np.ndarray) -> Reliability:
    """Bins predictions by score; bin k holds scores from k/10 (inclusive) to (k+1)/10, the last also 1."""
    values, hits = np.asarray(scores, float), np.asarray(right, float)
    bins = np.clip((values * _BINS).astype(int), 0, _BINS - 1)
    counts = np.bincount(bins, minlength=_BINS)
    divisors = np.maximum(counts, 1)
    return Reliability(
        tuple(counts.tolist()),
        tuple((np.bincount(bins, values, _BINS) / divisors).tolist()),
        tuple((np.bincount(bins, hits, _BINS) / divisors).tolist()),
    )


def calibration(gold: Sequence[Sentence], scored: Sequence[Scored]) -> dict[str, Reliability]:
    """Of the predicted entities ("ner") and of the candidates of relations from RELATION_FLOOR on ("re").

    Right is what strict evaluation counts as right.

    Args:
      gold: annotated sentences.
      scored: entities and relations of each, with scores; relations at a threshold of at most RELATION_FLOOR.
    """
    found = judged(gold, scored, RELATION_FLOOR)
    return {task: reliability(scores, right) for task, (scores, right) in found.items()}


def judged(
    gold: Sequence[Sentence], scored: Sequence[Scored], floor: float
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Scores, float [N], and which are right, bool [N]: entities ("ner"), candidates of relations ("re").

    Args:
      gold: annotated sentences.
      scored: entities and relations of each, with scores.
      floor: the lowest score of a candidate.
    """
    entity_scores, entity_right, relation_scores, relation_right = [], [], [], []
    for sentence, (entities, relations) in zip(gold, scored, strict=True):
        gold_entities = set(sentence.entities)
        for entity, score in entities:
            entity_scores.append(score)
            entity_right.append(entity in gold_entities)
        candidates = ScoredRelations.of(relations)
        candidates = candidates.where(candidates.scores >= floor)
        relation_scores += candidates.scores.tolist()
        relation_right += candidates.among([e for e, _ in entities], sentence.relation_facts()).tolist()
    return {
        "ner": (np.array(entity_scores, float), np.array(entity_right, bool)),
        "re": (np.array(relation_scores, float), np.array(relation_right, bool)),
    }


def table(results: dict[str, Reliability]) -> str:
    """The bins of both tasks for the terminal, and below them the expected calibration errors."""
    rows = [
        [
            task.upper(),
            f"{k / _BINS:.1f} to {(k + 1) / _BINS:.1f}",
            result.counts[k],
            f"{result.mean_scores[k]:.3f}" if result.counts[k] else "",
            f"{result.accuracies[k]:.3f}" if result.counts[k] else "",
        ]
        for task, result in results.items()
        for k in range(_BINS)
    ]
    lines = pd.DataFrame(rows, columns=["task", "score", "count", "mean score", "right"]).to_string(
        index=False
    )
    errors = ", ".join(f"{k.upper()} {r.expected_calibration_error:.4f}" for k, r in results.items())
    return f"{lines}\nexpected calibration error: {errors} (relations from a score of {RELATION_FLOOR} on)"
