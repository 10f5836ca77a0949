"""Which tokenizer a checkpoint's folder has, and its vocabulary.

vocab.txt is WordPiece's. Else tokenizer.json says all; without it there is a model file of SentencePiece, or
vocab.json with merges.txt, and words are prepared as the architecture's tokenizer does.
"""

from __future__ import annotations

import base64
import pathlib
from collections.abc import Mapping, Sequence

from jner_re import files
from jner_re.encoders import (
    byte_pairs,
    checkpoint_config,
    sentencepiece_model,
    tokenizer_json,
)
from jner_re.encoders.byte_pairs import BytePairVocabulary
from jner_re.encoders.sentence_pieces import SentencePieceVocabulary
from jner_re.encoders.sentencepiece_model import CONTROL, NORMAL, UNKNOWN, USER_DEFINED
from jner_re.encoders.special_tokens import SpecialTokens, text_tokens
from jner_re.encoders.vocabularies import Vocabulary
from jner_re.encoders.vocabulary import read_vocabulary
from jner_re.encoders.word_pipeline import Step
from jner_re.errors import InputError

TOKENIZER_JSON = "tokenizer.json"
_WORD_PIECE = "vocab.txt"
_SENTENCE_PIECE = ("spm.model", "sentencepiece.bpe.model", "spiece.model", "tokenizer.model")
_BYTE_PAIR = ("vocab.json", "merges.txt")
_METASPACE: tuple[Step, ...] = (("metaspace", "always"),)

_Piece = tuple[str, float, int]

# fairseq's ids: what stands before the pieces, and how many of the model's first pieces are dropped.
_FAIRSEQ: dict[str, tuple[list[_Piece], int]] = {
    "xlm-roberta": (
        [("<s>", 0.0, CONTROL), ("<pad>", 0.0, CONTROL), ("</s>", 0.0, CONTROL), ("<unk>", 0.0, UNKNOWN)],
        3,
    ),
    "camembert": (
        [
            *(("<s>NOTUSED", 0.0, CONTROL), ("<pad>", 0.0, CONTROL), ("</s>NOTUSED", 0.0, CONTROL)),
            *(("<unk>", 0.0, UNKNOWN), ("<unk>NOTUSED", -100.0, NORMAL)),
        ],
        1,
    ),
}


def read(folder: pathlib.Path, special_tokens: Mapping[str, str], most: int) -> Vocabulary:
    """Reads the vocabulary.

    Args:
      folder: of the checkpoint.
      special_tokens: `cls_token`, `sep_token` and `unk_token` of the architecture, for what the checkpoint
        doesn't give.
      most: how many subwords the checkpoint has embeddings for.

    Raises:
      InputError: if there is no tokenizer, a file is malformed or asks for something that is not supported, a
        special token is not in the vocabulary, or there are too many subwords.
    """
    try:
        return _read(folder, special_tokens, most)
    except InputError:
        raise
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise InputError(
            f"{folder}: a file of its tokenizer is damaged: {type(error).__name__}: {error}"
        ) from None


def _read(folder: pathlib.Path, special_tokens: Mapping[str, str], most: int) -> Vocabulary:
    if (folder / _WORD_PIECE).exists():
        return read_vocabulary(folder, special_tokens, most)
    special = SpecialTokens(folder, special_tokens)
    models = [folder / name for name in _SENTENCE_PIECE if (folder / name).exists()]
    path = folder / TOKENIZER_JSON
    if path.exists() and not (models and tokenizer_json.model_type(path) == "BPE"):
        return tokenizer_json.read(path, special, most)
    if models:
        return _read_model(models[0], special, most)
    if all((folder / name).exists() for name in _BYTE_PAIR):
        return _read_byte_pairs(folder, special, most)
    names = ", ".join((_WORD_PIECE, TOKENIZER_JSON, *_SENTENCE_PIECE))
    raise InputError(f"{folder}: has no tokenizer, expected {names} or {' with '.join(_BYTE_PAIR)}")


