"""Words to frozen word vectors, in the graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf


class WordTable(tf.Module):
    """Maps words to rows of a table of word vectors: the word itself, else its lower case, else zeros.

    Args:
      words: V distinct words.
      vectors: float [V, D].
    """

    def __init__(self, words: Sequence[str], vectors: np.ndarray) -> None:
        super().__init__()
        self.width = int(vectors.shape[1])
        self._vectors = tf.Variable(
            np.concatenate([np.zeros((1, self.width), np.float32), vectors.astype(np.float32)]),
            trainable=False,
            name="word_vectors",
        )
        self._table = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(
                tf.constant(list(words), tf.string), tf.range(1, len(words) + 1, dtype=tf.int64)
            ),
            default_value=0,
        )

    def __call__(self, tokens: tf.Tensor) -> tf.Tensor:
        """string [B, T] -> float32 [B, T, D]."""
        exact = self._table.lookup(tokens)
        lower = self._table.lookup(tf.strings.lower(tokens, encoding="utf-8"))
        return tf.gather(self._vectors, tf.where(exact > 0, exact, lower))
