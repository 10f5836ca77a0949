"""Subwords of a SentencePiece model (DeBERTa-v2, XLM-RoBERTa, CamemBERT)."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Sequence

import tensorflow as tf

from jner_re.encoders.sentencepiece_model import CONTROL, UNIGRAM, SentencePieceModel, serialize, tokenizer
from jner_re.encoders.word_pipeline import Step, WordPipeline

_GRID = 2**-16  # of scores: a sum of up to 256 has the 24 bits of float32


@dataclasses.dataclass(frozen=True)
class SentencePieceVocabulary:
    """The pieces of a checkpoint and how words are prepared for them.

    Attributes:
      model: SentencePiece's model file in base64; its ids are the checkpoint's.
      first: id put before every sentence.
      last: id put after every sentence.
      unknown: id of what the model has no piece for.
      lowercase: whether the checkpoint is uncased.
      added: texts that are one subword each, with their ids; see `WordPipeline`.
      normalizers: see `word_pipeline`.
      pre_tokenizers: likewise.
    """

    model: str
    first: int
    last: int
    unknown: int
    lowercase: bool
    added: tuple[tuple[str, int], ...]
    normalizers: tuple[Step, ...]
    pre_tokenizers: tuple[Step, ...]

    def tokenizer(self) -> tf.Module:
        """Words string [N] -> ids int32 [N, (subwords)]."""
        return WordPipeline(
            self.added, self.normalizers, self.pre_tokenizers, _Pieces(self.model), self.unknown
        )


def model_of(pieces: Sequence[tuple[str, float, int]], kind: int = UNIGRAM) -> str:
    """The model file of pieces (text, score, type), in base64.

    SentencePiece wants each piece to be another one. Of those that are there twice the last counts, as in
    the reference; no text has the others' names. Scores are rounded so that sums of float32 are exact: then
    of two ways to split a word into the same pieces ("--", "-" and "-", "--") the reference's is taken, which
    sums in float64.
    """
    places = {text: i for i, (text, _, _) in enumerate(pieces)}
    distinct = (
        (text, round(score / _GRID) * _GRID, kind) if text and places[text] == i else (f"\n{i}", 0.0, CONTROL)
        for i, (text, score, kind) in enumerate(pieces)
    )
    return base64.b64encode(serialize(SentencePieceModel(tuple(distinct), kind))).decode()


class _Pieces(tf.Module):
    """Parts string [P] -> ids int32 [P, (pieces)]."""

    def __init__(self, model: str) -> None:
        super().__init__(name="sentence_pieces")
        self._tokenizer = tokenizer(base64.b64decode(model), tf.int32)

    def __call__(self, parts: tf.Tensor) -> tf.RaggedTensor:
        return self._tokenizer.tokenize(parts)
