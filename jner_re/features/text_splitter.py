"""STUB"""

from typing import NamedTuple

import tensorflow as tf
import tensorflow_text as tf_text

from jner_re.corpora.tokenization import SPACE_PATTERN, TOKEN_PATTERNS


class SplitText(NamedTuple):
    tokens: tf.RaggedTensor
    starts: tf.RaggedTensor
    ends: tf.RaggedTensor
    spaces: tf.RaggedTensor


def split_text(texts, tokenization):
    texts = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8")
    pat = TOKEN_PATTERNS[tokenization]
    pieces, _, _ = tf_text.regex_split_with_offsets(texts, f"{SPACE_PATTERN}|{pat}", ".*|\n*")
    lengths = tf.ragged.map_flat_values(tf.strings.length, pieces, unit="UTF8_CHAR")
    ends = tf.ragged.map_flat_values(lambda x: tf.cumsum(x), lengths)
    offs = tf.gather(tf.concat([[0], ends.flat_values], 0), ends.row_splits[:-1])
    ends = ends - tf.expand_dims(offs, 1)
    starts = ends - lengths
    is_space = tf.ragged.map_flat_values(tf.strings.regex_full_match, pieces, SPACE_PATTERN)
    prev = tf.concat([[""], pieces.flat_values[:-1]], 0)
    prev_space = tf.concat([[False], is_space.flat_values[:-1]], 0)
    spaces = pieces.with_flat_values(tf.where(prev_space, prev, ""))
    keep = tf.logical_not(is_space)
    f = lambda x: tf.expand_dims(tf.ragged.boolean_mask(x, keep), 1)
    return SplitText(f(pieces), f(starts), f(ends), f(spaces))
