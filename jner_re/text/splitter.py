"""Raw text to sentences of tokens, in the graph.

A text is cut at its white space into words, and these into tokens; `sentence_breaks` tells which words begin
a sentence, `long_sentence_breaks` where one is broken that is too long.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf
import tensorflow_text as tf_text

from jner_re.text.long_sentence_breaks import break_points
from jner_re.text.sentence_breaks import begins_sentence
from jner_re.text.sentence_patterns import BRACKETS, PARAGRAPH_END, PIECE, rules
from jner_re.text.tokenization import LANGUAGE_PATTERNS, SPACE_PATTERN

# RegexSplit ends a string at NUL. Pairs of control characters, which are in words like it, stand for it and
# for their first.
_ESCAPES = (("\x01", "\x01\x02"), ("\0", "\x01\x03"))


class SplitText(NamedTuple):
    """The sentences of texts; all but `breaks` are ragged alike.

    Attributes:
      tokens: string [B, (sentences), (tokens)].
      starts: int32 [B, (sentences), (tokens)], code points in the text.
      ends: the same, exclusive.
      spaces: string [B, (sentences), (tokens)], the white space before a token.
      breaks: int32 [B, (breaks)], the starts of sentences that are the rest of one that was too long.
    """

    tokens: tf.RaggedTensor
    starts: tf.RaggedTensor
    ends: tf.RaggedTensor
    spaces: tf.RaggedTensor
    breaks: tf.RaggedTensor


def split_text(
    texts: tf.Tensor, tokenization: str, lines: str = "wrapped", language: str = "en"
) -> SplitText:
    """Splits texts into sentences and these into tokens.

    The tokens are those of `tokenization.tokenize`. A sentence begins after white space, never inside
    a word unless the style is "characters", and always where a paragraph does; a text without tokens has
    none. One that is too long for the model is broken (`long_sentences`).

    Args:
      texts: string [B], UTF-8. Each broken piece counts as one U+FFFD, where Python's
        `decode("utf-8", "replace")` has one; offsets are those of this repaired text.
      tokenization: a key of `TOKEN_PATTERNS`.
      lines: a key of `PARAGRAPH_END`.
      language: a key of `LANGUAGE_PATTERNS`.
    """
    repaired = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8", errors="replace")
    # Words and what is between them.
    pieces = tf_text.regex_split(_without_nul(repaired), SPACE_PATTERN, SPACE_PATTERN)
    is_word = ~tf.strings.regex_full_match(pieces.values, SPACE_PATTERN)
    words = tf.boolean_mask(pieces.values, is_word)
    text_ids = tf.boolean_mask(row_ids(pieces), is_word)
    word_starts = tf.boolean_mask(_starts(pieces.with_values(_with_nul(pieces.values))), is_word)
    pieces_before = tf.concat([[""], pieces.values], axis=0)[:-1]
    word_spaces = tf.where(word_starts > 0, tf.boolean_mask(pieces_before, is_word), "")
    inside = tf.constant(False)
    if tokenization == "characters":
        words, ids, within_word, inside = _pieces(words)
        text_ids = tf.gather(text_ids, ids)
        word_starts = tf.gather(word_starts, ids) + within_word
        word_spaces = tf.where(within_word == 0, tf.gather(word_spaces, ids), "")
    begins_paragraph = tf.strings.regex_full_match(word_spaces, PARAGRAPH_END[lines])
    begins = begins_sentence(words, text_ids, rules(tokenization, language)) & ~inside
    begins |= begins_paragraph

    pattern = LANGUAGE_PATTERNS[language][tokenization]
    tokens = tf_text.regex_split(words, pattern, pattern)  # [W, (tokens)]; they leave nothing of a word
    tokens = tokens.with_values(_with_nul(tokens.values))
    word_ids = row_ids(tokens)
    within_word = _starts(tokens)
    starts = tf.gather(word_starts, word_ids) + within_word
    spaces = tf.where(within_word == 0, tf.gather(word_spaces, word_ids), "")
    ends = starts + tf.strings.length(tokens.values, unit="UTF8_CHAR")

    token_begins = (within_word == 0) & tf.gather(begins, word_ids)
    token_texts = tf.gather(text_ids, word_ids)
    count = tf.size(word_ids, tf.int64)
    splits = tf.concat([tf.where(token_begins)[:, 0], [count]], axis=0)
    cuts = break_points(tokens.values, spaces != "", splits)
    is_cut = tf.scatter_nd(cuts[:, tf.newaxis], tf.ones_like(cuts), [count]) > 0
    token_begins |= is_cut
    sentence_ids = tf.cumsum(tf.cast(token_begins, tf.int64)) - 1
    sentence_texts = tf.boolean_mask(token_texts, token_begins)

    def by_sentence(values: tf.Tensor) -> tf.RaggedTensor:
        return tf.RaggedTensor.from_nested_value_rowids(
            values,
            [sentence_texts, sentence_ids],
            [tf.size(texts, tf.int64), tf.size(sentence_texts, tf.int64)],
            validate=False,
        )

    breaks = tf.RaggedTensor.from_value_rowids(
        tf.boolean_mask(starts, is_cut),
        tf.boolean_mask(token_texts, is_cut),
        tf.size(texts, tf.int64),
        validate=False,
    )
    return SplitText(
        by_sentence(tokens.values), by_sentence(starts), by_sentence(ends), by_sentence(spaces), breaks
    )


def _pieces(words: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Words cut where a sentence may end in them.

    Args:
      words: string [W].

    Returns:
      string [P]; of each piece, int64 the word's number, int32 where in it, in code points, it starts, and
      whether brackets are open there.
    """
    pieces = tf_text.regex_split(words, PIECE, PIECE)  # they leave nothing of a word
    ids = row_ids(pieces)
    opening, closing = (
        tf.strings.length(tf.strings.regex_replace(pieces.values, f"[^{brackets}]", ""), unit="UTF8_CHAR")
        for brackets in BRACKETS
    )
    depth = tf.cumsum(opening - closing, exclusive=True)
    first = tf.gather(pieces.row_starts(), ids)
    within_word = _starts(pieces.with_values(_with_nul(pieces.values)))
    return pieces.values, ids, within_word, depth > tf.gather(depth, first)


def _without_nul(texts: tf.Tensor) -> tf.Tensor:
    """Writes `_ESCAPES`."""
    for char, escape in _ESCAPES:
        texts = tf.strings.regex_replace(texts, char, escape)
    return texts


def _with_nul(texts: tf.Tensor) -> tf.Tensor:
    """Takes `_ESCAPES` back."""
    for char, escape in reversed(_ESCAPES):
        texts = tf.strings.regex_replace(texts, escape, char)
    return texts


def _starts(pieces: tf.RaggedTensor) -> tf.Tensor:
    """Where each piece starts in its row, in code points: string [N, (pieces)] to int32 [pieces]."""
    total = tf.cumsum(tf.strings.length(pieces.values, unit="UTF8_CHAR"))
    starts = tf.concat([[0], total], axis=0)
    return starts[:-1] - tf.gather(tf.gather(starts, pieces.row_starts()), row_ids(pieces))


def row_ids(ragged: tf.RaggedTensor) -> tf.Tensor:
    """The row of each value, int64. `value_rowids` would take rows times the longest in memory."""
    positions = tf.range(ragged.row_splits[-1])
    return tf.searchsorted(ragged.row_splits, positions, side="right", out_type=tf.int64) - 1
