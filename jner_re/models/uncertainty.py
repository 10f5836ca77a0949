"""How unsure a model is of a sentence, which tells how much its annotation would teach.

Of the tags, it is 1 - p^(1/T) for the probability p of the best sequence of T tags (the maximum normalized
log-probability of Shen et al., 2018). Of a possible relation it is how near its score is to the threshold: 1
at the threshold, falling linearly to 0 at the scores 0 and 1.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
import tf_keras as keras

from jner_re.errors import InputError
from jner_re.features.dataset import FeaturizedCorpus, inference_batches
from jner_re.layers.crf_layers import CRFBestLogProbability
from jner_re.models import best_relations
from jner_re.models.best_relations import Limits
from jner_re.models.decode import scored_annotations
from jner_re.models.model_dir import TrainedModel
from jner_re.models.scored_relations import ScoredRelations
from jner_re.schema import LabelSet, RelationPair, Scored

_LOG_PROBABILITY = "tag_log_probability"


@dataclasses.dataclass(frozen=True)
class Uncertainty:
    """Of a sentence.

    Attributes:
      tags: from 0 to 1.
      relations: the sum over all possible relations.
      relation: the most uncertain one's, from 0 to 1; 0 if there is none.
      nearest: that relation, and its score.
      scored: what was found, relations above the threshold.
    """

    tags: float
    relations: float
    relation: float
    nearest: tuple[RelationPair, float] | None
    scored: Scored


@tf.autograph.experimental.do_not_convert
def with_log_probability(trained: TrainedModel) -> TrainedModel:
    """The model with the log-probability of the best tag sequence, [B], among its outputs.

    Raises:
      InputError: it reads several sentences together.
    """
    if trained.config.window > 1:
        raise InputError(
            f"window is {trained.config.window}, expected 1 to tell how unsure a model is of a sentence"
        )
    crf = trained.model.get_layer("crf")
    lengths = trained.model.input["lengths"]
    log_probability = CRFBestLogProbability(crf, name=_LOG_PROBABILITY)(crf.input, lengths)
    outputs = {**trained.model.output, _LOG_PROBABILITY: log_probability}
    model = keras.Model(trained.model.input, outputs, name="with_log_probability")
    return dataclasses.replace(trained, model=model)


def of_corpus(trained: TrainedModel, corpus: FeaturizedCorpus, batch_size: int = 32) -> list[Uncertainty]:
    """Of each sentence of a corpus, with the model of `with_log_probability`."""
    run = tf.function(
        lambda features: trained.model(features, training=False),
        input_signature=[corpus.specs],
        autograph=False,
    )
    found: dict[int, Uncertainty] = {}
    for batch, features in inference_batches(corpus, batch_size):
        outputs = {name: value.numpy() for name, value in run(features).items()}
        lengths = [len(corpus.sentences[i].tokens) for i in batch]
        of_batch = uncertainties(
            outputs, lengths, trained.vocabulary.label_set, trained.threshold, trained.limits
        )
        found.update(zip(batch, of_batch, strict=True))
    return [found[i] for i in range(len(corpus.sentences))]


def uncertainties(
    outputs: dict[str, np.ndarray],
    lengths: Sequence[int],
    label_set: LabelSet,
    threshold: float,
    limits: Limits | None = None,
) -> list[Uncertainty]:
    """Of each sentence of a batch.

    Args:
      outputs: of the model of `with_log_probability`.
      lengths: of the sentences, in tokens.
      label_set: the model's.
      threshold: theta_r.
      limits: how many relations of each type an entity may be in.
    """
    found = []
    scored = best_relations.of_scored(scored_annotations(outputs, label_set, 0.0), limits)
    for (entities, relations), length, log_p in zip(scored, lengths, outputs[_LOG_PROBABILITY], strict=True):
        candidates = ScoredRelations.of(relations)
        near = nearness(candidates.scores, threshold)
        nearest = int(near.argmax()) if len(near) else None
        found.append(
            Uncertainty(
                float(-np.expm1(log_p / length)) if length else 0.0,
                float(near.sum()),
                0.0 if nearest is None else float(near[nearest]),
                None if nearest is None else candidates[nearest],
                (entities, candidates.above(threshold)),
            )
        )
    return found


def nearness(scores: np.ndarray, threshold: float) -> np.ndarray:
    """How near scores are to the threshold, from 0 to 1."""
    with np.errstate(divide="ignore", invalid="ignore"):  # of a threshold of 0 or 1: the branch not taken
        near = np.where(scores < threshold, scores / threshold, (1 - scores) / (1 - threshold))
    return np.clip(np.where(scores == threshold, 1.0, near), 0.0, 1.0)
