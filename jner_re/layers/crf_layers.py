"""Quantities of a CRF as layers, for functional models, where only layers may be called.

Keras 2 loses the sharing of the CRF's weights when a model that holds several of these is saved whole, and
says so when it is loaded: save weights, and build the model again.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras as keras

from jner_re.layers.crf import CRF
from jner_re.layers.float32_layer import Float32Layer


class _OfCRF(Float32Layer):
    """A layer whose weights are those of `crf`."""

    def __init__(self, crf: CRF, **kwargs: Any) -> None:
        """Shares `crf`, which other layers and models may use too."""
        super().__init__(**kwargs)
        self.crf = crf

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "crf": keras.saving.serialize_keras_object(self.crf)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> _OfCRF:
        """The inverse of `get_config`."""
        return cls(**{**config, "crf": keras.saving.deserialize_keras_object(config["crf"])})


class CRFNegativeLogLikelihood(_OfCRF):
    """`CRF.negative_log_likelihood`."""

    def call(self, tag_logits: tf.Tensor, tag_ids: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        """[B, T, K], [B, T], [B] -> [B]."""
        return self.crf.negative_log_likelihood(tag_logits, tag_ids, lengths)


class CRFBestLogProbability(_OfCRF):
    """`CRF.best_log_probability`."""

    def call(self, tag_logits: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        """[B, T, K], [B] -> [B]."""
        return self.crf.best_log_probability(tag_logits, lengths)


class CRFCrossEntropy(_OfCRF):
    """`CRF.cross_entropy`."""

    def call(
        self,
        tag_logits: tf.Tensor,
        tag_probabilities: tf.Tensor,
        transition_counts: tf.Tensor,
        lengths: tf.Tensor,
    ) -> tf.Tensor:
        """[B, T, K], [B, T, K], [B, K, K], [B] -> [B]."""
        return self.crf.cross_entropy(tag_logits, tag_probabilities, transition_counts, lengths)


class CRFSpanPosteriors(_OfCRF):
    """`CRF.span_posteriors`."""

    def call(
        self, tag_logits: tf.Tensor, lengths: tf.Tensor, starts: tf.Tensor, ends: tf.Tensor, types: tf.Tensor
    ) -> tf.Tensor:
        """[B, T, K], [B], [B, M], [B, M], [B, M] -> [B, M]."""
        return self.crf.span_posteriors(tag_logits, lengths, starts, ends, types)
