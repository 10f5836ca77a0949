"""Scores, forward recursion and Viterbi of a linear-chain CRF, as of tensorflow_addons.text.

For environments where tensorflow-addons isn't available: it has no wheel for Python 3.12, and does not import
with TensorFlow 2.16. Names, arguments and results are its own, to the last bit; the tests compare both where
it is installed. A tag sequence y scores sum_t inputs[t, y_t] + sum_t transition_params[y_t, y_t+1].
"""

from __future__ import annotations

import tensorflow as tf


def crf_unary_score(tag_indices: tf.Tensor, sequence_lengths: tf.Tensor, inputs: tf.Tensor) -> tf.Tensor:
    """sum_t inputs[t, y_t] of each sentence.

    Args:
      tag_indices: int32 [B, T], in 0..K-1 past the length, too.
      sequence_lengths: int32 [B].
      inputs: float [B, T, K]; finite past the length.

    Returns:
      [B], 0 for empty sentences.
    """
    scores = tf.gather(inputs, tag_indices, batch_dims=2)
    mask = tf.sequence_mask(sequence_lengths, tf.shape(tag_indices)[1], scores.dtype)
    return tf.reduce_sum(scores * mask, axis=1)


def crf_binary_score(
    tag_indices: tf.Tensor, sequence_lengths: tf.Tensor, transition_params: tf.Tensor
) -> tf.Tensor:
    """sum_t transition_params[y_t, y_t+1] of each sentence.

    Args:
      tag_indices: int32 [B, T], in 0..K-1 past the length, too.
      sequence_lengths: int32 [B].
      transition_params: float [K, K], from row to column.

    Returns:
      [B], 0 for sentences of less than two tokens.
    """
    steps = tf.stack([tag_indices[:, :-1], tag_indices[:, 1:]], axis=-1)
    scores = tf.gather_nd(transition_params, steps)
    mask = tf.sequence_mask(sequence_lengths - 1, tf.shape(tag_indices)[1] - 1, scores.dtype)
    return tf.reduce_sum(scores * mask, axis=1)


def crf_forward(
    inputs: tf.Tensor, state: tf.Tensor, transition_params: tf.Tensor, sequence_lengths: tf.Tensor
) -> tf.Tensor:
    """Log sums over the tag sequences of whole sentences, by their last tag.

    Args:
      inputs: float [B, T-1, K], scores of the tokens from the second on, T >= 2.
      state: float [B, K], scores of the first token.
      transition_params: float [K, K], from row to column.
      sequence_lengths: int32 [B].

    Returns:
      [B, K]; of empty sentences, those of the first token.
    """

    def step(before: tf.Tensor, unary: tf.Tensor) -> tf.Tensor:
        return unary + tf.reduce_logsumexp(before[:, :, None] + transition_params, axis=1)

    later = tf.scan(step, tf.transpose(inputs, [1, 0, 2]), state)
    prefixes = tf.transpose(tf.concat([state[None], later], axis=0), [1, 0, 2])  # [B, T, K]
    return tf.gather(prefixes, tf.maximum(sequence_lengths - 1, 0), batch_dims=1)


def crf_decode(
    potentials: tf.Tensor, transition_params: tf.Tensor, sequence_length: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """The tag sequence with the highest score of each sentence (Viterbi); of equal ones, the lower tags.

    Args:
      potentials: float [B, T, K], T >= 2.
      transition_params: float [K, K], from row to column.
      sequence_length: int32 [B].

    Returns:
      int32 [B, T], zeros past the length but for the first token; and [B], the score. An empty sentence is
      taken as its first token.
    """
    inside = tf.sequence_mask(sequence_length, tf.shape(potentials)[1])
    by_step = tf.transpose(potentials[:, 1:], [1, 0, 2])  # [T-1, B, K]
    goes_on = tf.transpose(inside[:, 1:])[:, :, None]  # [T-1, B, 1]
    same_tag = tf.broadcast_to(tf.range(tf.shape(potentials)[2]), tf.shape(potentials[:, 0]))

    def forward(
        before: tuple[tf.Tensor, tf.Tensor], now: tuple[tf.Tensor, tf.Tensor]
    ) -> tuple[tf.Tensor, tf.Tensor]:
        (best, _), (unary, is_inside) = before, now
        paths = best[:, :, None] + transition_params
        pointers = tf.argmax(paths, axis=1, output_type=tf.int32)
        later = unary + tf.reduce_max(paths, axis=1)
        return tf.where(is_inside, later, best), tf.where(is_inside, pointers, same_tag)

    best, pointers = tf.scan(forward, (by_step, goes_on), (potentials[:, 0], same_tag))
    last_tag = tf.argmax(best[-1], axis=1, output_type=tf.int32)

    def backward(tag: tf.Tensor, pointer: tf.Tensor) -> tf.Tensor:
        return tf.gather(pointer, tag, batch_dims=1)

    tags = tf.scan(backward, pointers, last_tag, reverse=True)  # [T-1, B]
    tags = tf.transpose(tf.concat([tags, last_tag[None]], axis=0))
    is_first = tf.range(tf.shape(potentials)[1]) == 0
    return tf.where(inside | is_first, tags, 0), tf.reduce_max(best[-1], axis=1)
