"""BERT and MPNet checkpoints in the Hugging Face layout: config and weights as plain arrays."""

from __future__ import annotations

import dataclasses
import math
import pathlib
from typing import Any

import numpy as np
import safetensors

from jner_re import files
from jner_re.errors import InputError

WEIGHTS = "model.safetensors"
_ACTIVATIONS = ("gelu", "gelu_new", "relu")
# MPNet's relative attention; `transformers` fixes both, whatever the config says.
_DISTANCE_BUCKETS = 32
_MAX_DISTANCE = 128
_MPNET_FIRST_POSITION = 2  # padding_idx + 1


@dataclasses.dataclass(frozen=True)
class BlockWeights:
    """One transformer block; kernels are [in, out]. D wide, F wide inside.

    Attributes:
      attention_input: kernel [D, 3D] and bias [3D] of query, key and value; the query is scaled by the
        inverse root of the width of a head.
      attention_output: kernel [D, D] and bias.
      attention_norm: scale and offset [D].
      expansion: kernel [D, F] and bias.
      contraction: kernel [F, D] and bias.
      output_norm: scale and offset [D].
    """

    attention_input: tuple[np.ndarray, np.ndarray]
    attention_output: tuple[np.ndarray, np.ndarray]
    attention_norm: tuple[np.ndarray, np.ndarray]
    expansion: tuple[np.ndarray, np.ndarray]
    contraction: tuple[np.ndarray, np.ndarray]
    output_norm: tuple[np.ndarray, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """A transformer encoder, float32. V subwords, P positions, H heads.

    Attributes:
      model_type: "bert" or "mpnet".
      heads: H.
      activation: "gelu" (by the error function), "gelu_new" (by tanh) or "relu".
      epsilon: of the layer normalisations.
      subword_embeddings: [V, D].
      position_embeddings: [P, D], row i for position i; BERT's embedding of token type 0 is added.
      embedding_norm: scale and offset [D].
      distance_bias: [2P - 1, H], row i for a key i - (P - 1) positions right of the query; None in BERT.
      blocks: the layers.
    """

    model_type: str
    heads: int
    activation: str
    epsilon: float
    subword_embeddings: np.ndarray
    position_embeddings: np.ndarray
    embedding_norm: tuple[np.ndarray, np.ndarray]
    distance_bias: np.ndarray | None
    blocks: tuple[BlockWeights, ...]


def read_checkpoint(folder: pathlib.Path) -> Checkpoint:
    """Reads and checks config.json and model.safetensors.

    Raises:
      InputError: if a file is missing or malformed, the architecture is not supported, or a weight is
        missing or of another shape than the config says.
    """
    config = _read_config(folder / "config.json")
    weights = _Weights(folder / WEIGHTS, prefix=f"{config['model_type']}.")
    return _bert(config, weights) if config["model_type"] == "bert" else _mpnet(config, weights)


def _read_config(path: pathlib.Path) -> dict[str, Any]:
    config = files.read_json(path)
    if not isinstance(config, dict):
        raise InputError(f"{path}: is {type(config).__name__}, expected a JSON object")
    config = {"position_embedding_type": "absolute", "hidden_act": "gelu", "layer_norm_eps": 1e-12, **config}
    for name, supported in (
        ("model_type", ("bert", "mpnet")),
        ("hidden_act", _ACTIVATIONS),
        ("position_embedding_type", ("absolute",)),
    ):
        if config.get(name) not in supported:
            raise InputError(f"{path}: {name} is {config.get(name)!r}, expected {' or '.join(supported)}")
    for name, least in (
        ("vocab_size", 1),
        ("hidden_size", 1),
        ("num_hidden_layers", 1),
        ("num_attention_heads", 1),
        ("intermediate_size", 1),
        ("max_position_embeddings", 8),
    ):
        if not (isinstance(config.get(name), int) and config[name] >= least):
            raise InputError(f"{path}: {name} is {config.get(name)!r}, expected a whole number from {least}")
    if config["hidden_size"] % config["num_attention_heads"]:
        raise InputError(
            f"{path}: hidden_size is {config['hidden_size']}, expected a multiple of num_attention_heads "
            f"({config['num_attention_heads']})"
        )
    buckets = config.get("relative_attention_num_buckets", _DISTANCE_BUCKETS)
    if buckets != _DISTANCE_BUCKETS:
        raise InputError(f"{path}: relative_attention_num_buckets is {buckets}, expected {_DISTANCE_BUCKETS}")
    return config


class _Weights:
    """Arrays of a safetensors file by name, with or without the prefix, old names of norms included."""

    def __init__(self, path: pathlib.Path, prefix: str) -> None:
        self._path = path
        if not path.is_file():
            raise InputError(f"{path}: is missing, expected the weights in the safetensors format")
        try:
            self._file = safetensors.safe_open(str(path), framework="numpy")
        except (OSError, safetensors.SafetensorError) as error:
            raise InputError(f"{path}: can't be read as safetensors: {error}") from None
        self._names = {name.removeprefix(prefix): name for name in self._file.keys()}  # noqa: SIM118
        for new, old in ((".weight", ".gamma"), (".bias", ".beta")):
            for name in list(self._names):
                if name.endswith(old):
                    self._names.setdefault(name.removesuffix(old) + new, self._names[name])

    def get(self, name: str, *shape: int) -> np.ndarray:
        """A weight as float32.

        Raises:
          InputError: if it is missing, of another shape or not of floating point.
        """
        if name not in self._names:
            raise InputError(f"{self._path}: weight {name!r} is missing")
        stored = self._file.get_slice(self._names[name])
        if tuple(stored.get_shape()) != shape:
            raise InputError(
                f"{self._path}: weight {name!r} has shape {stored.get_shape()}, expected {list(shape)}"
            )
        if stored.get_dtype() not in ("F64", "F32", "F16"):
            raise InputError(
                f"{self._path}: weight {name!r} is {stored.get_dtype()}, expected F32, F16 or F64"
            )
        return self._file.get_tensor(self._names[name]).astype(np.float32)

    def dense(self, name: str, inputs: int, outputs: int) -> tuple[np.ndarray, np.ndarray]:
        """Kernel [inputs, outputs] and bias of a linear layer (PyTorch keeps the transpose)."""
        return self.get(f"{name}.weight", outputs, inputs).T, self.get(f"{name}.bias", outputs)

    def norm(self, name: str, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Scale and offset of a layer normalisation."""
        return self.get(f"{name}.weight", width), self.get(f"{name}.bias", width)


def _bert(config: dict[str, Any], weights: _Weights) -> Checkpoint:
    width, positions = config["hidden_size"], config["max_position_embeddings"]
    types = config.get("type_vocab_size", 2)
    position_embeddings = weights.get("embeddings.position_embeddings.weight", positions, width)
    type_embeddings = weights.get("embeddings.token_type_embeddings.weight", types, width)
    names = ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense")
    return _checkpoint(
        config, weights, position_embeddings + type_embeddings[0], None, names, "attention.output.LayerNorm"
    )


def _mpnet(config: dict[str, Any], weights: _Weights) -> Checkpoint:
    width, positions, heads = (
        config[name] for name in ("hidden_size", "max_position_embeddings", "num_attention_heads")
    )
    position_embeddings = weights.get("embeddings.position_embeddings.weight", positions, width)
    bucket_bias = weights.get("encoder.relative_attention_bias.weight", _DISTANCE_BUCKETS, heads)
    position_embeddings = position_embeddings[_MPNET_FIRST_POSITION:]
    distances = np.arange(1 - len(position_embeddings), len(position_embeddings))
    names = ("attention.attn.q", "attention.attn.k", "attention.attn.v", "attention.attn.o")
    return _checkpoint(
        config,
        weights,
        position_embeddings,
        bucket_bias[distance_bucket(distances)],
        names,
        "attention.LayerNorm",
    )


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


def _checkpoint(
    config: dict[str, Any],
    weights: _Weights,
    position_embeddings: np.ndarray,
    distance_bias: np.ndarray | None,
    attention: tuple[str, str, str, str],
    attention_norm: str,
) -> Checkpoint:
    """What BERT and MPNet share; `attention` names query, key, value and output inside a block."""
    width, inner, heads = (
        config[name] for name in ("hidden_size", "intermediate_size", "num_attention_heads")
    )
    blocks = []
    for i in range(config["num_hidden_layers"]):
        block = f"encoder.layer.{i}"
        (q, q_bias), (k, k_bias), (v, v_bias), output = (
            weights.dense(f"{block}.{name}", width, width) for name in attention
        )
        scale = np.float32((width // heads) ** -0.5)
        blocks.append(
            BlockWeights(
                attention_input=(
                    np.concatenate([q * scale, k, v], axis=1),
                    np.concatenate([q_bias * scale, k_bias, v_bias]),
                ),
                attention_output=output,
                attention_norm=weights.norm(f"{block}.{attention_norm}", width),
                expansion=weights.dense(f"{block}.intermediate.dense", width, inner),
                contraction=weights.dense(f"{block}.output.dense", inner, width),
                output_norm=weights.norm(f"{block}.output.LayerNorm", width),
            )
        )
    return Checkpoint(
        model_type=config["model_type"],
        heads=heads,
        activation=config["hidden_act"],
        epsilon=config["layer_norm_eps"],
        subword_embeddings=weights.get("embeddings.word_embeddings.weight", config["vocab_size"], width),
        position_embeddings=position_embeddings,
        embedding_norm=weights.norm("embeddings.LayerNorm", width),
        distance_bias=distance_bias,
        blocks=tuple(blocks),
    )
