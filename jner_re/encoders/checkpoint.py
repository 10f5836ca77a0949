"""Checkpoints of post-norm transformers (BERT and what is built like it) as plain arrays."""

from __future__ import annotations

import dataclasses

import numpy as np

from jner_re.encoders.checkpoint_config import ACTIVATIONS, Config
from jner_re.encoders.checkpoint_weights import Arrays, Pair, Weights, dense, norm


@dataclasses.dataclass(frozen=True)
class BlockWeights:
    """One transformer block; kernels are [in, out]. D wide, F wide inside.

    Attributes:
      attention_input: kernel [D, 3D] and bias [3D] of query, key and value; the query is scaled by the
        inverse root of the width of a head, where the checkpoint says so.
      attention_output: kernel [D, D] and bias.
      attention_norm: scale and offset [D].
      expansion: kernel [D, F] and bias.
      contraction: kernel [F, D] and bias.
      output_norm: scale and offset [D].
    """

    attention_input: Pair
    attention_output: Pair
    attention_norm: Pair
    expansion: Pair
    contraction: Pair
    output_norm: Pair


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """A transformer encoder, float32. V subwords, P positions, H heads, embeddings E wide.

    Attributes:
      model_type: the architecture.
      heads: H.
      activation: "gelu" (by the error function), "gelu_new" (by tanh) or "relu".
      epsilon: of the layer normalisations.
      subword_embeddings: [V, E].
      position_embeddings: [P, E], row i for position i.
      embedding_norm: scale and offset [E].
      embedding_projection: kernel [E, D] and bias [D] of a linear layer after the norm; None if E is D.
      distance_bias: [2P - 1, H], row i for a key i - (P - 1) positions right of the query; None if
        attention doesn't go by distance.
      blocks: the layers.
      dropout: rates for states and for attention weights, which only fine-tuning applies.
      score_scale: what attention scores are multiplied by; 1 if the query's weights are scaled.
    """

    model_type: str
    heads: int
    activation: str
    epsilon: float
    subword_embeddings: np.ndarray
    position_embeddings: np.ndarray
    embedding_norm: Pair
    distance_bias: np.ndarray | None
    blocks: tuple[BlockWeights, ...]
    dropout: tuple[float, float]
    embedding_projection: Pair | None = None
    score_scale: float = 1.0


@dataclasses.dataclass(frozen=True)
class BlockNames:
    """What an architecture calls its blocks and their parts.

    Attributes:
      block: the blocks; a number follows.
      query: linear layer, as all but the norms.
      key: likewise.
      value: likewise.
      output: of the attention.
      norm: layer normalisation after the attention.
      expansion: first of the feed-forward network.
      contraction: second.
      output_norm: layer normalisation after it.
    """

    query: str
    key: str
    value: str
    output: str
    norm: str
    block: str = "encoder.layer"
    expansion: str = "intermediate.dense"
    contraction: str = "output.dense"
    output_norm: str = "output.LayerNorm"


def read_block(
    arrays: Arrays, number: int, names: BlockNames, width: int, inner: int, scale: float = 1.0
) -> BlockWeights:
    """Reads a block.

    Args:
      arrays: weights by name.
      number: of the block.
      names: of its parts.
      width: D.
      inner: F.
      scale: what the query's weights are multiplied by.

    Raises:
      InputError: if a weight is missing or of another shape.
    """
    block = f"{names.block}.{number}"
    query, key, value = (
        [arrays.get(f"{block}.{name}.weight", width, width).T, arrays.get(f"{block}.{name}.bias", width)]
        for name in (names.query, names.key, names.value)
    )
    if scale != 1:
        query = [array * np.float32(scale) for array in query]
    return BlockWeights(
        attention_input=(
            np.concatenate([query[0], key[0], value[0]], axis=1),
            np.concatenate([query[1], key[1], value[1]]),
        ),
        attention_output=dense(arrays, f"{block}.{names.output}", width, width),
        attention_norm=norm(arrays, f"{block}.{names.norm}", width),
        expansion=dense(arrays, f"{block}.{names.expansion}", width, inner),
        contraction=dense(arrays, f"{block}.{names.contraction}", inner, width),
        output_norm=norm(arrays, f"{block}.{names.output_norm}", width),
    )


def read_positions(config: Config, weights: Weights, width: int, first: int = 0) -> np.ndarray:
    """Position embeddings with that of token type 0, which all tokens have here, added.

    Args:
      config: of an architecture with token types.
      weights: the files.
      width: of the embeddings.
      first: row of the first position.

    Returns:
      [P, width].

    Raises:
      InputError: if a value of the config is not supported or a weight not as it says.
    """
    config.choice("position_embedding_type", ("absolute",), "absolute")
    positions = config.whole("max_position_embeddings", 8 + first)
    types = config.whole("type_vocab_size", 1, 2)
    position_embeddings = weights.get("embeddings.position_embeddings.weight", positions, width)
    type_embeddings = weights.get("embeddings.token_type_embeddings.weight", types, width)
    return position_embeddings[first:] + type_embeddings[0]


def read_weights(
    config: Config,
    weights: Weights,
    position_embeddings: np.ndarray,
    names: BlockNames,
    distance_bias: np.ndarray | None = None,
    embedding_projection: Pair | None = None,
) -> Checkpoint:
    """Reads what all these architectures have alike.

    Args:
      config: the file.
      weights: the files.
      position_embeddings: see `Checkpoint`.
      names: of the blocks' parts.
      distance_bias: see `Checkpoint`.
      embedding_projection: see `Checkpoint`.

    Raises:
      InputError: if a value of the config is not supported, or a weight is missing or of another shape than
        the config says.
    """
    sizes = config.sizes()
    embedding_width = position_embeddings.shape[1]
    scale = (sizes.width // sizes.heads) ** -0.5
    return Checkpoint(
        model_type=config.model_type,
        heads=sizes.heads,
        activation=config.choice("hidden_act", ACTIVATIONS, "gelu"),
        epsilon=config.positive("layer_norm_eps", 1e-12),
        subword_embeddings=weights.get(
            "embeddings.word_embeddings.weight", sizes.vocabulary, embedding_width
        ),
        position_embeddings=position_embeddings,
        embedding_norm=norm(weights, "embeddings.LayerNorm", embedding_width),
        embedding_projection=embedding_projection,
        distance_bias=distance_bias,
        blocks=tuple(
            read_block(weights, i, names, sizes.width, sizes.inner, scale) for i in range(sizes.layers)
        ),
        dropout=(
            config.rate("hidden_dropout_prob", 0.1),
            config.rate("attention_probs_dropout_prob", 0.1),
        ),
    )
