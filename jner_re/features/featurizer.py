"""Tokens to the model's inputs, but for the encoder's layers: the same graph in training and in serving."""

from __future__ import annotations

import tensorflow as tf

from jner_re.features.casing import casing_ids
from jner_re.features.chars import CharTable
from jner_re.features.subwords import SubwordTable
from jner_re.features.words import WordTable


class Featurizer(tf.Module):
    """Looks up what the configured model reads of each token.

    Args:
      chars: table of characters; None for no character features.
      words: table of word vectors; None for none.
      casing: whether casing classes are given.
      subwords: table of the subwords that a fine-tuned encoder reads; None without one.
    """

    def __init__(
        self,
        chars: CharTable | None,
        words: WordTable | None,
        casing: bool,
        subwords: SubwordTable | None = None,
    ) -> None:
        super().__init__()
        self.chars = chars
        self.words = words
        self.casing = casing
        self.subwords = subwords

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.string)], autograph=False)
    def __call__(self, tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        """`features` as a graph of its own."""
        return self.features(tokens)

    def features(self, tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        """Features of padded tokens.

        Args:
          tokens: string [B, T], "" past a sentence's end.

        Returns:
          `char_ids` int32 [B, T, C], `word_vectors` float32 [B, T, D], `casing_ids` int32 [B, T],
          `subword_ids` int32 [B, T, P], each only where the model has it.
        """
        features = {}
        if self.chars is not None:
            features["char_ids"] = self.chars(tokens)
        if self.words is not None:
            features["word_vectors"] = self.words(tokens)
        if self.casing:
            features["casing_ids"] = casing_ids(tokens)
        if self.subwords is not None:
            features["subword_ids"] = self.subwords(tokens)
        return features
