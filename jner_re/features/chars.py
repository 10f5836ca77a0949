"""Characters of words as numbers, in the graph."""

from __future__ import annotations

import collections
from collections.abc import Iterable

import tensorflow as tf

from jner_re.schema import Sentence

PADDING, UNKNOWN = 0, 1
_MIN_COUNT = 3
_FIRST = 2  # id of the vocabulary's first character


def characters(sentences: Iterable[Sentence]) -> str:
    """The characters that a model trained on the sentences knows, each once, in code point order.

    Those that occur fewer than `_MIN_COUNT` times are left out, and in any case the rarest one (the first of
    equally rare ones): they are what the embedding of unknown characters is trained on.
    """
    counts = collections.Counter(
        char for sentence in sentences for token in sentence.tokens for char in token
    )
    rarest = min(counts, key=lambda char: (counts[char], char), default="")
    return "".join(sorted(char for char in counts if counts[char] >= _MIN_COUNT and char != rarest))


class CharTable(tf.Module):
    """Maps words to the ids of their characters.

    Args:
      vocabulary: the known characters; ids 0 and 1 are padding and an unknown character.
      max_chars: of longer words the first and last `max_chars // 2` characters are kept.
    """

    def __init__(self, vocabulary: str, max_chars: int) -> None:
        super().__init__()
        self.size = len(vocabulary) + _FIRST
        self._half = max_chars // 2
        code_points = [ord(char) for char in vocabulary] or [-1]  # a table can't be empty
        self._table = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(
                tf.constant(code_points, tf.int32),
                tf.range(_FIRST, _FIRST + len(code_points), dtype=tf.int32),
            ),
            default_value=UNKNOWN,
        )

    def __call__(self, tokens: tf.Tensor) -> tf.Tensor:
        """string [B, T] -> int32 [B, T, C], C the longest kept word of the batch, 0 past a word's end."""
        shape = tf.shape(tokens)
        code_points = tf.strings.unicode_decode(tf.reshape(tokens, [-1]), "UTF-8", errors="replace")
        lengths = code_points.row_lengths()
        head = code_points[:, : self._half]
        kept_tail = tf.clip_by_value(lengths - self._half, 0, self._half)
        position = tf.ragged.range(lengths - kept_tail, lengths)
        tail = tf.gather(code_points, position, batch_dims=1)
        kept = tf.concat([head, tail], axis=1)
        ids = kept.with_flat_values(self._table.lookup(kept.flat_values))
        dense = ids.to_tensor(default_value=PADDING)
        return tf.reshape(dense, [shape[0], shape[1], tf.shape(dense)[1]])
