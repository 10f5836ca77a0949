"""BERT, from a checkpoint in the Hugging Face layout."""

from __future__ import annotations

import pathlib

from jner_re.encoders import checkpoint, checkpoint_config, token_encoder
from jner_re.encoders.checkpoint import BlockNames, Checkpoint
from jner_re.encoders.checkpoint_config import Config
from jner_re.encoders.checkpoint_weights import Weights
from jner_re.encoders.token_encoder import TokenEncoder
from jner_re.encoders.transformer import Transformer

NAME = "bert"
# Of the tokenizer, where the checkpoint is silent: first, last and unknown subword.
SPECIAL_TOKENS = {"cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
BLOCK_NAMES = BlockNames(
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
    return checkpoint_config.model_type(folder) == NAME


def read(folder: pathlib.Path, pooling: str = "mean") -> TokenEncoder:
    """The encoder.

    Args:
      folder: with config.json, the weights and what its tokenizer has.
      pooling: of a word's subwords, see `TokenEncoder`.

    Raises:
      InputError: if the checkpoint can't be used.
    """
    return token_encoder.of_checkpoint(folder, Transformer(read_checkpoint(folder)), SPECIAL_TOKENS, pooling)


def read_checkpoint(folder: pathlib.Path) -> Checkpoint:
    """Reads and checks config.json and the weights.

    Raises:
      InputError: if a file is missing or malformed, a value of the config is not supported, or a weight is
        missing or of another shape than the config says.
    """
    config = Config(folder, (NAME,))
    weights = Weights(folder, prefix=f"{NAME}.")
    positions = checkpoint.read_positions(config, weights, config.sizes().width)
    return checkpoint.read_weights(config, weights, positions, BLOCK_NAMES)
