"""Sequences without their padding: rows one after the other, and heads of attention, padded."""

from __future__ import annotations

import tensorflow as tf

_PARTS = 3  # that attention has of every position: query, key and value


class Packing:
    """Where the R positions of B sequences are: in rows, and among padded heads of attention [B, H, S, d].

    Linear layers and norms take rows, and so never read padding, which in a batch of sentences is often as
    much as there is text.

    Attributes:
      positions: int32 [R], of each row in its sequence.
    """

    positions: tf.Tensor

    def __init__(self, lengths: tf.Tensor, steps: tf.Tensor, heads: int) -> None:
        """Computes the places once for all blocks.

        Args:
          lengths: int [B], each at least 1.
          steps: int32 [], S, the largest of them or more.
          heads: H.
        """
        lengths = tf.cast(lengths, tf.int32)
        self._heads = heads
        self._mask = tf.sequence_mask(lengths, steps)
        self._places = tf.cast(tf.where(self._mask), tf.int32)  # [R, 2]
        sequence, self.positions = tf.unstack(self._places, axis=1)
        firsts = tf.cumsum(lengths, exclusive=True)
        # Padding has the last position's row: anything finite will do, since attention gives it no weight.
        place = tf.minimum(tf.range(steps), lengths[:, tf.newaxis] - 1)
        rows = firsts[:, tf.newaxis] + place  # [B, S]
        head = tf.range(heads)
        part = tf.range(_PARTS)[:, tf.newaxis, tf.newaxis, tf.newaxis]
        row_parts = rows[:, tf.newaxis, :] * _PARTS + part  # [3, B, 1, S]
        self._part_heads = row_parts * heads + head[:, tf.newaxis]  # [3, B, H, S]
        self._head_rows = (sequence[:, tf.newaxis] * heads + head) * steps + self.positions[:, tf.newaxis]

    def packed(self, padded: tf.Tensor) -> tf.Tensor:
        """[B, S, ...] to [R, ...]."""
        return tf.gather_nd(padded, self._places)

    def padded(self, rows: tf.Tensor) -> tf.Tensor:
        """[R, D] to [B, S, D], with zeros for padding."""
        return tf.scatter_nd(self._places, rows, [*tf.unstack(tf.shape(self._mask)), rows.shape[-1]])

    def split(self, rows: tf.Tensor) -> tf.Tensor:
        """Query, key and value [3, B, H, S, d] of rows [R, 3 * H * d]; padding has something finite."""
        return _vectors(rows, self._part_heads, rows.shape[-1] // (_PARTS * self._heads))

    def join(self, heads: tf.Tensor) -> tf.Tensor:
        """Rows [R, H * d] of what attention gives [B, H, S, d]."""
        width = heads.shape[-1]
        return tf.reshape(_vectors(heads, self._head_rows, width), [-1, self._heads * width])


def _vectors(values: tf.Tensor, places: tf.Tensor, width: int) -> tf.Tensor:
    """Those of the places in the values, read as a list of vectors of a width: [places..., width].

    The gradient of `tf.gather` would be sparse, and become dense with a warning.
    """
    return tf.gather_nd(tf.reshape(values, [-1, width]), places[..., tf.newaxis])
