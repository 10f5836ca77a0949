"""What the graph refuses of sentences: assertions whose message names the sentence."""

from __future__ import annotations

import tensorflow as tf

from jner_re.text.long_sentences import MAX_TOKENS


def lengths(sentences: tf.RaggedTensor, names: tf.Tensor) -> tf.Operation:
    """Fails if a sentence is too long; `names` [S] begin the message."""
    lengths = tf.concat([sentences.row_lengths(), [0]], axis=0)
    longest = tf.argmax(lengths)
    message = tf.strings.join(
        [
            tf.concat([names, [""]], axis=0)[longest],
            " ",
            tf.strings.as_string(lengths[longest]),
            f" tokens, expected at most {MAX_TOKENS}: break it into shorter ones",
        ]
    )
    return tf.debugging.Assert(lengths[longest] <= MAX_TOKENS, [message])


def finite(layers: tf.Tensor, names: tf.Tensor) -> tf.Operation:
    """Fails if a sentence's layers [B, T, L, D] are not all finite, as training does (features/cache.py)."""
    is_finite = tf.reduce_all(tf.math.is_finite(layers), axis=[1, 2, 3])
    first = tf.argmin(tf.cast(is_finite, tf.int32))
    message = tf.strings.join([names[first], " an encoder output too large for float16, or no number"])
    return tf.debugging.Assert(tf.reduce_all(is_finite), [message])


def padding(sentences: tf.RaggedTensor, names: tf.Tensor) -> tf.Operation:
    """Fails if a sentence has an empty token before its last one."""
    empty = tf.cast(sentences == "", tf.int32)
    worst = tf.argmax(tf.concat([tf.reduce_max(empty, axis=1), [0]], axis=0))
    message = tf.strings.join(
        [tf.concat([names, [""]], axis=0)[worst], " an empty token, expected only as padding at the end"]
    )
    return tf.debugging.Assert(tf.reduce_sum(empty) == 0, [message])
