"""The relation loss (paper, section 3.4)."""

from __future__ import annotations

import tensorflow as tf

from jner_re.layers.pair_mask import MASKED_LOGIT


def relation_loss(labels: tf.Tensor, logits: tf.Tensor, reduction: str = "sum") -> tf.Tensor:
    """L_RE of each sentence: binary cross-entropy over all ordered pairs and relation types.

    Args:
      labels: [B, M, M, R], 0 or 1, or probabilities.
      logits: [B, M, M, R]; MASKED_LOGIT for what is no pair, which adds nothing whatever its label.
      reduction: "sum", or "mean" over the pairs and types of each sentence.

    Returns:
      [B]; 0 for sentences without a pair.
    """
    labels = tf.where(logits == MASKED_LOGIT, 0.0, tf.cast(labels, logits.dtype))
    entropies = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
    total = tf.reduce_sum(entropies, axis=[1, 2, 3])
    if reduction == "sum":
        return total
    count = tf.math.count_nonzero(logits > MASKED_LOGIT, axis=[1, 2, 3], dtype=logits.dtype)
    return total / tf.maximum(count, 1)
