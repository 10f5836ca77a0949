"""Scores of entity pairs for every relation type."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras as keras

from jner_re.layers.distmult import DistMult
from jner_re.layers.float32_layer import DTYPE, Float32Layer


class RelationScorer(Float32Layer):
    """FFNN(r2)(f_i ∘ f_j ∘ cos_ij ∘ DISTMULT_ij) with f = FFNN(r1)(g) (paper, equations 4 to 6).

    FFNN(r2) is linear: applied to a concatenation it is the sum of a product for each part. So heads and
    tails are multiplied once per entity, not once per pair.

    Args:
      num_relations: R.
      hidden_size: output size of FFNN(r1).
      activation: of FFNN(r1).
    """

    def __init__(self, num_relations: int, hidden_size: int, activation: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_relations = num_relations
        self.hidden_size = hidden_size
        self.activation = activation
        self.hidden = keras.layers.Dense(hidden_size, activation, name="hidden", dtype=DTYPE)
        self.distmult = DistMult(num_relations, name="distmult")

    def build(self, input_shape: Any) -> None:
        """Creates FFNN(r2): the rows of its kernel are f_i, f_j, cos and DISTMULT."""
        rows = 2 * self.hidden_size + 1 + self.num_relations
        self.kernel = self.add_weight("kernel", [rows, self.num_relations], initializer="glorot_uniform")
        self.bias = self.add_weight("bias", [self.num_relations], initializer="zeros")
        super().build(input_shape)

    def call(self, entities: tf.Tensor) -> tf.Tensor:
        """[B, M, P] -> logits [B, M, M, R]: head, tail, relation type."""
        states = self.hidden(entities)
        head, tail, cosine, distmult = tf.split(
            self.kernel, [self.hidden_size, self.hidden_size, 1, self.num_relations]
        )
        heads = tf.matmul(states, head)[:, :, tf.newaxis]  # [B, M, 1, R]
        tails = tf.matmul(states, tail)[:, tf.newaxis]  # [B, 1, M, R]
        return (
            heads
            + tails
            + cosine_similarity(states)[..., tf.newaxis] * cosine[0]
            + tf.einsum("bijr,rs->bijs", self.distmult(entities), distmult)
            + self.bias
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_relations": self.num_relations,
            "hidden_size": self.hidden_size,
            "activation": self.activation,
        }


def cosine_similarity(states: tf.Tensor) -> tf.Tensor:
    """Cosines of all pairs, [B, M, H] -> [B, M, M].

    The paper names the cosine distance, 1 - cosine: the linear layer that follows makes them the same.
    """
    unit = tf.math.l2_normalize(states, axis=-1, epsilon=1e-8)
    return tf.matmul(unit, unit, transpose_b=True)
