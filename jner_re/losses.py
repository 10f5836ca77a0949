"""The relation loss (paper, section 3.4)."""

from __future__ import annotations

import tensorflow as tf


def relation_loss(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """L_RE of each sentence: binary cross-entropy summed over all ordered pairs and relation types.

    Args:
      labels: [B, M, M, R], 0 or 1, or probabilities.
      logits: [B, M, M, R]; of what is no pair so low that it adds nothing.

    Returns:
      [B].
    """
    labels = tf.cast(labels, logits.dtype)
    entropies = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
    return tf.reduce_sum(entropies, axis=[1, 2, 3])
