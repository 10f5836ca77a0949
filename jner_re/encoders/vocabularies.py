"""The kinds of vocabularies that encoders have, as JSON for encoder.json."""

from __future__ import annotations

import dataclasses
from typing import Any

from jner_re.encoders.byte_pairs import BytePairVocabulary
from jner_re.encoders.sentence_pieces import SentencePieceVocabulary
from jner_re.encoders.vocabulary import SubwordVocabulary

Vocabulary = SubwordVocabulary | SentencePieceVocabulary | BytePairVocabulary

_SENTENCE_PIECE, _BYTE_PAIR = "sentencepiece", "byte_pair"  # `kind` in encoder.json; WordPiece has none


def to_json(vocabulary: Vocabulary) -> dict[str, Any]:
    """The vocabulary as a JSON object."""
    values = dataclasses.asdict(vocabulary)
    if isinstance(vocabulary, SentencePieceVocabulary):
        return {"kind": _SENTENCE_PIECE, **values}
    if isinstance(vocabulary, BytePairVocabulary):
        return {"kind": _BYTE_PAIR, **values}
    return values


def from_json(values: dict[str, Any]) -> Vocabulary:
    """The inverse of `to_json`.

    Raises:
      KeyError: if it is of no known kind.
      TypeError: if a value is missing or surplus.
    """
    fields = {name: _tuples(value) for name, value in values.items() if name != "kind"}
    if "kind" not in values:
        return SubwordVocabulary(**fields)
    kinds = {_SENTENCE_PIECE: SentencePieceVocabulary, _BYTE_PAIR: BytePairVocabulary}
    return kinds[values["kind"]](**fields)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list | tuple) else value
