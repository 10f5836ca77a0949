"""Checkpoints of transformers in the Hugging Face layout: config and weights as plain arrays."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import numpy as np
import safetensors

from jner_re import files
from jner_re.errors import InputError

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
_ACTIVATIONS = ("gelu", "gelu_new", "relu")
_DROPOUT = ("hidden_dropout_prob", "attention_probs_dropout_prob")


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
      weights_file: that it was read from.
      model_type: the architecture.
      heads: H.
      activation: "gelu" (by the error function), "gelu_new" (by tanh) or "relu".
      epsilon: of the layer normalisations.
      subword_embeddings: [V, D].
      position_embeddings: [P, D], row i for position i.
      embedding_norm: scale and offset [D].
      distance_bias: [2P - 1, H], row i for a key i - (P - 1) positions right of the query; None if
        attention doesn't go by distance.
      blocks: the layers.
      dropout: rates for states and for attention weights, which only fine-tuning applies.
      score_scale: what attention scores are multiplied by; 1 if the query's weights are scaled.
    """

    weights_file: pathlib.Path
    model_type: str
    heads: int
    activation: str
    epsilon: float
    subword_embeddings: np.ndarray
    position_embeddings: np.ndarray
    embedding_norm: tuple[np.ndarray, np.ndarray]
    distance_bias: np.ndarray | None
    blocks: tuple[BlockWeights, ...]
    dropout: tuple[float, float]
    score_scale: float = 1.0

    @property
    def vocabulary_size(self) -> int:
        """V."""
        return len(self.subword_embeddings)


@dataclasses.dataclass(frozen=True)
class AttentionNames:
    """What an architecture calls the parts of a block's attention, within the block.

    Attributes:
      query: linear layer.
      key: linear layer.
      value: linear layer.
      output: linear layer.
      norm: layer normalisation after the attention.
    """

    query: str
    key: str
    value: str
    output: str
    norm: str


def model_type(folder: pathlib.Path) -> Any:
    """What config.json gives as `model_type`; None if there is no config.json.

    Raises:
      InputError: if config.json can't be read or is no JSON object.
    """
    path = folder / CONFIG
    return _read_object(path).get("model_type") if path.exists() else None


def read_config(folder: pathlib.Path, architecture: str) -> dict[str, Any]:
    """Reads and checks config.json, as far as all architectures agree.

    Args:
      folder: of the checkpoint.
      architecture: the `model_type` to expect.

    Raises:
      InputError: if it is missing or malformed, or a value is not supported.
    """
    path = folder / CONFIG
    config = {
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        **dict.fromkeys(_DROPOUT, 0.1),
        **_read_object(path),
    }
    for name, supported in (("model_type", (architecture,)), ("hidden_act", _ACTIVATIONS)):
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
    for name in _DROPOUT:
        if not (isinstance(config[name], int | float) and 0 <= config[name] < 1):
            raise InputError(f"{path}: {name} is {config[name]!r}, expected a number from 0, below 1")
    if config["hidden_size"] % config["num_attention_heads"]:
        raise InputError(
            f"{path}: hidden_size is {config['hidden_size']}, expected a multiple of num_attention_heads "
            f"({config['num_attention_heads']})"
        )
    return config


def _read_object(path: pathlib.Path) -> dict[str, Any]:
    content = files.read_json(path)
    if not isinstance(content, dict):
        raise InputError(f"{path}: is {type(content).__name__}, expected a JSON object")
    return content


class Weights:
    """Arrays of a safetensors file by name, with or without the prefix, old names of norms included."""

    def __init__(self, path: pathlib.Path, prefix: str) -> None:
        """Opens the file.

        Raises:
          InputError: if it is missing or not in the safetensors format.
        """
        self.path = path
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
            raise InputError(f"{self.path}: weight {name!r} is missing")
        stored = self._file.get_slice(self._names[name])
        if tuple(stored.get_shape()) != shape:
            raise InputError(
                f"{self.path}: weight {name!r} has shape {stored.get_shape()}, expected {list(shape)}"
            )
        if stored.get_dtype() not in ("F64", "F32", "F16"):
            raise InputError(
                f"{self.path}: weight {name!r} is {stored.get_dtype()}, expected F32, F16 or F64"
            )
        return self._file.get_tensor(self._names[name]).astype(np.float32)

    def dense(self, name: str, inputs: int, outputs: int) -> tuple[np.ndarray, np.ndarray]:
        """Kernel [inputs, outputs] and bias of a linear layer (PyTorch keeps the transpose)."""
        return self.get(f"{name}.weight", outputs, inputs).T, self.get(f"{name}.bias", outputs)

    def norm(self, name: str, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Scale and offset of a layer normalisation."""
        return self.get(f"{name}.weight", width), self.get(f"{name}.bias", width)


def read_weights(
    config: dict[str, Any],
    weights: Weights,
    position_embeddings: np.ndarray,
    distance_bias: np.ndarray | None,
    attention: AttentionNames,
) -> Checkpoint:
    """Reads what all architectures have alike.

    Args:
      config: see `read_config`.
      weights: the file.
      position_embeddings: see `Checkpoint`.
      distance_bias: see `Checkpoint`.
      attention: names.

    Raises:
      InputError: if a weight is missing or of another shape than the config says.
    """
    width, inner, heads = (
        config[name] for name in ("hidden_size", "intermediate_size", "num_attention_heads")
    )
    blocks = []
    for i in range(config["num_hidden_layers"]):
        block = f"encoder.layer.{i}"
        (q, q_bias), (k, k_bias), (v, v_bias), output = (
            weights.dense(f"{block}.{name}", width, width)
            for name in (attention.query, attention.key, attention.value, attention.output)
        )
        scale = np.float32((width // heads) ** -0.5)
        blocks.append(
            BlockWeights(
                attention_input=(
                    np.concatenate([q * scale, k, v], axis=1),
                    np.concatenate([q_bias * scale, k_bias, v_bias]),
                ),
                attention_output=output,
                attention_norm=weights.norm(f"{block}.{attention.norm}", width),
                expansion=weights.dense(f"{block}.intermediate.dense", width, inner),
                contraction=weights.dense(f"{block}.output.dense", inner, width),
                output_norm=weights.norm(f"{block}.output.LayerNorm", width),
            )
        )
    return Checkpoint(
        weights_file=weights.path,
        model_type=config["model_type"],
        heads=heads,
        activation=config["hidden_act"],
        epsilon=config["layer_norm_eps"],
        subword_embeddings=weights.get("embeddings.word_embeddings.weight", config["vocab_size"], width),
        position_embeddings=position_embeddings,
        embedding_norm=weights.norm("embeddings.LayerNorm", width),
        distance_bias=distance_bias,
        blocks=tuple(blocks),
        dropout=(config["hidden_dropout_prob"], config["attention_probs_dropout_prob"]),
    )
