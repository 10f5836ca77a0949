"""The loss of tags (paper, section 3.4) of sentences, and of passages, whose tags are decided by sentence."""

from __future__ import annotations

import tensorflow as tf

from jner_re.layers.crf import CRF
from jner_re.layers.crf_layers import CRFCrossEntropy, CRFNegativeLogLikelihood
from jner_re.models.decided_sentences import DecidedSentences, OfDecided, SumOfSentences, structure


def negative_log_likelihood(
    crf: CRF, tag_logits: tf.Tensor, tag_ids: tf.Tensor, features: dict[str, tf.Tensor]
) -> tf.Tensor:
    """[B], of a passage the sum over the sentences that it decides."""
    likelihood = CRFNegativeLogLikelihood(crf, name="ner")
    places = structure(features)
    if not places:
        return likelihood(tag_logits, tag_ids, features["lengths"])
    logits, lengths = DecidedSentences()(tag_logits, **places)
    tags, _ = DecidedSentences()(tag_ids, **places)
    return SumOfSentences()(likelihood(logits, tags, lengths), **places)


def cross_entropy(
    crf: CRF, tag_logits: tf.Tensor, gold: dict[str, tf.Tensor], features: dict[str, tf.Tensor]
) -> tf.Tensor:
    """[B], likewise."""
    entropy = CRFCrossEntropy(crf, name="ner")
    probabilities, counts = gold["tag_probabilities"], gold["transition_counts"]
    places = structure(features)
    if not places:
        return entropy(tag_logits, probabilities, counts[:, 0], features["lengths"])
    logits, lengths = DecidedSentences()(tag_logits, **places)
    probabilities, _ = DecidedSentences()(probabilities, **places)
    counts = OfDecided()(counts, features["decided"])
    return SumOfSentences()(entropy(logits, probabilities, counts, lengths), **places)
