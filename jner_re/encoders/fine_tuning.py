"""An encoder of this package, read back from its SavedModel with variables that can be trained.

A SavedModel gives back neither the settings of the network nor the vocabulary: encoder.json has them.
"""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from jner_re import files
from jner_re.encoders import (
    deberta_v2,
    disentangled_transformer,
    modernbert,
    rotary_transformer,
    saved_encoder,
    vocabularies,
)
from jner_re.encoders.checkpoint import BlockWeights, Checkpoint
from jner_re.encoders.checkpoint_weights import Zeros
from jner_re.encoders.disentangled_transformer import DisentangledTransformer
from jner_re.encoders.network import Network
from jner_re.encoders.rotary_transformer import RotaryTransformer
from jner_re.encoders.token_encoder import TokenEncoder
from jner_re.encoders.transformer import Transformer
from jner_re.encoders.vocabularies import Vocabulary
from jner_re.errors import InputError

_Get = Callable[[str], np.ndarray]


def read_vocabulary(folder: pathlib.Path) -> Vocabulary:
    """The vocabulary of an encoder's subwords.

    Raises:
      InputError: it can't be fine-tuned.
    """
    return _read_description(folder)[1]


def read(folder: pathlib.Path, frozen_layers: int) -> TokenEncoder:
    """The encoder, with the weights that its SavedModel has.

    Args:
      folder: of the SavedModel, written by `saved_encoder.convert` from a transformer.
      frozen_layers: how many layers, the embeddings being the first, are not trained.

    Raises:
      InputError: it can't be fine-tuned.
    """
    description, vocabulary = _read_description(folder)
    path = folder / "variables" / "variables"
    try:
        network = _network(path, description, frozen_layers)
    except Exception as error:  # TensorFlow raises almost anything for a damaged file
        raise InputError(f"{path}: can't be read: {' '.join(str(error).split())[:200]}") from None
    return TokenEncoder(network, vocabulary, (path,), description["pooling"])


def _read_description(folder: pathlib.Path) -> tuple[dict[str, Any], Vocabulary]:
    description = saved_encoder.read_description(folder)
    if not description.get("fine_tuning"):
        raise InputError(
            f"{folder}: can't be fine-tuned: expected a transformer that this version of export.encoder "
            "(jner-re encoder) has converted; an ELMo or an encoder made elsewhere can only be used frozen"
        )
    path = folder / saved_encoder.DESCRIPTION
    try:
        vocabulary = vocabularies.from_json(description["fine_tuning"]["vocabulary"])
        settings = description["fine_tuning"]["settings"]
        content = saved_encoder.content_hash(
            description["sha256"], description["pooling"], settings, vocabulary
        )
        expected = description["content"]
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: damaged: {error}, expected what export.encoder wrote") from None
    if content != expected:
        raise InputError(f"{path}: damaged: its content is {content}, expected {expected}")
    return description, vocabulary


def _network(path: pathlib.Path, description: dict[str, Any], frozen_layers: int) -> Network:
    """With the variables of the SavedModel."""
    prefix = str(files.without_pattern(path.parent) / path.name)
    model_type, *settings = description["fine_tuning"]["settings"]
    dropout = description["fine_tuning"]["dropout"]
    network: Network
    if model_type == deberta_v2.NAME:
        options = disentangled_transformer.Settings(*settings)
        network = DisentangledTransformer(options, tuple(dropout), Zeros(), frozen_layers)
    elif model_type == modernbert.NAME:
        rates = rotary_transformer.Dropout(*dropout)
        network = RotaryTransformer(rotary_transformer.Settings(*settings), rates, Zeros(), frozen_layers)
    else:
        return Transformer(_checkpoint(prefix, description), frozen_layers)
    saved = tf.train.Checkpoint(_transformer=network).read(prefix)
    saved.assert_existing_objects_matched().expect_partial()
    return network


def _checkpoint(prefix: str, description: dict[str, Any]) -> Checkpoint:
    """What `Transformer` was made of, from the variables of the SavedModel."""
    reader = tf.train.load_checkpoint(prefix)

    def get(name: str) -> np.ndarray:
        return reader.get_tensor(f"_transformer/{name}/.ATTRIBUTES/VARIABLE_VALUE")

    model_type, heads, activation, epsilon = description["fine_tuning"]["settings"]
    subword_embeddings = get("_subword_embeddings")
    width = len(get("_blocks/0/_attention_output/_bias"))
    scale = (width // heads) ** -0.5
    has_distances = reader.has_tensor("_transformer/_distance_bias/.ATTRIBUTES/VARIABLE_VALUE")
    is_projected = reader.has_tensor("_transformer/_projection/_kernel/.ATTRIBUTES/VARIABLE_VALUE")
    return Checkpoint(
        model_type=model_type,
        heads=heads,
        activation=activation,
        epsilon=epsilon,
        subword_embeddings=subword_embeddings,
        position_embeddings=get("_position_embeddings"),
        embedding_norm=_norm(get, "_norm"),
        embedding_projection=_dense(get, "_projection") if is_projected else None,
        distance_bias=get("_distance_bias") if has_distances else None,
        blocks=tuple(_block(get, f"_blocks/{i}/_", scale) for i in range(description["layers"] - 1)),
        dropout=tuple(description["fine_tuning"]["dropout"]),
        score_scale=scale,
    )


def _block(get: _Get, prefix: str, scale: float) -> BlockWeights:
    """A block with the query's weights as the checkpoint had them, for which learning rates are known."""
    names = [field.name for field in dataclasses.fields(BlockWeights)]
    weights = {name: (_norm if name.endswith("norm") else _dense)(get, prefix + name) for name in names}
    for array in weights["attention_input"]:  # [D, 3D] and [3D], the query first
        array[..., : array.shape[-1] // 3] /= np.float32(scale)
    return BlockWeights(**weights)


def _dense(get: _Get, name: str) -> tuple[np.ndarray, np.ndarray]:
    return get(f"{name}/_kernel"), get(f"{name}/_bias")


def _norm(get: _Get, name: str) -> tuple[np.ndarray, np.ndarray]:
    return get(f"{name}/_scale"), get(f"{name}/_offset")