def _read_model(path: pathlib.Path, special: SpecialTokens, most: int) -> SentencePieceVocabulary:
    try:
        with files.open_to_read(path) as file:
            model = sentencepiece_model.parse(file.read())
    except ValueError as error:
        raise InputError(f"{path}: can't be read as a model of SentencePiece: {error}") from None
    if model.kind not in (sentencepiece_model.UNIGRAM, sentencepiece_model.BPE):
        raise InputError(f"{path}: its type is {model.kind}, expected Unigram (1) or BPE (2)")
    if model.space_as_suffix:
        raise InputError(f"{path}: puts spaces after words, expected them before")
    for text, _, kind in model.pieces:
        if kind == USER_DEFINED:
            raise InputError(f"{path}: piece {text!r} is user-defined, which is not supported")
    architecture = checkpoint_config.model_type(path.parent)
    pieces = _in_order(model.pieces, architecture)
    unknown = next((i for i, (_, _, kind) in enumerate(pieces) if kind == UNKNOWN), None)
    if unknown is None:
        raise InputError(f"{path}: has no unknown piece")
    is_fairseq = architecture in _FAIRSEQ
    lowercase = not is_fairseq and special.flag("do_lower_case")
    charsmap: tuple[Step, ...] = ()
    if model.charsmap:
        charsmap = (("charsmap", base64.b64encode(model.charsmap).decode()),)
    normalizers, pre_tokenizers = charsmap, _METASPACE
    if is_fairseq:
        pre_tokenizers = (("whitespace",), *pre_tokenizers)
    else:
        normalizers = (("strip", "both"), *charsmap, ("replace", " {2,}", " "))
        if lowercase:
            normalizers = (("lowercase",), *normalizers)
        if special.flag("split_by_punct"):
            pre_tokenizers = (("punctuation",), *pre_tokenizers)
    steps = (normalizers, pre_tokenizers)
    tokens = special.added_tokens()
    return tokenizer_json.of_pieces(
        path, pieces, model.kind, unknown, special, tokens, lowercase, steps, most
    )


def _in_order(pieces: Sequence[_Piece], architecture: str | None) -> list[_Piece]:
    """The pieces in the order of the checkpoint's ids; those of types that only training knows are normal."""
    kept = [(text, score, kind if kind in (UNKNOWN, CONTROL) else NORMAL) for text, score, kind in pieces]
    if architecture not in _FAIRSEQ:
        return kept
    before, skipped = _FAIRSEQ[architecture]
    return [*before, *kept[skipped:], ("<mask>", 0.0, CONTROL)]


def _read_byte_pairs(folder: pathlib.Path, special: SpecialTokens, most: int) -> BytePairVocabulary:
    """RoBERTa's; a space is put before each word, as the reference asks for with sentences in words."""
    path, merges_path = (folder / name for name in _BYTE_PAIR)
    vocabulary = files.read_json(path)
    if not isinstance(vocabulary, dict) or not all(isinstance(i, int) for i in vocabulary.values()):
        raise InputError(f"{path}: expected a JSON object of subwords and their ids")
    lines = files.read_text(merges_path).replace("\r\n", "\n").split("\n")
    merges = [line.split(" ") for line in lines if line and not line.startswith("#version")]
    for merge in merges:
        if len(merge) != 2:
            raise InputError(f"{merges_path}: {' '.join(merge)!r}, expected two subwords")
    tokens = special.added_tokens()
    ids = {**{token["content"]: token["id"] for token in tokens}, **vocabulary}
    tokenizer_json.check_size(path, ids.values(), most)
    try:
        return BytePairVocabulary(
            byte_ids=byte_pairs.byte_ids(vocabulary),
            merges=byte_pairs.merge_ids(merges, vocabulary),
            first=special.id_of("cls_token", ids, path),
            last=special.id_of("sep_token", ids, path),
            unknown=special.id_of("unk_token", ids, path),
            lowercase=False,
            added=text_tokens(tokens, False, path),
            normalizers=(),
            pre_tokenizers=(("byte_level", "prefix"),),
        )
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
