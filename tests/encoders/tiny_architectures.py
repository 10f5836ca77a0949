"""Checkpoints of the fixtures of make_architectures.py, for tests."""

from __future__ import annotations

import functools
import json
import pathlib
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
import tensorflow as tf
import tiny_weights
from safetensors.numpy import save_file

from jner_re.encoders import deberta_v2, distilbert, electra, modernbert, roberta
from jner_re.encoders.network import Network
from jner_re.encoders.token_encoder import TokenEncoder
from jner_re.encoders.vocabulary import SubwordVocabulary

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "encoders" / "architectures"
MODULES: dict[str, ModuleType] = {
    "distilbert": distilbert,
    "electra": electra,
    "electra_wide": electra,
    "roberta": roberta,
    "camembert": roberta,
    "xlm_roberta": roberta,
    "deberta_v3": deberta_v2,
    "deberta_v2_xlarge": deberta_v2,
    "deberta_unshared": deberta_v2,
    "modernbert": modernbert,
    "modernbert_biases": modernbert,
}
ONE_OF_EACH = ("distilbert", "electra", "roberta", "deberta_v3", "modernbert")
VOCABULARY = SubwordVocabulary(
    subwords=("[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]", *"abcdefghij", *(f"##{c}" for c in "abcdefghij")),
    first=1,
    last=2,
    unknown="[UNK]",
    lowercase=False,
    strip_accents=False,
    split_cjk=True,
)


@functools.cache
def fixture(name: str) -> dict[str, Any]:
    """What the JSON file has."""
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


@functools.cache
def reference() -> dict[str, np.ndarray]:
    """What PyTorch gave."""
    with np.load(FIXTURES / "architectures.npz") as arrays:
        return dict(arrays)


def write(
    folder: pathlib.Path, name: str, weights: dict[str, np.ndarray] | None = None, **config: object
) -> pathlib.Path:
    """Writes a checkpoint, with other weights or values of the config (None leaves one out)."""
    folder.mkdir(exist_ok=True)
    values = {**fixture(name)["config"], **config}
    values = {key: value for key, value in values.items() if value is not None}
    (folder / "config.json").write_text(json.dumps(values))
    save_file(weights or tiny_weights.weights(fixture(name)["shapes"]), folder / "model.safetensors")
    return folder


def layers(network: Network, sentences: Sequence[np.ndarray], steps: int = 0) -> list[tf.Tensor]:
    """The layers of each sentence [L, S, D], in one batch, padded with something to `steps`."""
    lengths = list(map(len, sentences))
    ids = np.random.RandomState(1).randint(0, network.vocabulary_size, (len(lengths), max(*lengths, steps)))
    for row, sentence in zip(ids, sentences, strict=True):
        row[: len(sentence)] = sentence
    states = network(tf.constant(ids, tf.int32), tf.constant(lengths, tf.int64))
    return tf.split(tf.stack(states), lengths, axis=1)


def encoder(folder: pathlib.Path, name: str, pooling: str = "mean") -> TokenEncoder:
    """Of the checkpoint, with a vocabulary of letters."""
    network = MODULES[name].read_network(folder)
    return TokenEncoder(network, VOCABULARY, (folder / "model.safetensors",), pooling)
