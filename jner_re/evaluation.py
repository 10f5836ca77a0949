"""Evaluates a trained model on annotated sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jner_re.features.cache import feature_cache
from jner_re.metrics import strict
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
    predictor = Predictor(model.model, corpus.specs, model.vocabulary.label_set)
    scored = predictor.scored(corpus, 0.0)
    label_set = model.vocabulary.label_set.covering(sentences, name)
    return strict.evaluate(sentences, without_scores(sentences, scored, threshold), label_set), scored
