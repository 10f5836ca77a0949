"""Words to subword ids inside the graph, as Hugging Face's BERT tokenizer (BertNormalizer, WordPiece)."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf
import tensorflow_text as tf_text

from jner_re.encoders.word_pipeline import lower

MAX_WORD_CHARS = 100  # longer words are unknown, as in BERT

_CONTROL = r"[\p{C}\x{FFFD}]"
_SPACE = r"[\t\n\r\p{Z}]"
_CJK = (
    r"[\x{4E00}-\x{9FFF}\x{3400}-\x{4DBF}\x{20000}-\x{2A6DF}\x{2A700}-\x{2B73F}\x{2B740}-\x{2B81F}"
    r"\x{2B820}-\x{2CEAF}\x{F900}-\x{FAFF}\x{2F800}-\x{2FA1F}]"
)
_PUNCTUATION = r"[!-/:-@\[-`{-~\p{P}]"


class SubwordTokenizer(tf.Module):
    """Splits words into subwords; the arguments are those of `SubwordVocabulary`."""

    def __init__(
        self, subwords: Sequence[str], unknown: str, lowercase: bool, strip_accents: bool, split_cjk: bool
    ) -> None:
        super().__init__(name="wordpiece")
        self._lowercase = lowercase
        self._strip_accents = strip_accents
        self._split_cjk = split_cjk
        self._unknown = unknown
        self._tokenizer = tf_text.FastWordpieceTokenizer(
            vocab=list(subwords),
            max_bytes_per_word=4 * MAX_WORD_CHARS,
            token_out_type=tf.int32,
            unknown_token=unknown,
            no_pretokenization=True,
        )

    def __call__(self, words: tf.Tensor) -> tf.RaggedTensor:
        """Subword ids of words.

        Args:
          words: string [N]; UTF-8.

        Returns:
          Ids, int32 [N, (subwords)]; every word has at least one, the unknown one if it has no text.
        """
        texts = self._normalise(words)
        texts = tf.where(tf.strings.strip(texts) == "", self._unknown, texts)
        parts = tf.strings.split(texts)
        too_long = tf.strings.length(parts.values, unit="UTF8_CHAR") > MAX_WORD_CHARS
        parts = parts.with_values(tf.where(too_long, self._unknown, parts.values))
        return self._tokenizer.tokenize(parts).merge_dims(1, 2)

    def _normalise(self, words: tf.Tensor) -> tf.Tensor:
        """Cleans, lowers and puts spaces around ideographs and punctuation.

        Differs from the reference for some characters of rare scripts, which its older Unicode tables class
        otherwise or not at all (docs/encoders.md).
        """
        words = tf.strings.unicode_transcode(words, "UTF-8", "UTF-8")  # broken bytes become U+FFFD
        words = tf.strings.regex_replace(words, _SPACE, " ")
        words = tf.strings.regex_replace(words, _CONTROL, "")
        if self._split_cjk:
            words = tf.strings.regex_replace(words, _CJK, r" \0 ")
        if self._strip_accents:
            words = tf.strings.regex_replace(tf_text.normalize_utf8(words, "NFD"), r"\p{Mn}", "")
        if self._lowercase:
            words = lower(words)
        return tf.strings.regex_replace(words, _PUNCTUATION, r" \0 ")
