"""SentencePiece's model file (a ModelProto message), as far as it is needed: read, written and used.

The message is defined in https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto.
"""

from __future__ import annotations

import dataclasses
import hashlib
import struct
from collections.abc import Iterator

import tensorflow as tf
import tensorflow_text as tf_text

NORMAL, UNKNOWN, CONTROL, USER_DEFINED = 1, 2, 3, 4  # types of pieces
UNIGRAM, BPE = 1, 2  # types of models

_PIECES, _TRAINER, _NORMALIZER = 1, 2, 3  # fields of ModelProto
_TEXT, _SCORE, _TYPE = 1, 2, 3  # of SentencePiece
_MODEL_TYPE, _BYTE_FALLBACK, _SUFFIX = 3, 35, 24  # of TrainerSpec
_CHARSMAP, _DUMMY_PREFIX, _EXTRA_WHITESPACES, _ESCAPE = 2, 3, 4, 5  # of NormalizerSpec

# A table of normalisation that changes nothing: with none at all, SentencePiece logs that there is none. The
# size of a trie, the trie (darts-clone: a root, and 255 units that no byte leads to), and no text.
_UNCHANGED = struct.pack("<257I", 1024, 0, *[1 << 31] * 255) + b"\0"

_Value = int | bytes


@dataclasses.dataclass(frozen=True)
class SentencePieceModel:
    """What a model file says of splitting.

    Attributes:
      pieces: text, score (a logarithm of probability) and type of each; position is id.
      kind: `UNIGRAM`, `BPE` or another type of models.
      charsmap: the compiled table of normalisation; empty for none.
      byte_fallback: whether unknown characters become pieces of bytes.
      space_as_suffix: whether a piece's space is at its end.
    """

    pieces: tuple[tuple[str, float, int], ...]
    kind: int = UNIGRAM
    charsmap: bytes = b""
    byte_fallback: bool = False
    space_as_suffix: bool = False


def parse(content: bytes) -> SentencePieceModel:
    """Reads a model file.

    Raises:
      ValueError: if it is none.
    """
    pieces = []
    trainer: dict[int, _Value] = {}
    normalizer: dict[int, _Value] = {}
    try:
        for field, value in _fields(content):
            if field == _PIECES:
                pieces.append(_parse_piece(_bytes(value)))
            elif field == _TRAINER:
                trainer.update(_fields(_bytes(value)))
            elif field == _NORMALIZER:
                normalizer.update(_fields(_bytes(value)))
    except (IndexError, TypeError, struct.error) as error:
        raise ValueError(f"damaged: {error}") from None
    if not pieces:
        raise ValueError("has no pieces")
    return SentencePieceModel(
        pieces=tuple(pieces),
        kind=int(trainer.get(_MODEL_TYPE, UNIGRAM)),
        charsmap=_bytes(normalizer.get(_CHARSMAP, b"")),
        byte_fallback=bool(trainer.get(_BYTE_FALLBACK, 0)),
        space_as_suffix=bool(trainer.get(_SUFFIX, 0)),
    )


def serialize(model: SentencePieceModel) -> bytes:
    """A model file that splits text as it comes: no prefix, no white space removed or escaped."""
    message = bytearray()
    for text, score, kind in model.pieces:
        piece = (
            _length_delimited(_TEXT, text.encode())
            + bytes([_SCORE << 3 | 5])
            + struct.pack("<f", score)
            + _varint_field(_TYPE, kind)
        )
        message += _length_delimited(_PIECES, piece)
    trainer = _varint_field(_MODEL_TYPE, model.kind) + _varint_field(_BYTE_FALLBACK, model.byte_fallback)
    normalizer = _length_delimited(_CHARSMAP, model.charsmap or _UNCHANGED)
    for field in (_DUMMY_PREFIX, _EXTRA_WHITESPACES, _ESCAPE):
        normalizer += _varint_field(field, 0)
    message += _length_delimited(_TRAINER, trainer) + _length_delimited(_NORMALIZER, normalizer)
    return bytes(message)


def tokenizer(content: bytes, out_type: tf.DType) -> tf_text.SentencepieceTokenizer:
    """TensorFlow Text's tokenizer of a model file.

    SavedModels that a process has loaded share what has the same name in their graphs, so that a model's name
    has to be its own: without one, the first model would serve for all.

    Args:
      content: the file.
      out_type: tf.int32 for ids, tf.string for pieces.
    """
    name = f"sentencepiece_{hashlib.sha256(content).hexdigest()}"
    return tf_text.SentencepieceTokenizer(content, out_type=out_type, name=name)


def _parse_piece(message: bytes) -> tuple[str, float, int]:
    fields = dict(_fields(message))
    (score,) = struct.unpack("<f", _bytes(fields.get(_SCORE, bytes(4))))
    return _bytes(fields.get(_TEXT, b"")).decode(), score, int(fields.get(_TYPE, NORMAL))


def _fields(message: bytes) -> Iterator[tuple[int, _Value]]:
    """Number and content of each field, numbers of fixed size as bytes."""
    place = 0
    while place < len(message):
        key, place = _read_varint(message, place)
        wire_type = key & 7
        if wire_type == 0:
            value, place = _read_varint(message, place)
            yield key >> 3, value
            continue
        if wire_type == 2:
            size, place = _read_varint(message, place)
        elif wire_type in (1, 5):
            size = 8 if wire_type == 1 else 4
        else:
            raise IndexError(f"wire type {wire_type} of field {key >> 3}")
        if place + size > len(message):
            raise IndexError(f"field {key >> 3} is cut off")
        yield key >> 3, message[place : place + size]
        place += size


def _read_varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _varint_field(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _length_delimited(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _bytes(value: _Value) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("a number where bytes were expected")
    return value
