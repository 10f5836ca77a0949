"""Where sentences begin among the words of texts, in the graph; `sentences` is the same in Python."""

from __future__ import annotations

import tensorflow as tf

from jner_re.text import sentence_patterns as patterns


def begins_sentence(words: tf.Tensor, text_ids: tf.Tensor, rules: patterns.Rules) -> tf.Tensor:
    """Whether each word begins a sentence.

    Args:
      words: string [W], of all texts.
      text_ids: int64 [W], in order.
      rules: of the style and the language.

    Returns:
      bool [W], true for the first word of each text.
    """
    # With a word before and after all texts, so that there always are neighbours.
    words = tf.concat([[""], words, [""]], axis=0)
    text_ids = tf.concat([tf.constant([-1], tf.int64), text_ids, [tf.int64.max]], axis=0)
    first = tf.concat([[True], text_ids[1:] != text_ids[:-1]], axis=0)
    opening, closing = _opening_and_closing(words, first, rules.closing_word)

    def at(indices: tf.Tensor) -> tf.Tensor:
        """The word at each of the indices, "" if it is of another text."""
        return tf.where(tf.gather(text_ids, indices) == text_ids, tf.gather(words, indices), "")

    # What stands before and after a break, quotes and brackets of their own aside: he said . " | ( The
    last = _previous(~closing)
    following = at(_next(~opening))
    abbreviated = tf.gather(_abbreviated(words, first, rules), last)
    going_on = abbreviated & ~_matches(following, rules.starter)
    for before, after in rules.going_on:
        follows = _matches(following, after)
        going_on |= follows if before is None else follows & tf.gather(_matches(words, before), last)
    return (first | (_matches(at(last), rules.end) & ~going_on & ~closing))[1:-1]


def _abbreviated(words: tf.Tensor, first: tf.Tensor, rules: patterns.Rules) -> tf.Tensor:
    """Which words end in a period that rather ends no sentence.

    Args:
      words: string [W].
      first: bool [W], which are the first of their text.
      rules: as above.
    """
    before = tf.where(first, "", tf.concat([[""], words[:-1]], axis=0))
    last_of_name = _matches(before, rules.lettered) & _matches(words, patterns.LETTER)
    after = tf.concat([words[1:], [""]], axis=0)
    last_of_place = _matches(before, rules.place) & _matches(words, patterns.STATE)
    last_of_place &= ~_matches(after, patterns.BRACKET)
    return _matches(words, rules.abbreviated) & ~last_of_name & ~last_of_place


def _opening_and_closing(
    words: tf.Tensor, first: tf.Tensor, closing_word: str
) -> tuple[tf.Tensor, tf.Tensor]:
    """Which words are nothing but opening quotes and brackets, and which but closing ones: bool [W] each.

    Straight double quotes open and close in turn, in each text anew.
    """
    straight = words == patterns.STRAIGHT
    before = tf.cumsum(tf.cast(straight, tf.int32), exclusive=True)
    before_text = tf.gather(tf.boolean_mask(before, first), tf.cumsum(tf.cast(first, tf.int32)) - 1)
    even = (before - before_text) % 2 == 0
    opening = _matches(words, patterns.OPENING_WORD) | (straight & even)
    closing = _matches(words, closing_word) | (straight & ~even)
    return opening, closing


def _previous(mask: tf.Tensor) -> tf.Tensor:
    """The last position before each one where the mask is true, 0 if there is none: bool [W] to int64 [W]."""
    true = tf.concat([tf.constant([0], tf.int64), tf.where(mask)[:, 0]], axis=0)
    return tf.gather(true, tf.cumsum(tf.cast(mask, tf.int32), exclusive=True))


def _next(mask: tf.Tensor) -> tf.Tensor:
    """The first position from each one on where the mask is true, the last if there is none."""
    true = tf.concat([tf.where(mask)[:, 0], [tf.size(mask, tf.int64) - 1]], axis=0)
    return tf.gather(true, tf.cumsum(tf.cast(mask, tf.int32), exclusive=True))


def _matches(words: tf.Tensor, pattern: str) -> tf.Tensor:
    """Whether the whole word does."""
    return tf.strings.regex_full_match(words, pattern)
