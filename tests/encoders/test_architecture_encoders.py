"""Every network as an encoder: windows, SavedModel, and read back for fine-tuning."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tiny_architectures import encoder, fixture, write

from jner_re.encoders import fine_tuning, module, saved_encoder
from jner_re.encoders.token_encoder import TokenEncoder

_RATES = {"attention_dropout": 0.1, "embedding_dropout": 0.1, "mlp_dropout": 0.1}  # else 0 in ModernBERT
_VARIANTS = ("electra", "deberta_v2_xlarge", "modernbert")  # of each network one
Converted = Callable[[str], tuple[TokenEncoder, pathlib.Path]]


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    """From a variant to its encoder and the SavedModel of it."""

    @functools.cache
    def convert(name: str) -> tuple[TokenEncoder, pathlib.Path]:
        folder = tmp_path_factory.mktemp(name)
        rates: dict[str, Any] = _RATES if name == "modernbert" else {}
        read = encoder(write(folder / "checkpoint", name, **rates), name, "first")
        saved_encoder.save(read, folder / "encoder", name, "first")
        return read, folder / "encoder"

    return convert


@pytest.mark.parametrize("name", _VARIANTS)
def test_a_long_sentence_is_encoded_in_windows(name: str, converted: Converted) -> None:
    """Of as many subwords as there are positions, less the first and the last: two, half a window apart."""
    read, _ = converted(name)
    size = fixture(name)["config"]["max_position_embeddings"] - 2
    half = size // 2
    middle = (size + half) // 2
    ids = np.random.RandomState(0).randint(6, 60, [1, size + half, 1])
    whole, left, right = (
        read.from_subwords(tf.constant(part, tf.int32), tf.constant([part.shape[1]])).numpy()[0]
        for part in (ids, ids[:, :size], ids[:, half:])
    )
    scale = np.abs(whole).max()
    np.testing.assert_allclose(whole[: middle - 1], left[: middle - 1], rtol=0, atol=1e-5 * scale)
    np.testing.assert_allclose(whole[middle + 1 :], right[middle + 1 - half :], rtol=0, atol=1e-5 * scale)
    assert np.abs(left[half:, 1:] - right[: size - half, 1:]).max() > 0.1  # of the same words


def _subwords(words: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Two sentences, words of one to three subwords."""
    random = np.random.RandomState(4)
    ids = random.randint(6, 60, [2, words, 3])
    counts = random.randint(1, 4, [2, words, 1])
    ids = np.where(np.arange(3) < counts, ids, 0)
    return tf.constant(ids, tf.int32), tf.constant([words, words // 2])


@pytest.mark.parametrize("name", _VARIANTS)
def test_read_back_it_is_the_same(name: str, converted: Converted) -> None:
    read, folder = converted(name)
    words = tf.constant([["abc", "d", "jihgf", "aa", "?"] * 12])  # 10 subwords of 5 words
    expected = read.tokens(words, tf.constant([60]))["layers"].numpy()[0]
    loaded = module.load(str(folder))
    assert (loaded.num_layers, loaded.width) == expected.shape[1:]
    actual = loaded.encode(words, tf.constant([60]))[0]
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-6 * np.abs(expected).max())

    trainable = fine_tuning.read(folder, 0)
    assert trainable.settings == read.settings
    assert trainable.dropout == read.dropout
    assert len(trainable.trainable_variables) == len(trainable.variables) == len(read.variables)
    ids, lengths = _subwords(20)
    expected = read.from_subwords(ids, lengths).numpy()
    for is_training in (False, True):
        actual = trainable.from_subwords(ids, lengths, is_training)
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("name", _VARIANTS)
def test_frozen_layers(name: str, converted: Converted) -> None:
    """A frozen layer has no trainable variable, and what is trainable changes no layer below."""
    _, folder = converted(name)
    layers = fixture(name)["config"]["num_hidden_layers"] + 1
    counts = [len(fine_tuning.read(folder, frozen).trainable_variables) for frozen in range(layers + 1)]
    assert counts == sorted(counts, reverse=True)
    assert len(set(counts)) == layers + 1
    assert counts[-1] == 0
    ids, lengths = _subwords(5)
    for frozen in range(1, layers):
        partly = fine_tuning.read(folder, frozen)
        before = partly.from_subwords(ids, lengths).numpy()
        for variable in partly.trainable_variables:
            variable.assign(variable * 1.5)
        change = np.abs(partly.from_subwords(ids, lengths).numpy() - before).max(axis=(0, 1, 3))
        assert (change > 0).tolist() == [False] * frozen + [True] * (layers - frozen)


def _gradients(
    read: TokenEncoder, seed: list[int] | None, recompute: bool
) -> tuple[np.ndarray, list[tf.Tensor]]:
    """Layers, and gradients of a product with them."""
    ids, lengths = _subwords(10)

    def step() -> tuple[tf.Tensor, list[tf.Tensor]]:
        own = None if seed is None else tf.constant(seed, tf.int64)
        with tf.GradientTape() as tape:
            layers = read.from_subwords(ids, lengths, True, own, recompute)
            total = tf.reduce_sum(layers[:, :, 1:] * tf.sin(tf.range(24.0)))
        return layers, tape.gradient(total, read.trainable_variables)

    layers, sparse = (tf.function(step, autograph=False) if recompute else step)()
    return layers.numpy(), [tf.convert_to_tensor(gradient) for gradient in sparse]


@pytest.mark.parametrize("name", ("deberta_v2_xlarge", "modernbert"))
def test_dropout_follows_the_seed_and_recomputed_gradients_are_the_same(
    name: str, converted: Converted
) -> None:
    read = fine_tuning.read(converted(name)[1], 0)
    layers, expected = _gradients(read, [5, 7], False)
    again, recomputed = _gradients(read, [5, 7], True)
    np.testing.assert_allclose(again, layers, rtol=0, atol=1e-5 * np.abs(layers).max())
    for one, other in zip(recomputed, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-4 * np.abs(other).max() + 1e-5)
    ids, lengths = _subwords(10)
    other = read.from_subwords(ids, lengths, True, tf.constant([5, 8], tf.int64)).numpy()
    assert (np.abs(other - layers).max(axis=(0, 1, 3)) > 0.01).all()  # every layer
