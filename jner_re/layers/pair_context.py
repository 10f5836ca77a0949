"""What stands between two entities."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras as keras

from jner_re.layers.dropout import Dropout
from jner_re.layers.float32_layer import DTYPE, Float32Layer

_LEVELS = 16  # ranges of up to 2 ** _LEVELS - 1 tokens


def range_maximum(values: tf.Tensor, starts: tf.Tensor, ends: tf.Tensor) -> tf.Tensor:
    """The maximum over ranges of tokens, in memory that doesn't grow with ranges times tokens.

    A sparse table holds the maximum of every range whose length is a power of two; any range is the union of
    two of these.

    Args:
      values: [B, T, D].
      starts: int32 [B, N], at least 0.
      ends: int32 [B, N], exclusive, at most T.

    Returns:
      [B, N, D]; zeros for empty ranges.
    """
    batch, length = tf.unstack(tf.shape(values)[:2])
    empty = ends <= starts
    sizes = tf.where(empty, 1, ends - starts)
    level = tf.reduce_sum(tf.cast(sizes[..., tf.newaxis] >= [2**k for k in range(1, _LEVELS)], tf.int32), -1)
    last = tf.where(empty, 0, ends - tf.bitwise.left_shift(1, level))
    first = tf.where(empty, 0, starts)

    def add_level(k: tf.Tensor, maxima: tf.Tensor, table: tf.TensorArray) -> tuple[Any, ...]:
        wider = tf.maximum(maxima, tf.roll(maxima, -tf.bitwise.left_shift(1, k), axis=1))
        return k + 1, wider, table.write(k, maxima)

    # table[k][:, t] is the maximum over tokens t to t + 2 ** k - 1
    levels = tf.maximum(tf.reduce_max(level), 0) + 1  # also without a range
    table = tf.TensorArray(values.dtype, levels, element_shape=[None, None, values.shape[-1]])
    _, _, table = tf.while_loop(
        lambda k, *_: k < levels, add_level, (0, values, table), maximum_iterations=levels
    )
    rows = tf.reshape(table.stack(), [levels * batch * length, values.shape[-1]])

    offset = (level * batch + tf.range(batch)[:, tf.newaxis]) * length
    maximum = tf.maximum(tf.gather(rows, offset + first), tf.gather(rows, offset + last))
    return tf.where(empty[..., tf.newaxis], tf.zeros_like(maximum), maximum)


class PairContext(Float32Layer):
    """The maximum, over the tokens strictly between two entities, of a projection of the states.

    An extension of the paper's scorer (docs/model.md).

    Args:
      size: size of the projection.
      dropout: dropout before the projection.
    """

    def __init__(self, size: int, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = size
        self.dropout = dropout
        self.drop = Dropout(dropout, name="dropout")
        self.projection = keras.layers.Dense(size, name="projection", dtype=DTYPE)

    def call(self, states: tf.Tensor, spans: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """The contexts of all pairs.

        Args:
          states: [B, T, D].
          spans: int32 [B, M, 2] of start and end (exclusive).
          training: whether to drop out.

        Returns:
          [B, M, M, size], the same for both orders of a pair; zeros where nothing is between.
        """
        return self.between(self.project(states, training), spans, spans)

    def project(self, states: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """[B, T, D] -> [B, T, size]: what the maxima are taken of."""
        return self.projection(self.drop(states, training=training))

    def between(self, projected: tf.Tensor, heads: tf.Tensor, tails: tf.Tensor) -> tf.Tensor:
        """[B, T, size], spans [B, H, 2] and [B, M, 2] -> [B, H, M, size]: the contexts of these pairs."""
        first = tf.minimum(heads[:, :, tf.newaxis, 1], tails[:, tf.newaxis, :, 1])  # [B, H, M]
        last = tf.maximum(heads[:, :, tf.newaxis, 0], tails[:, tf.newaxis, :, 0])
        batch, num_heads, num_tails = tf.unstack(tf.shape(first))
        pairs = [batch, num_heads * num_tails]
        contexts = range_maximum(projected, tf.reshape(first, pairs), tf.reshape(last, pairs))
        return tf.reshape(contexts, [batch, num_heads, num_tails, self.size])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "size": self.size, "dropout": self.dropout}
