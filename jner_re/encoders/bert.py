"""BERT, from a checkpoint in the Hugging Face layout."""

from __future__ import annotations

import pathlib

from jner_re.encoders import checkpoint
from jner_re.encoders.checkpoint import AttentionNames, Checkpoint
from jner_re.encoders.token_encoder import TokenEncoder
from jner_re.encoders.vocabulary import read_vocabulary
from jner_re.errors import InputError

NAME = "bert"
# Of the tokenizer, where the checkpoint is silent: first, last and unknown subword.
SPECIAL_TOKENS = {"cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
_ATTENTION = AttentionNames(
    query="attention.self.query",
    key="attention.self.key",
    value="attention.self.value",
    output="attention.output.dense",
    norm="attention.output.LayerNorm",
)


def reads(folder: pathlib.Path) -> bool:
    """Whether the folder is a checkpoint of a BERT.

    Raises:
      InputError: if its config.json can't be read.
    """
    return checkpoint.model_type(folder) == NAME


def read(folder: pathlib.Path, pooling: str = "mean") -> TokenEncoder:
    """The encoder.

    Args:
      folder: with config.json, vocab.txt and model.safetensors.
      pooling: of a word's subwords, see `TokenEncoder`.

    Raises:
      InputError: if the checkpoint can't be used.
    """
    weights = read_checkpoint(folder)
    return TokenEncoder(weights, read_vocabulary(folder, SPECIAL_TOKENS, weights.vocabulary_size), pooling)


def read_checkpoint(folder: pathlib.Path) -> Checkpoint:
    """Reads and checks config.json and model.safetensors.

    The embedding of token type 0, which all tokens have here, is added to the positions'.

    Raises:
      InputError: if a file is missing or malformed, a value of the config is not supported, or a weight is
        missing or of another shape than the config says.
    """
    config = checkpoint.read_config(folder, NAME)
    kind = config.get("position_embedding_type", "absolute")
    if kind != "absolute":
        raise InputError(
            f"{folder / checkpoint.CONFIG}: position_embedding_type is {kind!r}, expected absolute"
        )
    weights = checkpoint.Weights(folder / checkpoint.WEIGHTS, prefix=f"{NAME}.")
    width, positions = config["hidden_size"], config["max_position_embeddings"]
    types = config.get("type_vocab_size", 2)
    position_embeddings = weights.get("embeddings.position_embeddings.weight", positions, width)
    type_embeddings = weights.get("embeddings.token_type_embeddings.weight", types, width)
    return checkpoint.read_weights(
        config, weights, position_embeddings + type_embeddings[0], None, _ATTENTION
    )
