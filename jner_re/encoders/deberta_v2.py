"""DeBERTa-v2 and -v3 (mDeBERTa too), from a checkpoint in the Hugging Face layout."""

from __future__ import annotations

import pathlib

from jner_re.encoders import checkpoint_config, token_encoder
from jner_re.encoders.bert import SPECIAL_TOKENS
from jner_re.encoders.checkpoint_config import ACTIVATIONS, Config
from jner_re.encoders.checkpoint_weights import Weights
from jner_re.encoders.disentangled_transformer import DisentangledTransformer, Settings
from jner_re.encoders.token_encoder import TokenEncoder

NAME = "deberta-v2"


def reads(folder: pathlib.Path) -> bool:
    """Whether the folder is a checkpoint of a DeBERTa-v2 or -v3.

    Raises:
      InputError: if its config.json can't be read.
    """
    return checkpoint_config.model_type(folder) == NAME


def read(folder: pathlib.Path, pooling: str = "mean") -> TokenEncoder:
    """The encoder, as `bert.read`."""
    return token_encoder.of_checkpoint(folder, read_network(folder), SPECIAL_TOKENS, pooling)


def read_network(folder: pathlib.Path) -> DisentangledTransformer:
    """Reads and checks config.json and the weights.

    Raises:
      InputError: if a file is missing or malformed, a value of the config is not supported, or a weight is
        missing or of another shape than the config says.
    """
    config = Config(folder, (NAME,))
    dropout = config.rate("hidden_dropout_prob", 0.1), config.rate("attention_probs_dropout_prob", 0.1)
    return DisentangledTransformer(_settings(config), dropout, Weights(folder, prefix="deberta."))


def _settings(config: Config) -> Settings:
    sizes = config.sizes()
    config.choice("attention_head_size", (sizes.width // sizes.heads,), sizes.width // sizes.heads)
    has_distances = config.flag("relative_attention", False)
    buckets, max_distance = _distances(config) if has_distances else (0, 0)
    types = _parts(config, "pos_att_type", ("c2p", "p2c"))
    norms = _parts(config, "norm_rel_ebd", ("layer_norm", "none"))
    convolution = config.whole("conv_kernel_size", 0, 0)
    if convolution:
        config.choice("conv_groups", (1,), 1)
        if convolution % 2 == 0:
            raise config.refused("conv_kernel_size", "0 or an odd number")
    return Settings(
        vocabulary_size=sizes.vocabulary,
        embedding_width=config.whole("embedding_size", 1, sizes.width),
        width=sizes.width,
        inner=sizes.inner,
        heads=sizes.heads,
        layers=sizes.layers,
        positions=sizes.positions,
        activation=config.choice("hidden_act", ACTIVATIONS, "gelu"),
        epsilon=config.positive("layer_norm_eps", 1e-7),
        token_types=config.whole("type_vocab_size", 0, 0),
        has_positions=config.flag("position_biased_input", True),
        has_distances=has_distances,
        content_to_position="c2p" in types,
        position_to_content="p2c" in types,
        shares_projections=config.flag("share_att_key", False),
        norms_distances=has_distances and "layer_norm" in norms,
        buckets=buckets,
        max_distance=max_distance,
        convolution=convolution,
        convolution_activation=config.choice("conv_act", ("tanh", *ACTIVATIONS), "tanh"),
    )


def _distances(config: Config) -> tuple[int, int]:
    """Buckets, 0 for none, and the largest distance."""
    max_distance = config.whole("max_relative_positions", -1, -1)
    if max_distance < 1:
        max_distance = config.whole("max_position_embeddings", 8)
    buckets = max(config.whole("position_buckets", -1, -1), 0)
    if buckets and not 2 <= buckets < 2 * (max_distance - 1):
        raise config.refused("position_buckets", f"-1 or a number from 2, below {2 * (max_distance - 1)}")
    return buckets, max_distance


def _parts(config: Config, name: str, expected: tuple[str, ...]) -> list[str]:
    """A value that is a list of words, or words divided by "|"."""
    value = config.get(name) or []
    parts = [part.strip() for part in value.lower().split("|")] if isinstance(value, str) else value
    if not isinstance(parts, list) or not set(map(str, parts)) <= {*expected, ""}:
        raise config.refused(name, f"any of {', '.join(expected)}, divided by |")
    return parts
