"""Words to subword ids by the steps of a tokenizer.json: added tokens, normalizers, pre-tokenizers, model.

A step is a tuple of strings, its name first. Normalizers, text to text, one after the other:

  ("lowercase",): every character by itself.
  ("nfc",), ("nfd",), ("nfkc",), ("nfkd",): Unicode's normalisation forms.
  ("strip", "left" | "right" | "both"): white space at the ends goes.
  ("replace", pattern, content): every match of an RE2 pattern.
  ("charsmap", table): SentencePiece's table, in base64. SentencePiece itself applies it, so that the longest
    entry counts. (The reference looks up the first entry that begins a grapheme cluster of up to five bytes,
    and single characters of others: it loses or doesn't compose marks in some, see docs/encoders.md.)

Pre-tokenizers, text to parts, one after the other:

  ("whitespace",): at white space, which goes.
  ("punctuation",): each mark is a part.
  ("metaspace", "always" | "never"): spaces become "▁", which begins a part; with "always" each text
    that isn't empty begins with one.
  ("byte_level", "prefix" | ""): GPT-2's rule; with "prefix" each text that isn't empty begins with a space.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

import tensorflow as tf
import tensorflow_text as tf_text

from jner_re.encoders import sentencepiece_model
from jner_re.encoders.sentencepiece_model import NORMAL, UNKNOWN, SentencePieceModel

Step = tuple[str, ...]

METASPACE = "▁"
_CUT = b"\xff"  # stands where a text is cut: no byte of UTF-8
_SPACES = r"\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}"
WHITE_SPACE = f"[{_SPACES}]"  # Unicode's property
_PUNCTUATION = r"[!-/:-@\[-`{-~\p{P}]"
# GPT-2's `\s+(?!\S)`, without looking ahead: the last space before other text is a part or begins one.
_LAST_SPACE = f"({WHITE_SPACE}+)({WHITE_SPACE}[^{_SPACES}])"
_BYTE_LEVEL_PART = (
    rf"('s|'t|'re|'ve|'m|'ll|'d| ?\p{{L}}+| ?\p{{N}}+| ?[^{_SPACES}\p{{L}}\p{{N}}]+|{WHITE_SPACE}+)"
)


class WordPipeline(tf.Module):
    """Splits words into subword ids."""

    def __init__(
        self,
        added: tuple[tuple[str, int], ...],
        normalizers: tuple[Step, ...],
        pre_tokenizers: tuple[Step, ...],
        model: Callable[[tf.Tensor], tf.RaggedTensor],
        unknown: int,
    ) -> None:
        """Sets the pipeline up.

        Args:
          added: texts that are one subword wherever they stand in a word, with their ids.
          normalizers: steps.
          pre_tokenizers: steps.
          model: parts string [P] -> ids int32 [P, (subwords)].
          unknown: the id of a word that has no subword.
        """
        super().__init__(name="word_pipeline")
        self._added = added
        self._normalizers = [_normalizer(step) for step in normalizers]
        self._pre_tokenizers = [_pre_tokenizer(step) for step in pre_tokenizers]
        self._model = model
        self._unknown = unknown

    def __call__(self, words: tf.Tensor) -> tf.RaggedTensor:
        """Subword ids of words.

        Args:
          words: string [N]; UTF-8.

        Returns:
          Ids, int32 [N, (subwords)]; every word has at least one.
        """
        words = tf.strings.unicode_transcode(words, "UTF-8", "UTF-8")  # broken bytes become U+FFFD
        ids = self._with_added(words) if self._added else self._split(words)
        is_empty = ids.row_lengths() == 0
        return _append(ids, is_empty, tf.fill([tf.math.count_nonzero(is_empty)], self._unknown))

    def _split(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Ids of texts without added tokens, [N, (subwords)]."""
        for normalize in self._normalizers:
            texts = normalize(texts)
        parts = tf.RaggedTensor.from_row_lengths(texts, tf.ones_like(texts, tf.int64))
        for pre_tokenize in self._pre_tokenizers:
            parts = parts.with_values(pre_tokenize(parts.values)).merge_dims(1, 2)
        return parts.with_values(self._model(parts.values)).merge_dims(1, 2)

    def _with_added(self, words: tf.Tensor) -> tf.RaggedTensor:
        names = sorted((name for name, _ in self._added), key=len, reverse=True)
        pattern = "|".join(map(re.escape, names))
        segments = _cut(tf.strings.regex_replace(words, f"({pattern})", _CUT + rb"\1" + _CUT))
        is_added = tf.strings.regex_full_match(segments.values, pattern)
        ids = self._split(segments.values)
        ids = tf.ragged.boolean_mask(ids, ids.with_values(tf.gather(~is_added, ids.value_rowids())))
        found = tf.boolean_mask(segments.values, is_added)
        which = tf.argmax(found[:, tf.newaxis] == [name for name, _ in self._added], axis=1)
        added_ids = tf.gather([i for _, i in self._added], which)
        ids = _append(ids, is_added, added_ids)
        return segments.with_values(ids).merge_dims(1, 2)


