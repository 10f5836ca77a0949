"""Words from their characters."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras as keras

from jner_re.layers.birnn import BiRNN
from jner_re.layers.float32_layer import DTYPE, Float32Layer
from jner_re.layers.scan import compiled_size


class CharEncoder(Float32Layer):
    """A single BiRNN over trained character embeddings (paper, section 3.1; Lample et al., 2016).

    A word that occurs several times in a batch is read once.

    Args:
      num_chars: number of character ids; 0 is padding.
      embedding_size: size of a character's embedding.
      units: size of the BiRNN per direction.
      cell: "gru" or "lstm".
      jit_compile: whether XLA compiles a GRU's loops when training.
    """

    def __init__(
        self,
        num_chars: int,
        embedding_size: int,
        units: int,
        cell: str = "gru",
        jit_compile: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_chars = num_chars
        self.embedding_size = embedding_size
        self.units = units
        self.cell = cell
        self.jit_compile = jit_compile
        self.embedding = keras.layers.Embedding(num_chars, embedding_size, name="embedding", dtype=DTYPE)
        self.birnn = BiRNN(units, cell, return_sequences=False, jit_compile=jit_compile, name="birnn")

    def call(self, char_ids: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Reads the distinct words.

        Args:
          char_ids: int32 [B, T, C], 0 past a word's end.
          training: whether to use XLA if the layer may.

        Returns:
          [B, T, 2 * units], the last state of each direction.
        """
        shape = tf.shape(char_ids)
        rows = tf.reshape(char_ids, [shape[0] * shape[1], shape[2]])
        words, places = tf.raw_ops.UniqueV2(x=rows, axis=[0])
        words.set_shape([None, None])
        if self.jit_compile and training and self.cell == "gru":  # so that few shapes are compiled
            count = tf.shape(words)[0]
            words = tf.pad(words, [[0, compiled_size(count) - count], [0, 0]])
        lengths = tf.reduce_sum(tf.cast(words > 0, tf.int32), axis=1)
        states = tf.gather(self.birnn(self.embedding(words), lengths, training=training), places)
        return tf.reshape(states, [shape[0], shape[1], 2 * self.units])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_chars": self.num_chars,
            "embedding_size": self.embedding_size,
            "units": self.units,
            "cell": self.cell,
            "jit_compile": self.jit_compile,
        }
