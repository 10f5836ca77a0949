"""RoBERTa, CamemBERT and XLM-RoBERTa, from a checkpoint in the Hugging Face layout."""

from __future__ import annotations

import pathlib

from jner_re.encoders import checkpoint, checkpoint_config, token_encoder
from jner_re.encoders.bert import BLOCK_NAMES
from jner_re.encoders.checkpoint_config import Config
from jner_re.encoders.checkpoint_weights import Weights
from jner_re.encoders.token_encoder import TokenEncoder
from jner_re.encoders.transformer import Transformer

NAME = "roberta or camembert or xlm-roberta"
MODEL_TYPES = ("roberta", "camembert", "xlm-roberta")  # they differ in their tokenizers
# Of the tokenizer, where the checkpoint is silent: first, last and unknown subword.
SPECIAL_TOKENS = {"cls_token": "<s>", "sep_token": "</s>", "unk_token": "<unk>"}


def reads(folder: pathlib.Path) -> bool:
    """Whether the folder is a checkpoint of one of them.

    Raises:
      InputError: if its config.json can't be read.
    """
    return checkpoint_config.model_type(folder) in MODEL_TYPES


def read(folder: pathlib.Path, pooling: str = "mean") -> TokenEncoder:
    """The encoder, as `bert.read`."""
    return token_encoder.of_checkpoint(folder, read_network(folder), SPECIAL_TOKENS, pooling)


def read_network(folder: pathlib.Path) -> Transformer:
    """Reads and checks config.json and the weights.

    Positions are counted from the id of padding plus one: the rows before are never used.

    Raises:
      InputError: if a file is missing or malformed, a value of the config is not supported, or a weight is
        missing or of another shape than the config says.
    """
    config = Config(folder, MODEL_TYPES)
    config.choice("is_decoder", (False,), False)
    weights = Weights(folder, prefix="roberta.")
    first = config.whole("pad_token_id", 0, 1) + 1
    positions = checkpoint.read_positions(config, weights, config.sizes().width, first)
    return Transformer(checkpoint.read_weights(config, weights, positions, BLOCK_NAMES))
