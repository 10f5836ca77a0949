"""ELECTRA, from a checkpoint in the Hugging Face layout: a BERT whose embeddings may be narrower."""

from __future__ import annotations

import pathlib

from jner_re.encoders import checkpoint, checkpoint_config, token_encoder
from jner_re.encoders.bert import BLOCK_NAMES, SPECIAL_TOKENS
from jner_re.encoders.checkpoint_config import Config
from jner_re.encoders.checkpoint_weights import Weights, dense
from jner_re.encoders.token_encoder import TokenEncoder
from jner_re.encoders.transformer import Transformer

NAME = "electra"


def reads(folder: pathlib.Path) -> bool:
    """Whether the folder is a checkpoint of an ELECTRA.

    Raises:
      InputError: if its config.json can't be read.
    """
    return checkpoint_config.model_type(folder) == NAME


def read(folder: pathlib.Path, pooling: str = "mean") -> TokenEncoder:
    """The encoder, as `bert.read`."""
    return token_encoder.of_checkpoint(folder, read_network(folder), SPECIAL_TOKENS, pooling)


def read_network(folder: pathlib.Path) -> Transformer:
    """Reads and checks config.json and the weights.

    Raises:
      InputError: if a file is missing or malformed, a value of the config is not supported, or a weight is
        missing or of another shape than the config says.
    """
    config = Config(folder, (NAME,))
    config.choice("is_decoder", (False,), False)
    width = config.sizes().width
    weights = Weights(folder, prefix=f"{NAME}.")
    embedding_width = config.whole("embedding_size", 1, 128)
    projection = None
    if embedding_width != width:
        projection = dense(weights, "embeddings_project", embedding_width, width)
    positions = checkpoint.read_positions(config, weights, embedding_width)
    return Transformer(
        checkpoint.read_weights(config, weights, positions, BLOCK_NAMES, embedding_projection=projection)
    )
