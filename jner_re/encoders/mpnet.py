"""MPNet, from a checkpoint in the Hugging Face layout."""

from __future__ import annotations

import math
import pathlib

import numpy as np

from jner_re.encoders import checkpoint, checkpoint_config, token_encoder
from jner_re.encoders.checkpoint import BlockNames, Checkpoint
from jner_re.encoders.checkpoint_config import Config
from jner_re.encoders.checkpoint_weights import Weights
from jner_re.encoders.token_encoder import TokenEncoder
from jner_re.encoders.transformer import Transformer

NAME = "mpnet"
# Of the tokenizer, where the checkpoint is silent: first, last and unknown subword.
SPECIAL_TOKENS = {"cls_token": "<s>", "sep_token": "</s>", "unk_token": "[UNK]"}
_BLOCK_NAMES = BlockNames(
    query="attention.attn.q",
    key="attention.attn.k",
    value="attention.attn.v",
    output="attention.attn.o",
    norm="attention.LayerNorm",
)
_FIRST_POSITION = 2  # padding_idx + 1
# Of the attention by distance; `transformers` fixes both, whatever the config says.
_DISTANCE_BUCKETS = 32
_MAX_DISTANCE = 128


def reads(folder: pathlib.Path) -> bool:
    """Whether the folder is a checkpoint of an MPNet.

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
    config.choice("relative_attention_num_buckets", (_DISTANCE_BUCKETS,), _DISTANCE_BUCKETS)
    sizes = config.sizes()
    weights = Weights(folder, prefix=f"{NAME}.")
    position_embeddings = weights.get("embeddings.position_embeddings.weight", sizes.positions, sizes.width)
    bucket_bias = weights.get("encoder.relative_attention_bias.weight", _DISTANCE_BUCKETS, sizes.heads)
    position_embeddings = position_embeddings[_FIRST_POSITION:]
    distances = np.arange(1 - len(position_embeddings), len(position_embeddings))
    distance_bias = bucket_bias[distance_bucket(distances)]
    return checkpoint.read_weights(config, weights, position_embeddings, _BLOCK_NAMES, distance_bias)


def distance_bucket(distances: np.ndarray) -> np.ndarray:
    """MPNet's bucket of a distance (position of the key less that of the query), as T5's.

    Keys on the right have buckets 16 to 31, others 0 to 15: the first eight for distances 0 to 7, the
    rest growing with the logarithm up to 128.
    """
    side = _DISTANCE_BUCKETS // 2
    exact = side // 2
    size = np.abs(distances).astype(np.float32)
    growth = (
        np.log(np.maximum(size, 1) / exact) / np.float32(math.log(_MAX_DISTANCE / exact)) * (side - exact)
    )
    bucket = np.where(size < exact, size, np.minimum(exact + np.trunc(growth), side - 1))
    return (bucket + np.where(distances > 0, side, 0)).astype(np.int64)
