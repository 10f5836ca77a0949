"""Sentences of any length as overlapping windows of subwords, because position embeddings have a last row."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf


class Windows(NamedTuple):
    """Windows over the subwords of a batch, in the order of the sentences.

    M windows, P subwords in all the sentences.

    Attributes:
      starts: int64 [M], the window's first subword, counted through the whole batch.
      lengths: int64 [M], subwords in the window.
      owners: int64 [P], the window whose output is taken for a subword; never decreases.
    """

    starts: tf.Tensor
    lengths: tf.Tensor
    owners: tf.Tensor


def make_windows(subwords_per_word: tf.Tensor, words_per_sentence: tf.Tensor, size: int) -> Windows:
    """Divides sentences into windows of at most `size` subwords.

    A sentence of n <= size subwords is one window. A longer one has the fewest windows that begin at most
    size / 2 apart, evenly spaced from its first to its last subword. A word is taken from the window whose
    middle is nearest to the word's middle: there it has most context on its poorer side. Only in a word of
    more than size / 4 subwords does each subword choose for itself.

    Args:
      subwords_per_word: int64 [N], each at least 1.
      words_per_sentence: int64 [B]; they add up to N.
      size: of a window, in subwords; at least 4.
    """
    words = tf.RaggedTensor.from_row_lengths(subwords_per_word, words_per_sentence)
    counts = tf.reduce_sum(words, axis=1)  # [B], subwords
    offsets = tf.cumsum(counts, exclusive=True)
    excess = tf.maximum(counts - size, 0)
    gaps = -(-excess // (size // 2))  # [B], windows less one
    first_windows = tf.cumsum(gaps + 1, exclusive=True)

    sentence = tf.repeat(tf.range(tf.size(counts)), gaps + 1)  # [M]
    rank = tf.range(tf.size(sentence, tf.int64)) - tf.gather(first_windows, sentence)
    shift = rank * tf.gather(excess, sentence) // tf.maximum(tf.gather(gaps, sentence), 1)
    starts = tf.gather(offsets, sentence) + shift
    lengths = tf.gather(tf.minimum(counts, size), sentence)

    sentence = tf.repeat(tf.range(tf.size(counts)), counts)  # [P]
    word_ends = tf.cumsum(subwords_per_word)
    twice_middles = tf.repeat(2 * word_ends - subwords_per_word - 1, subwords_per_word)
    is_long = tf.repeat(subwords_per_word > size // 4, subwords_per_word)
    twice_anchors = tf.where(is_long, 2 * tf.range(tf.size(sentence, tf.int64)), twice_middles)
    twice_anchors -= 2 * tf.gather(offsets, sentence)
    # The windows' middles lie excess / gaps apart, the first at (size - 1) / 2: round to the nearest.
    excess, gaps = tf.gather(excess, sentence), tf.gather(gaps, sentence)
    nearest = ((twice_anchors - (size - 1)) * gaps + excess) // tf.maximum(2 * excess, 1)
    owners = tf.gather(first_windows, sentence) + tf.clip_by_value(nearest, 0, gaps)
    return Windows(starts, lengths, owners)
