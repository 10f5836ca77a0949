"""ModernBERT, from a checkpoint in the Hugging Face layout."""

from __future__ import annotations

import pathlib

from jner_re.encoders import checkpoint_config, token_encoder
from jner_re.encoders.bert import SPECIAL_TOKENS
from jner_re.encoders.checkpoint_config import ACTIVATIONS, Config
from jner_re.encoders.checkpoint_weights import Weights
from jner_re.encoders.rotary_transformer import Dropout, RotaryTransformer, Settings
from jner_re.encoders.token_encoder import TokenEncoder

NAME = "modernbert"
_GLOBAL, _LOCAL = "full_attention", "sliding_attention"


def reads(folder: pathlib.Path) -> bool:
    """Whether the folder is a checkpoint of a ModernBERT.

    Raises:
      InputError: if its config.json can't be read.
    """
    return checkpoint_config.model_type(folder) == NAME


# Subwords read at once: attention takes memory with their square (2,048 with 12 heads: 200 MB). Longer
# sentences are read in windows.
_LONGEST = 2048


def read(folder: pathlib.Path, pooling: str = "mean") -> TokenEncoder:
    """The encoder, as `bert.read`."""
    return token_encoder.of_checkpoint(folder, read_network(folder), SPECIAL_TOKENS, pooling)


def read_network(folder: pathlib.Path) -> RotaryTransformer:
    """Reads and checks config.json and the weights.

    Raises:
      InputError: if a file is missing or malformed, a value of the config is not supported, or a weight is
        missing or of another shape than the config says.
    """
    config = Config(folder, (NAME,), {"hidden_act": "hidden_activation"})
    dropout = Dropout(
        embedding=config.rate("embedding_dropout", 0.0),
        attention=config.rate("attention_dropout", 0.0),
        inner=config.rate("mlp_dropout", 0.0),
    )
    return RotaryTransformer(_settings(config), dropout, Weights(folder, prefix="model."))


def _settings(config: Config) -> Settings:
    sizes = config.sizes()
    if sizes.width // sizes.heads % 2:
        raise config.refused("num_attention_heads", "heads of an even width")
    config.choice("rope_scaling", (None,))
    return Settings(
        vocabulary_size=sizes.vocabulary,
        width=sizes.width,
        inner=sizes.inner,
        heads=sizes.heads,
        positions=min(sizes.positions, _LONGEST),
        activation=config.choice("hidden_act", ACTIVATIONS, "gelu"),
        epsilon=config.positive("norm_eps", 1e-5),
        attention=_attention(config, sizes.layers),
        reach=config.whole("local_attention", 1, 128) // 2,
        global_base=_base(config, _GLOBAL, "global_rope_theta", 160000.0),
        local_base=_base(config, _LOCAL, "local_rope_theta", 10000.0),
        norm_bias=config.flag("norm_bias", False),
        attention_bias=config.flag("attention_bias", False),
        inner_bias=config.flag("mlp_bias", False),
    )


def _attention(config: Config, layers: int) -> str:
    """See `Settings`."""
    kinds = config.get("layer_types")
    if kinds is None:
        every = config.whole("global_attn_every_n_layers", 1, 3)
        kinds = [_LOCAL if i % every else _GLOBAL for i in range(layers)]
    letters = {_GLOBAL: "g", _LOCAL: "l"}
    if not isinstance(kinds, list) or len(kinds) != layers or not set(map(str, kinds)) <= set(letters):
        raise config.refused("layer_types", f"{_GLOBAL} or {_LOCAL} for each of {layers} layers")
    return "".join(letters[kind] for kind in kinds)


def _base(config: Config, kind: str, old_name: str, default: float) -> float:
    """Of rotary positions: newer configs have rope_parameters."""
    parameters = config.get("rope_parameters") or {}
    rope = (parameters.get(kind) or {}) if isinstance(parameters, dict) else None
    if not isinstance(rope, dict) or rope.get("rope_type", "default") != "default":
        raise config.refused("rope_parameters", f"rope_type default for {kind}")
    base = rope.get("rope_theta")
    if base is None:
        return config.positive(old_name, default)
    if not isinstance(base, int | float) or not base > 0:
        raise config.refused("rope_parameters", f"a rope_theta above 0 for {kind}")
    return float(base)
