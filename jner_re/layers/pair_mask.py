"""Which pairs are candidates of a relation."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from jner_re.layers.float32_layer import Float32Layer

MASKED_LOGIT = -200.0  # of what is no candidate: in float32 a probability of 0 and a loss of 0


def sentences_of(sentence_ids: tf.Tensor, spans: tf.Tensor) -> tf.Tensor:
    """int32 [B, T], spans [B, M, 2] -> int32 [B, M]: the sentence of each entity."""
    return tf.gather(sentence_ids, spans[:, :, 0], batch_dims=1)


class PairMask(Float32Layer):
    """Sets the logits of what is no candidate to MASKED_LOGIT: padding, an entity with itself, and, where a
    table of allowed argument types is given, types that never were seen together; in passages, entities of
    sentences too far apart, and what another passage decides.

    Args:
      allowed: bool [E, E, R], nested lists: whether a head and a tail of these types may be so related; None
        allows all.
      max_distance: of the entities of a pair in passages, in sentences.
    """

    def __init__(
        self, allowed: list[list[list[bool]]] | None = None, max_distance: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.allowed = allowed
        self.max_distance = max_distance

    def call(
        self,
        logits: tf.Tensor,
        spans: tf.Tensor,
        types: tf.Tensor | None = None,
        sentence_ids: tf.Tensor | None = None,
        decided: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Masked logits.

        Args:
          logits: [B, M, M, R].
          spans: int32 [B, M, 2] of start and end; empty spans are padding.
          types: int32 [B, M], index of each entity's type; needed where a table is given.
          sentence_ids: int32 [B, T], of passages the sentence of each token; None if all are of one.
          decided: int32 [B, 2], of passages the first and last (exclusive) sentence that each decides: the
            later one of a pair's two sentences is one of them.

        Returns:
          [B, M, M, R].
        """
        valid = spans[:, :, 1] > spans[:, :, 0]
        mask = valid[:, :, tf.newaxis] & valid[:, tf.newaxis]
        mask &= ~tf.eye(tf.shape(spans)[1], dtype=tf.bool)
        if sentence_ids is not None and decided is not None:
            sentences = sentences_of(sentence_ids, spans)
            heads, tails = sentences[:, :, tf.newaxis], sentences[:, tf.newaxis]
            first, last = tf.unstack(decided[:, :, tf.newaxis, tf.newaxis], axis=1)
            later = tf.maximum(heads, tails)
            mask &= (tf.abs(heads - tails) <= self.max_distance) & (first <= later) & (later < last)
        mask = tf.broadcast_to(mask[..., tf.newaxis], tf.shape(logits))
        if self.allowed is not None:
            if types is None:
                raise ValueError("types is None, expected those of the entities: a table is given")
            types = tf.maximum(types, 0)
            table = tf.constant(self.allowed, tf.bool)
            mask &= tf.gather_nd(table, tf.stack(_all_pairs(types), axis=-1))
        return tf.where(mask, logits, MASKED_LOGIT)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "allowed": self.allowed, "max_distance": self.max_distance}


def _all_pairs(types: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """[B, M] -> the types of heads and of tails, each [B, M, M]."""
    shape = tf.shape(types)
    shape = [shape[0], shape[1], shape[1]]
    return tf.broadcast_to(types[:, :, tf.newaxis], shape), tf.broadcast_to(types[:, tf.newaxis], shape)
