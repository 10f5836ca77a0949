"""Where sentences that are too long are broken, in the graph (`long_sentences` says where)."""

from __future__ import annotations

import tensorflow as tf

from jner_re.text.long_sentences import CJK_PUNCTUATION, MAX_TOKENS, PUNCTUATION


def break_points(
    tokens: tf.Tensor, spaced: tf.Tensor, splits: tf.Tensor, max_tokens: int = MAX_TOKENS
) -> tf.Tensor:
    """The places among all tokens where a piece begins that is not the first of its sentence.

    Args:
      tokens: string [N], of all sentences.
      spaced: bool [N], whether white space is before each.
      splits: int64 [S + 1], the row splits of the sentences.
      max_tokens: of a piece.

    Returns:
      int64 [K], in no order.
    """
    begins, ends = splits[:-1], splits[1:]
    too_long = ends - begins > max_tokens
    return tf.cond(
        tf.reduce_any(too_long),
        lambda: _break_points(
            tokens, spaced, tf.boolean_mask(begins, too_long), tf.boolean_mask(ends, too_long), max_tokens
        ),
        lambda: tf.zeros([0], tf.int64),
    )


def _break_points(
    tokens: tf.Tensor, spaced: tf.Tensor, begins: tf.Tensor, ends: tf.Tensor, max_tokens: int
) -> tf.Tensor:
    """Of sentences that are all too long: the first break of each at once, then of what is left of them."""
    after_mark = _follows(tokens, PUNCTUATION) & spaced | _follows(tokens, CJK_PUNCTUATION)
    last_mark, last_space = _last(after_mark), _last(spaced)

    def step(begins: tf.Tensor, ends: tf.Tensor, found: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        limits = begins + max_tokens
        mark, space = tf.gather(last_mark, limits), tf.gather(last_space, limits)
        cuts = tf.where(mark > begins, mark, tf.where(space > begins, space, limits))
        left = ends - cuts > max_tokens
        return tf.boolean_mask(cuts, left), tf.boolean_mask(ends, left), tf.concat([found, cuts], axis=0)

    return tf.while_loop(
        lambda begins, ends, found: tf.size(begins) > 0,
        step,
        (begins, ends, tf.zeros([0], tf.int64)),
        shape_invariants=(tf.TensorShape([None]),) * 3,
    )[2]


def _follows(tokens: tf.Tensor, pattern: str) -> tf.Tensor:
    """Whether the token before each matches, bool [N]."""
    return tf.concat([[False], tf.strings.regex_full_match(tokens, pattern)[:-1]], axis=0)


def _last(mask: tf.Tensor) -> tf.Tensor:
    """The last position up to each one where the mask is true, 0 if there is none: int64 [N]."""
    true = tf.concat([tf.constant([0], tf.int64), tf.where(mask)[:, 0]], axis=0)
    return tf.gather(true, tf.cumsum(tf.cast(mask, tf.int32)))
