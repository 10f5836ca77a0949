"""DistilBERT, from a checkpoint in the Hugging Face layout: a BERT without token types."""

from __future__ import annotations

import pathlib

from jner_re.encoders import checkpoint, checkpoint_config, token_encoder
from jner_re.encoders.bert import SPECIAL_TOKENS
from jner_re.encoders.checkpoint import BlockNames
from jner_re.encoders.checkpoint_config import Config
from jner_re.encoders.checkpoint_weights import Weights
from jner_re.encoders.token_encoder import TokenEncoder
from jner_re.encoders.transformer import Transformer

NAME = "distilbert"
_BLOCK_NAMES = BlockNames(
    query="attention.q_lin",
    key="attention.k_lin",
    value="attention.v_lin",
    output="attention.out_lin",
    norm="sa_layer_norm",
    block="transformer.layer",
    expansion="ffn.lin1",
    contraction="ffn.lin2",
    output_norm="output_layer_norm",
)
_CONFIG_NAMES = {
    "hidden_size": "dim",
    "num_hidden_layers": "n_layers",
    "num_attention_heads": "n_heads",
    "intermediate_size": "hidden_dim",
    "hidden_act": "activation",
    "hidden_dropout_prob": "dropout",
    "attention_probs_dropout_prob": "attention_dropout",
}


def reads(folder: pathlib.Path) -> bool:
    """Whether the folder is a checkpoint of a DistilBERT.

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
    config = Config(folder, (NAME,), _CONFIG_NAMES)
    weights = Weights(folder, prefix=f"{NAME}.")
    sizes = config.sizes()
    positions = weights.get("embeddings.position_embeddings.weight", sizes.positions, sizes.width)
    return Transformer(checkpoint.read_weights(config, weights, positions, _BLOCK_NAMES))
