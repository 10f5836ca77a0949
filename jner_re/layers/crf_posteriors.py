"""Posterior probabilities of tags, transitions and typed spans in a linear-chain CRF (forward-backward).

A tag sequence y scores sum_t unary_scores[t, y_t] + sum_t transitions[y_t, y_t+1] and has probability
exp(score) / Z. Sums over T tokens are told apart by differences of order one, so callers pass float64.

A span of type e is B-e (id 2e+1) followed by any number of I-e (id 2e+2).
"""

from __future__ import annotations

import tensorflow as tf


def forward_backward(
    unary_scores: tf.Tensor, transitions: tf.Tensor, lengths: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Log sums over all prefixes and all suffixes of tag sequences.

    Both directions run in one loop: suffixes are prefixes of the reversed sentence.

    Args:
      unary_scores: [B, T, K], T >= 2; anything finite past the length.
      transitions: [K, K], from row to column.
      lengths: int32 [B].

    Returns:
      prefixes: [B, T, K], log sum of the scores of all tag sequences of tokens 0..t that end with tag k.
      suffixes: [B, T, K], the same over tag sequences of tokens t..length-1 that begin with tag k. Both
        include token t's own score; past the length they mean nothing.
      log_partition: [B], log Z; means nothing for empty sentences.
    """
    reversed_scores = tf.reverse_sequence(unary_scores, lengths, seq_axis=1)
    both = tf.transpose(tf.stack([unary_scores, reversed_scores]), [2, 0, 1, 3])  # [T, 2, B, K]
    step_scores = tf.stack([transitions, tf.transpose(transitions)])[:, None]  # [2, 1, K, K]

    def step(state: tf.Tensor, unary: tf.Tensor) -> tf.Tensor:
        return unary + tf.reduce_logsumexp(state[..., None] + step_scores, axis=2)

    later = tf.scan(step, both[1:], initializer=both[0])
    sums = tf.transpose(tf.concat([both[:1], later], axis=0), [1, 2, 0, 3])  # [2, B, T, K]
    suffixes = tf.reverse_sequence(sums[1], lengths, seq_axis=1)
    return sums[0], suffixes, tf.reduce_logsumexp(suffixes[:, 0], axis=-1)


def tag_posteriors(unary_scores: tf.Tensor, transitions: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """Probability of each tag at each token.

    Args:
      unary_scores: [B, T, K], T >= 2.
      transitions: [K, K].
      lengths: int32 [B].

    Returns:
      [B, T, K], zeros past the length.
    """
    prefixes, suffixes, log_partition = forward_backward(unary_scores, transitions, lengths)
    posteriors = tf.exp(prefixes + suffixes - unary_scores - log_partition[:, None, None])
    token_mask = tf.sequence_mask(lengths, tf.shape(unary_scores)[1])
    return tf.where(token_mask[..., None], posteriors, tf.zeros_like(posteriors))


def transition_counts(unary_scores: tf.Tensor, transitions: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """How often each transition is expected: the sum over t of the probabilities of tags t and t + 1.

    Args:
      unary_scores: [B, T, K], T >= 2.
      transitions: [K, K].
      lengths: int32 [B].

    Returns:
      [B, K, K], from row to column.
    """
    prefixes, suffixes, log_partition = forward_backward(unary_scores, transitions, lengths)
    log_pairs = prefixes[:, :-1, :, None] + transitions + suffixes[:, 1:, None]  # [B, T-1, K, K]
    pairs = tf.exp(log_pairs - log_partition[:, None, None, None])
    has_next = tf.sequence_mask(lengths - 1, tf.shape(unary_scores)[1] - 1)
    return tf.reduce_sum(tf.where(has_next[..., None, None], pairs, tf.zeros_like(pairs)), axis=1)


def span_posteriors(
    unary_scores: tf.Tensor,
    transitions: tf.Tensor,
    lengths: tf.Tensor,
    starts: tf.Tensor,
    ends: tf.Tensor,
    types: tf.Tensor,
) -> tf.Tensor:
    """Probability that exactly these spans are entities of these types.

    That is the total probability of the sequences with B-e at the span's first token, I-e at its others, and
    no I-e behind it: prefixes up to B-e, the one path through the span, and suffixes behind it.

    Args:
      unary_scores: [B, T, K], T >= 2.
      transitions: [K, K].
      lengths: int32 [B].
      starts: int32 [B, M], first token.
      ends: int32 [B, M], exclusive.
      types: int32 [B, M], the e of B-e.

    Returns:
      [B, M]; 0 for spans that are empty or not inside the sentence (such as padding with -1) and for types
      that do not exist.
    """
    valid = (starts >= 0) & (starts < ends) & (ends <= lengths[:, None])
    valid &= (types >= 0) & (types < transitions.shape[0] // 2)
    starts, ends, types = tf.where(valid, starts, 0), tf.where(valid, ends, 1), tf.where(valid, types, 0)
    begin, inside = 2 * types + 1, 2 * types + 2

    prefixes, suffixes, log_partition = forward_backward(unary_scores, transitions, lengths)
    log_until = _pick(prefixes, starts, begin)
    log_within = _score_within(unary_scores, transitions, starts, ends, begin, inside)
    last_tag = tf.where(ends - starts > 1, inside, begin)
    log_after = _log_sum_after(suffixes, transitions, lengths, ends, last_tag, inside)
    posteriors = tf.exp(log_until + log_within + log_after - log_partition[:, None])
    return tf.where(valid, posteriors, tf.zeros_like(posteriors))


def _pick(scores: tf.Tensor, positions: tf.Tensor, tag_ids: tf.Tensor) -> tf.Tensor:
    """[B, T, K], [B, M], [B, M] -> [B, M]."""
    return tf.gather_nd(scores, tf.stack([positions, tag_ids], axis=-1), batch_dims=1)


def _score_within(
    unary_scores: tf.Tensor,
    transitions: tf.Tensor,
    starts: tf.Tensor,
    ends: tf.Tensor,
    begin: tf.Tensor,
    inside: tf.Tensor,
) -> tf.Tensor:
    """Score of the tags behind a span's first and of the steps to them: [B, M]."""
    cumulated = tf.cumsum(unary_scores, axis=1)
    unary = _pick(cumulated, ends - 1, inside) - _pick(cumulated, starts, inside)
    first_step = tf.gather_nd(transitions, tf.stack([begin, inside], axis=-1))
    later_step = tf.gather_nd(transitions, tf.stack([inside, inside], axis=-1))
    steps = tf.cast(ends - starts - 1, transitions.dtype)
    return unary + tf.minimum(steps, 1) * first_step + tf.maximum(steps - 1, 0) * later_step


def _log_sum_after(
    suffixes: tf.Tensor,
    transitions: tf.Tensor,
    lengths: tf.Tensor,
    ends: tf.Tensor,
    last_tag: tf.Tensor,
    inside: tf.Tensor,
) -> tf.Tensor:
    """Log sum over what may follow a span, anything but its I-e: [B, M]; 0 at the end of the sentence."""
    at_end = ends >= lengths[:, None]
    next_token = tf.where(at_end, 0, ends)
    following = tf.gather(transitions, last_tag) + tf.gather(suffixes, next_token, batch_dims=1)  # [B, M, K]
    is_inside = tf.one_hot(inside, tf.shape(transitions)[0], on_value=True, off_value=False)
    following = tf.where(is_inside, tf.constant(-float("inf"), following.dtype), following)
    log_sum = tf.reduce_logsumexp(following, axis=-1)
    return tf.where(at_end, tf.zeros_like(log_sum), log_sum)
