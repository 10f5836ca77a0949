"""Scores of relations that hold in both directions: of symmetric types, and of types with an inverse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from jner_re.layers.float32_layer import Float32Layer


class JoinedDirections(Float32Layer):
    """Has the two directions of a pair decided together.

    With s' the scores of the other direction, s'[i, j, r] = s[j, i, p(r)] for the type p(r) that is r itself
    (symmetric) or its inverse, a relation that is given in both directions scores (s + s') / 2 in both. One
    that is given once scores s + s' - s s', the probability of either if they were independent, in the
    direction that scores more (of equals, from the entity that comes first), and 0 in the other.

    Args:
      partners: p(r) of each type; -1 for those that are directed or given once.
      once: of each type, whether it is symmetric and given once.
    """

    def __init__(self, partners: Sequence[int], once: Sequence[bool], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.partners = list(partners)
        self.once = list(once)

    def call(self, scores: tf.Tensor) -> tf.Tensor:
        """[B, M, M, R], probabilities, entities in the order of their text -> [B, M, M, R]."""
        sources = [kind if partner < 0 else partner for kind, partner in enumerate(self.partners)]
        others = tf.gather(tf.transpose(scores, [0, 2, 1, 3]), sources, axis=-1)
        given_twice = tf.constant([partner >= 0 for partner in self.partners])
        joined = tf.where(given_twice, (scores + others) / 2, scores)
        count = tf.shape(scores)[1]
        comes_first = (tf.range(count)[:, tf.newaxis] < tf.range(count))[..., tf.newaxis]
        is_better = (scores > others) | ((scores == others) & comes_first)
        either = tf.where(is_better, scores + others - scores * others, 0.0)
        return tf.where(tf.constant(self.once), either, joined)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "partners": self.partners, "once": self.once}
