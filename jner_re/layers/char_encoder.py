"""Words from their characters."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from jner_re.layers.birnn import BiRNN


class CharEncoder(tf.keras.layers.Layer):
    """A single BiRNN over trained character embeddings (paper, section 3.1; Lample et al., 2016).

    Args:
      num_chars: number of character ids; 0 is padding.
      embedding_size: size of a character's embedding.
      units: size of the BiRNN per direction.
      cell: "gru" or "lstm".
    """

    def __init__(
        self, num_chars: int, embedding_size: int, units: int, cell: str = "gru", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.num_chars = num_chars
        self.embedding_size = embedding_size
        self.units = units
        self.cell = cell
        self.embedding = tf.keras.layers.Embedding(num_chars, embedding_size, name="embedding")
        self.birnn = BiRNN(units, cell, return_sequences=False, name="birnn")

    def call(self, char_ids: tf.Tensor) -> tf.Tensor:
        """int32 [B, T, C], 0 past a word's end -> [B, T, 2 * units]: the last state of each direction."""
        shape = tf.shape(char_ids)
        words = tf.reshape(char_ids, [shape[0] * shape[1], shape[2]])
        lengths = tf.reduce_sum(tf.cast(words > 0, tf.int32), axis=1)
        states = self.birnn(self.embedding(words), lengths)
        return tf.reshape(states, [shape[0], shape[1], 2 * self.units])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_chars": self.num_chars,
            "embedding_size": self.embedding_size,
            "units": self.units,
            "cell": self.cell,
        }
