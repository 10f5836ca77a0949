"""What a checkpoint says about its subwords: vocabulary, casing, special tokens."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from jner_re import files
from jner_re.encoders.subwords import SubwordTokenizer
from jner_re.errors import InputError


@dataclasses.dataclass(frozen=True)
class SubwordVocabulary:
    """The subwords of a checkpoint and how words are normalised before they are looked up.

    Attributes:
      subwords: position is id; those that continue a word start with "##".
      first: id put before every sentence.
      last: id put after every sentence.
      unknown: the subword that stands for a word not in the vocabulary.
      lowercase: whether the checkpoint is uncased.
      strip_accents: whether combining marks are removed.
      split_cjk: whether each CJK ideograph is a word of its own.
    """

    subwords: tuple[str, ...]
    first: int
    last: int
    unknown: str
    lowercase: bool
    strip_accents: bool
    split_cjk: bool

    def tokenizer(self) -> tf.Module:
        """Words string [N] -> ids int32 [N, (subwords)]."""
        return SubwordTokenizer(
            self.subwords, self.unknown, self.lowercase, self.strip_accents, self.split_cjk
        )


def read_vocabulary(folder: pathlib.Path, special_tokens: Mapping[str, str], most: int) -> SubwordVocabulary:
    """Reads vocab.txt and, where they exist, tokenizer_config.json and special_tokens_map.json.

    A checkpoint without `do_lower_case` is uncased if its vocabulary has no capital letter.

    Args:
      folder: of the checkpoint.
      special_tokens: `cls_token`, `sep_token` and `unk_token` of the architecture, for what the checkpoint
        doesn't give.
      most: how many subwords the checkpoint has embeddings for.

    Raises:
      InputError: if a file is missing or malformed, a special token is not in the vocabulary, or there are
        too many subwords.
    """
    path = folder / "vocab.txt"
    lines = files.read_text(path).replace("\r\n", "\n").removesuffix("\n").split("\n")
    if len(lines) > most:
        raise InputError(
            f"{path}: has {len(lines)} lines, expected at most vocab_size ({most} in config.json)"
        )
    ids = {subword: i for i, subword in enumerate(lines)}
    # Of a subword that is there twice the last line counts; the line break puts the others out of reach.
    subwords = tuple(subword if ids[subword] == i else f"\n{i}" for i, subword in enumerate(lines))
    settings = {
        **read_settings(folder, "special_tokens_map.json"),
        **read_settings(folder, "tokenizer_config.json"),
    }
    special = {name: token_text(settings.get(name) or default) for name, default in special_tokens.items()}
    for name, token in special.items():
        if token not in ids:
            raise InputError(f"{path}: {name} is {token!r}, expected a line of the file")

    lowercase = settings.get("do_lower_case")
    if lowercase is None:
        lowercase = not any(
            subword != subword.lower() for subword in subwords if subword[:1] not in ("[", "<")
        )
    strip_accents = settings.get("strip_accents")
    return SubwordVocabulary(
        subwords=subwords,
        first=ids[special["cls_token"]],
        last=ids[special["sep_token"]],
        unknown=special["unk_token"],
        lowercase=bool(lowercase),
        strip_accents=bool(lowercase if strip_accents is None else strip_accents),
        split_cjk=bool(settings.get("tokenize_chinese_chars", True)),
    )


def read_settings(folder: pathlib.Path, name: str) -> dict[str, Any]:
    """The JSON object in a file of the checkpoint; empty if there is no such file."""
    path = folder / name
    if not path.exists():
        return {}
    settings = files.read_json(path)
    if not isinstance(settings, dict):
        raise InputError(f"{path}: is {type(settings).__name__}, expected a JSON object")
    return settings


def token_text(token: str | dict[str, Any]) -> str:
    """A special token is given as text, or as an object whose `content` is the text."""
    return token if isinstance(token, str) else str(token["content"])