class _Charsmap(tf.Module):
    """Normalises by a table: a model that knows no piece gives the whole text as the unknown one."""

    def __init__(self, table: bytes) -> None:
        super().__init__()
        model = SentencePieceModel((("<unk>", 0.0, UNKNOWN), ("\n", 0.0, NORMAL)), charsmap=table)
        self._tokenizer = sentencepiece_model.tokenizer(sentencepiece_model.serialize(model), tf.string)

    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        return tf.strings.reduce_join(self._tokenizer.tokenize(texts), axis=1)


def _normalizer(step: Step) -> Callable[[tf.Tensor], tf.Tensor]:
    name, *options = step
    if name == "charsmap":
        return _Charsmap(base64.b64decode(options[0]))
    if name == "lowercase":
        return lower
    if name == "strip":
        return lambda texts: _strip(texts, options[0])
    if name == "replace":
        rewrite = options[1].replace("\\", "\\\\")
        return lambda texts: tf.strings.regex_replace(texts, options[0], rewrite)
    return lambda texts: tf_text.normalize_utf8(texts, name.upper())


def _pre_tokenizer(step: Step) -> Callable[[tf.Tensor], tf.RaggedTensor]:
    """string [N] -> [N, (parts)]."""
    name, *options = step
    if name == "whitespace":
        return lambda texts: _cut(tf.strings.regex_replace(texts, f"{WHITE_SPACE}+", _CUT))
    if name == "punctuation":
        return lambda texts: _cut(tf.strings.regex_replace(texts, f"({_PUNCTUATION})", _CUT + rb"\1" + _CUT))
    if name == "metaspace":
        return lambda texts: _metaspace(texts, options[0] == "always")
    return lambda texts: _byte_level(texts, options[0] == "prefix")


def lower(texts: tf.Tensor) -> tf.Tensor:
    """Every character by itself.

    ASCII first, so that the locale has no say; the capital sigma apart, since Unicode's rule for the end of a
    word is not applied by the reference.
    """
    texts = tf.strings.regex_replace(tf.strings.lower(texts), "Σ", "σ")
    return tf.strings.lower(texts, encoding="utf-8")


def _strip(texts: tf.Tensor, side: str) -> tf.Tensor:
    if side != "right":
        texts = tf.strings.regex_replace(texts, rf"\A{WHITE_SPACE}+", "")
    if side != "left":
        texts = tf.strings.regex_replace(texts, rf"{WHITE_SPACE}+\z", "")
    return texts


def _metaspace(texts: tf.Tensor, prepend: bool) -> tf.RaggedTensor:
    texts = tf.strings.regex_replace(texts, " ", METASPACE)
    if prepend:
        needs_none = tf.strings.regex_full_match(texts, f"(?s)({METASPACE}.*)?")
        texts = tf.where(needs_none, texts, METASPACE + texts)
    return _cut(tf.strings.regex_replace(texts, METASPACE, _CUT + METASPACE.encode()))


def _byte_level(texts: tf.Tensor, prepend: bool) -> tf.RaggedTensor:
    if prepend:
        needs_none = tf.strings.regex_full_match(texts, "(?s)( .*)?")
        texts = tf.where(needs_none, texts, " " + texts)
    texts = tf.strings.regex_replace(texts, _LAST_SPACE, rb"\1" + _CUT + rb"\2")
    return _cut(tf.strings.regex_replace(texts, _BYTE_LEVEL_PART, rb"\1" + _CUT))


def _cut(texts: tf.Tensor) -> tf.RaggedTensor:
    """Texts [N] to the parts between their cuts, [N, (parts)]; none is empty."""
    parts = tf.strings.split(texts, _CUT)
    return tf.ragged.boolean_mask(parts, parts != "")


def _append(ids: tf.RaggedTensor, rows: tf.Tensor, values: tf.Tensor) -> tf.RaggedTensor:
    """Appends one of `values` to each of some rows, given as bool [N]."""
    return tf.concat([ids, tf.RaggedTensor.from_row_lengths(values, tf.cast(rows, tf.int64))], axis=1)
