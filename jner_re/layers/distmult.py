"""DistMult scores of pairs (Yang et al., 2014)."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from jner_re.layers.float32_layer import Float32Layer


class DistMult(Float32Layer):
    """g_i^T M_r g_j with a diagonal M_r for each relation type (paper, equation 4).

    Args:
      num_relations: R.
    """

    def __init__(self, num_relations: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_relations = num_relations

    def build(self, input_shape: Any) -> None:
        """Creates the diagonals, [R, P]."""
        self.diagonals = self.add_weight(
            "diagonals", [self.num_relations, input_shape[-1]], initializer="glorot_uniform"
        )
        super().build(input_shape)

    def call(self, entities: tf.Tensor) -> tf.Tensor:
        """[B, M, P] -> [B, M, M, R]: head, tail, relation type."""
        batch, count, width = tf.unstack(tf.shape(entities))
        scaled = entities[:, :, tf.newaxis] * self.diagonals  # [B, M, R, P]
        heads = tf.reshape(scaled, [batch, count * self.num_relations, width])
        scores = tf.matmul(heads, entities, transpose_b=True)  # [B, M * R, M]
        scores = tf.reshape(scores, [batch, count, self.num_relations, count])
        return tf.transpose(scores, [0, 1, 3, 2])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "num_relations": self.num_relations}
