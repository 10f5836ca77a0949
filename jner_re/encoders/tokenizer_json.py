"""The vocabulary of a tokenizer.json, the file of Hugging Face's tokenizers."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

from jner_re import files
from jner_re.encoders import byte_pairs, sentence_pieces, tokenizer_steps
from jner_re.encoders.byte_pairs import BytePairVocabulary
from jner_re.encoders.sentence_pieces import SentencePieceVocabulary
from jner_re.encoders.sentencepiece_model import CONTROL, NORMAL, UNIGRAM, UNKNOWN
from jner_re.encoders.special_tokens import SpecialTokens, text_tokens
from jner_re.encoders.subwords import MAX_WORD_CHARS
from jner_re.encoders.vocabularies import Vocabulary
from jner_re.encoders.vocabulary import SubwordVocabulary
from jner_re.encoders.word_pipeline import Step
from jner_re.errors import InputError


def read(path: pathlib.Path, special: SpecialTokens, most: int) -> Vocabulary:
    """Reads the vocabulary.

    Args:
      path: of the file.
      special: what the files beside it say.
      most: how many subwords the checkpoint has embeddings for.

    Raises:
      InputError: if the file is malformed or asks for something that is not supported, a special token is not
        in the vocabulary, or there are too many subwords.
    """
    content = _read_object(path)
    try:
        kind = _model_type(content)
        if kind == "WordPiece":
            return _word_piece(path, content, special, most)
        if kind == "Unigram":
            return _unigram(path, content, special, most)
        if kind == "BPE":
            return _byte_pairs(path, content, special, most)
    except InputError:
        raise
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise InputError(f"{path}: damaged: {error!r}") from None
    raise InputError(f"{path}: its model is {kind!r}, expected WordPiece, Unigram or BPE")


def model_type(path: pathlib.Path) -> str | None:
    """The type of the file's model.

    Raises:
      InputError: if the file can't be read or is no JSON object.
    """
    return _model_type(_read_object(path))


def _model_type(content: dict[str, Any]) -> str | None:
    model = content.get("model") or {}
    if "type" in model:
        return model["type"]
    # Old files don't say.
    if "merges" in model:
        return "BPE"
    return "WordPiece" if "max_input_chars_per_word" in model else "Unigram"


def _read_object(path: pathlib.Path) -> dict[str, Any]:
    content = files.read_json(path)
    if not isinstance(content, dict):
        raise InputError(f"{path}: is {type(content).__name__}, expected a JSON object")
    return content


def _word_piece(
    path: pathlib.Path, content: dict[str, Any], special: SpecialTokens, most: int
) -> SubwordVocabulary:
    model = content["model"]
    normalizer = content.get("normalizer") or {}
    splitting = content.get("pre_tokenizer") or {}
    for name, value, expected in (
        ("normalizer", normalizer.get("type"), "BertNormalizer"),
        ("clean_text", normalizer.get("clean_text", True), True),
        ("pre_tokenizer", splitting.get("type"), "BertPreTokenizer"),
        ("continuing_subword_prefix", model.get("continuing_subword_prefix", "##"), "##"),
        ("max_input_chars_per_word", model.get("max_input_chars_per_word", 100), MAX_WORD_CHARS),
    ):
        if value != expected:
            raise InputError(f"{path}: {name} is {value!r}, expected {expected!r}")
    lowercase = bool(normalizer.get("lowercase", True))
    strip_accents = normalizer.get("strip_accents")
    tokens = content.get("added_tokens") or []
    for text, _ in text_tokens(tokens, lowercase, path):
        raise InputError(
            f"{path}: added token {text!r} is not special, which is not supported with WordPiece"
        )
    ids = {**{token["content"]: token["id"] for token in tokens}, **model["vocab"]}
    check_size(path, ids.values(), most)
    subwords = [f"\n{i}" for i in range(max(ids.values()) + 1)]  # of ids that no subword has
    for text, i in ids.items():
        subwords[i] = text
    return SubwordVocabulary(
        subwords=tuple(subwords),
        first=special.id_of("cls_token", ids, path),
        last=special.id_of("sep_token", ids, path),
        unknown=model.get("unk_token", "[UNK]"),
        lowercase=lowercase,
        strip_accents=lowercase if strip_accents is None else bool(strip_accents),
        split_cjk=bool(normalizer.get("handle_chinese_chars", True)),
    )


def _unigram(
    path: pathlib.Path, content: dict[str, Any], special: SpecialTokens, most: int
) -> SentencePieceVocabulary:
    model = content["model"]
    unknown = model.get("unk_id")
    if unknown is None:
        raise InputError(f"{path}: unk_id is None, expected the id of the unknown piece")
    if model.get("byte_fallback"):
        raise InputError(f"{path}: byte_fallback is true, which is not supported")
    normalizers = tokenizer_steps.normalizers(content.get("normalizer"), path)
    pre_tokenizers = tokenizer_steps.pre_tokenizers(content.get("pre_tokenizer"), path)
    lowercase = ("lowercase",) in normalizers
    tokens = content.get("added_tokens") or []
    control = {token["content"] for token in tokens if token.get("special")}
    pieces = [
        (text, score, UNKNOWN if i == unknown else CONTROL if text in control else NORMAL)
        for i, (text, score) in enumerate(model["vocab"])
    ]
    steps = (normalizers, pre_tokenizers)
    return of_pieces(path, pieces, UNIGRAM, unknown, special, tokens, lowercase, steps, most)


def of_pieces(
    path: pathlib.Path,
    pieces: Sequence[tuple[str, float, int]],
    kind: int,
    unknown: int,
    special: SpecialTokens,
    tokens: list[dict[str, Any]],
    lowercase: bool,
    steps: tuple[tuple[Step, ...], tuple[Step, ...]],
    most: int,
) -> SentencePieceVocabulary:
    """The vocabulary of pieces and added tokens, whatever file they are from.

    Args:
      path: the file, for messages.
      pieces: text, score and type of each, in the order of the checkpoint's ids.
      kind: of the model, UNIGRAM or BPE.
      unknown: id of the unknown piece.
      special: the checkpoint's special tokens.
      tokens: the added ones, as tokenizer.json has them.
      lowercase: whether words are lowered.
      steps: normalizers and pre-tokenizers.
      most: see `check_size`.

    Raises:
      InputError: a special token is not there, an added one is not supported, or there are too many.
    """
    ids = {token["content"]: token["id"] for token in tokens}
    ids |= {text: i for i, (text, _, _) in enumerate(pieces)}
    check_size(path, ids.values(), most)
    return SentencePieceVocabulary(
        model=sentence_pieces.model_of(pieces, kind),
        first=special.id_of("cls_token", ids, path),
        last=special.id_of("sep_token", ids, path),
        unknown=unknown,
        lowercase=lowercase,
        added=text_tokens(tokens, lowercase, path),
        normalizers=steps[0],
        pre_tokenizers=steps[1],
    )


def _byte_pairs(
    path: pathlib.Path, content: dict[str, Any], special: SpecialTokens, most: int
) -> BytePairVocabulary:
    model = content["model"]
    pre_tokenizers = tokenizer_steps.pre_tokenizers(content.get("pre_tokenizer"), path)
    if not pre_tokenizers or pre_tokenizers[-1][0] != "byte_level":
        raise InputError(
            f"{path}: its BPE is not of bytes (ByteLevel), expected SentencePiece's model file beside it"
        )
    for name in (
        *("dropout", "continuing_subword_prefix", "end_of_word_suffix"),
        *("byte_fallback", "ignore_merges"),
    ):
        if model.get(name):
            raise InputError(f"{path}: {name} is {model[name]!r}, which is not supported")
    # RoBERTa asks for a space before each word, if a sentence comes in words.
    is_roberta = (content.get("post_processor") or {}).get("type") == "RobertaProcessing"
    if is_roberta or special.flag("add_prefix_space"):
        pre_tokenizers = (*pre_tokenizers[:-1], ("byte_level", "prefix"))
    normalizers = tokenizer_steps.normalizers(content.get("normalizer"), path)
    lowercase = ("lowercase",) in normalizers
    tokens = content.get("added_tokens") or []
    ids = {**{token["content"]: token["id"] for token in tokens}, **model["vocab"]}
    check_size(path, ids.values(), most)
    merges = [merge.split(" ") if isinstance(merge, str) else merge for merge in model["merges"]]
    return BytePairVocabulary(
        byte_ids=byte_pairs.byte_ids(model["vocab"]),
        merges=byte_pairs.merge_ids(merges, model["vocab"]),
        first=special.id_of("cls_token", ids, path),
        last=special.id_of("sep_token", ids, path),
        unknown=special.id_of("unk_token", ids, path),
        lowercase=lowercase,
        added=text_tokens(tokens, lowercase, path),
        normalizers=normalizers,
        pre_tokenizers=pre_tokenizers,
    )


def check_size(path: pathlib.Path, ids: Any, most: int) -> None:
    """Checks that there is an embedding for every id.

    Raises:
      InputError: if not.
    """
    count = max(ids) + 1
    if count > most:
        raise InputError(f"{path}: has {count} subwords, expected at most vocab_size ({most} in config.json)")
