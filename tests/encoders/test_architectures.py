"""Tiny random checkpoints of every architecture against PyTorch's transformers (make_architectures.py)."""

from __future__ import annotations

import pathlib
import re
import zlib

import numpy as np
import pytest
import tensorflow as tf
import tiny_weights
from tiny_architectures import MODULES, fixture, layers, reference, write

from jner_re.encoders.disentangled_transformer import Settings, distance_rows

_GROUPS = 4  # of weights


def _sentences(name: str) -> list[np.ndarray]:
    return tiny_weights.sentences(fixture(name)["config"]["vocab_size"], fixture(name)["lengths"])


@pytest.mark.parametrize("name", MODULES)
def test_every_layer_equals_pytorch_alone_and_padded_among_others(name: str, tmp_path: pathlib.Path) -> None:
    network = MODULES[name].read_network(write(tmp_path, name))
    together = layers(network, _sentences(name), 45)
    for i, (sentence, padded) in enumerate(zip(_sentences(name), together, strict=True)):
        expected = reference()[f"{name}/{i}"]
        (alone,) = layers(network, [sentence])
        for actual in (alone.numpy(), padded.numpy()):
            assert np.isfinite(actual).all()
            seen = actual @ tiny_weights.sight(network.width)
            for one, other in zip(seen, expected, strict=True):
                np.testing.assert_allclose(one, other, rtol=0, atol=1e-5 * np.abs(other).max())


@pytest.mark.parametrize("name", sorted(set(MODULES) - {"camembert", "xlm_roberta", "electra_wide"}))
def test_gradients_equal_pytorch(name: str, tmp_path: pathlib.Path) -> None:
    """Some weights moved in a direction: variables are linear in the weights of the checkpoint."""
    module, shapes = MODULES[name], fixture(name)["shapes"]
    network = module.read_network(write(tmp_path, name))
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(network.variables)
        view = tiny_weights.view(network.num_layers, network.width)[:, np.newaxis]
        total = tf.add_n([tf.reduce_sum(states * view) for states in layers(network, _sentences(name)[-2:])])
    gradients = [
        np.zeros(v.shape) if g is None else tf.convert_to_tensor(g).numpy().astype(np.float64)
        for g, v in zip(tape.gradient(total, network.variables), network.variables, strict=True)
    ]
    expected = dict(zip(shapes, reference()[f"{name}/gradients"], strict=True))
    zeros = {weight: np.zeros(shape, np.float32) for weight, shape in shapes.items()}
    for group in range(_GROUPS):
        moved = [
            weight for weight in shapes if zlib.crc32(re.sub(r"\d+", "", weight).encode()) % _GROUPS == group
        ]
        directions = {weight: tiny_weights.direction(weight, shapes[weight]) for weight in moved}
        step = module.read_network(write(tmp_path, name, {**zeros, **directions})).variables
        actual = sum(np.vdot(gradient, values) for gradient, values in zip(gradients, step, strict=True))
        assert actual == pytest.approx(sum(expected[weight] for weight in moved), rel=2e-4, abs=2e-4)


@pytest.mark.parametrize(("buckets", "largest"), [(256, 512), (32, 128), (7, 20)])
def test_buckets_of_distances_equal_pytorch(buckets: int, largest: int) -> None:
    sizes = (60, 24, 24, 40, 3, 3, 600, "gelu", 1e-7, 0)
    settings = Settings(*sizes, False, True, True, True, True, True, buckets, largest, 0, "tanh")
    expected = reference()[f"buckets/{buckets}/{largest}"] + buckets
    np.testing.assert_array_equal(distance_rows(settings), np.clip(expected, 0, 2 * buckets - 1))
