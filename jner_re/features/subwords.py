"""Subwords of words as numbers, in the graph."""

from __future__ import annotations

import tensorflow as tf

from jner_re.encoders.vocabularies import Vocabulary


class SubwordTable(tf.Module):
    """Maps words to their subwords, as a fine-tuned encoder reads them (`TokenEncoder.from_subwords`).

    Args:
      vocabulary: of the encoder.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self._tokenizer = vocabulary.tokenizer()

    def __call__(self, tokens: tf.Tensor) -> tf.Tensor:
        """string [B, T] -> int32 [B, T, P], ids plus one; 0 past a word's last subword and for ""."""
        shape = tf.shape(tokens, tf.int64)
        places = tf.where(tokens != "")
        ids = self._tokenizer(tf.gather_nd(tokens, places)).to_tensor(-1) + 1
        return tf.scatter_nd(places, ids, tf.stack([shape[0], shape[1], tf.shape(ids, tf.int64)[1]]))
