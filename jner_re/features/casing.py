"""Casing classes of words, in the graph."""

from __future__ import annotations

import tensorflow as tf

# The first pattern that a whole word matches gives its class, 1 and up; 0 is every other word.
_PATTERNS = (
    r"\p{Nd}+",  # digits only
    r".*\p{Nd}.*",  # with a digit
    r"[^\p{L}]+",  # no letter
    r"[^\p{Lu}\p{Lt}]+",  # lower case
    r"[\p{Lu}\p{Lt}][^\p{Lu}\p{Lt}]*",  # first letter upper case
    r"[^\p{Ll}]+",  # upper case
)
NUM_CLASSES = len(_PATTERNS) + 1


def casing_ids(tokens: tf.Tensor) -> tf.Tensor:
    """The casing class of each token (paper, section 3.1: "one-hot encoded casing vector").

    Args:
      tokens: string tensor of any shape, UTF-8.

    Returns:
      int32 tensor of the same shape, from 0 to NUM_CLASSES - 1.
    """
    ids = tf.zeros_like(tokens, tf.int32)
    for number, pattern in reversed(list(enumerate(_PATTERNS, start=1))):
        ids = tf.where(tf.strings.regex_full_match(tokens, f"(?s){pattern}"), number, ids)
    return ids
