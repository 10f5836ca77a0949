"""Evaluates a trained model on annotated sentences, and chooses the threshold that suits them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jner_re.evaluation import strict
from jner_re.evaluation.pr_curve import pr_curve
from jner_re.features.cache import feature_cache
from jner_re.models.decode import without_scores
from jner_re.models.model_dir import TrainedModel
from jner_re.models.predictor import Predictor
from jner_re.schema import Scored, Sentence


def evaluate(
    model: TrainedModel, sentences: Sequence[Sentence], threshold: float, name: str
) -> tuple[dict[str, Any], list[Scored]]:
    """Predicts, and compares with the annotation.

    Args:
      model: an opened model directory.
      sentences: with their gold annotation.
      threshold: theta_r.
      name: of the sentences, for the warning that some of their types are not the model's.

    Returns:
      What `strict.evaluate` gives; and what was found in each sentence, relations of any score.
    """
    corpus = model.inputs.corpus(sentences, feature_cache())
    predictor = Predictor(model.model, corpus.specs, model.vocabulary.label_set, limits=model.limits)
    scored = predictor.scored(corpus, 0.0)
    label_set = model.vocabulary.label_set.extended_with(sentences, name)
    return strict.evaluate(sentences, without_scores(sentences, scored, threshold), label_set), scored


def best_threshold(
    sentences: Sequence[Sentence], scored: Sequence[Scored], configured: float
) -> tuple[float, str]:
    """theta_r: the multiple of 0.05 with the best strict micro F1 of relations; of equals, the lowest.

    Args:
      sentences: with their gold annotation, such as dev's.
      scored: what was found in each, relations of any score.
      configured: kept if no relation is right at any threshold.

    Returns:
      The threshold, and what chose it.
    """
    curve = pr_curve(sentences, scored, [round(0.05 * k, 2) for k in range(1, 20)])
    best = curve.f1.argmax()
    if curve.f1[best] == 0:
        return configured, "as configured: no relation was right on dev"
    return float(curve.thresholds[best]), "best strict micro F1 of relations on dev"
