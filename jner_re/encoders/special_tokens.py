"""What a checkpoint's small files say of its tokenizer: special tokens, added ones, flags."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Any

from jner_re.encoders.vocabulary import read_settings, token_text
from jner_re.errors import InputError

_ALIASES = {"cls_token": "bos_token", "sep_token": "eos_token"}
_NAMES = (*_ALIASES, *_ALIASES.values(), "unk_token", "pad_token", "mask_token")
_SPECIAL = ("[PAD]", "[MASK]", "<pad>", "<mask>")  # also where no file says so


class SpecialTokens:
    """tokenizer_config.json, special_tokens_map.json and added_tokens.json, where they exist."""

    def __init__(self, folder: pathlib.Path, defaults: Mapping[str, str]) -> None:
        """Reads the files.

        Args:
          folder: of the checkpoint.
          defaults: `cls_token`, `sep_token` and `unk_token` of the architecture.

        Raises:
          InputError: if a file is malformed.
        """
        self._settings = {
            **read_settings(folder, "special_tokens_map.json"),
            **read_settings(folder, "tokenizer_config.json"),
        }
        self._given = {name: token_text(self._settings[name]) for name in _NAMES if self._settings.get(name)}
        self._defaults = defaults
        self._added_ids = read_settings(folder, "added_tokens.json")

    def flag(self, name: str) -> bool:
        """Whether tokenizer_config.json says so."""
        return bool(self._settings.get(name, False))

    def added_tokens(self) -> list[dict[str, Any]]:
        """Tokens that are not of the model, as tokenizer.json's `added_tokens` gives them."""
        special = {*self._given.values(), *self._defaults.values(), *_SPECIAL}
        decoder = self._settings.get("added_tokens_decoder") or {}
        tokens = [{"id": int(i), **token} for i, token in decoder.items()]
        known = {token["content"] for token in tokens}
        return tokens + [
            {"id": i, "content": content, "special": content in special}
            for content, i in self._added_ids.items()
            if content not in known
        ]

    def id_of(self, name: str, ids: Mapping[str, int], path: pathlib.Path) -> int:
        """The id of a special token.

        Args:
          name: of the token.
          ids: of all tokens.
          path: the file that they are from, for messages.

        Raises:
          InputError: if there is no such token.
        """
        token = self._given.get(name, self._defaults[name])
        if token not in ids and name not in self._given:
            token = self._given.get(_ALIASES.get(name, name), token)
        if token not in ids:
            raise InputError(f"{path}: {name} is {token!r}, expected a token of the file")
        return ids[token]


def text_tokens(
    tokens: list[dict[str, Any]], lowercase: bool, path: pathlib.Path
) -> tuple[tuple[str, int], ...]:
    """The added tokens that words are searched for, with their ids; a special one is text if it is in a word.

    Raises:
      InputError: if one is to be searched for in a way that is not supported.
    """
    found = []
    for token in tokens:
        content = token["content"]
        if token.get("special"):
            continue
        for option in ("single_word", "lstrip", "rstrip"):
            if token.get(option):
                raise InputError(f"{path}: added token {content!r} has {option}, which is not supported")
        if lowercase and token.get("normalized", True) and content != content.lower():
            raise InputError(
                f"{path}: added token {content!r} has capitals, which an uncased tokenizer loses"
            )
        found.append((content, int(token["id"])))
    return tuple(found)
