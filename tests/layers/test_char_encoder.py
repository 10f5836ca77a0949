from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from jner_re.layers.birnn import BiRNN
from jner_re.layers.char_encoder import CharEncoder

CHAR_IDS = np.array(
    [
        [[1, 2, 3, 4], [4, 0, 0, 0], [0, 0, 0, 0]],
        [[4, 3, 2, 1], [1, 2, 3, 4], [2, 2, 0, 0]],
    ],
    np.int32,
)


def make_layer(cell: str, jit_compile: bool = False) -> CharEncoder:
    layer = CharEncoder(6, 5, 3, cell, jit_compile)
    layer(CHAR_IDS)
    random = np.random.default_rng(0)
    layer.set_weights([random.normal(size=weight.shape) for weight in layer.get_weights()])
    return layer


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_last_state_of_each_direction(cell: str) -> None:
    """Each word is read on its own, without padding, by a BiRNN of the same weights."""
    layer = make_layer(cell)
    words = layer(CHAR_IDS).numpy()
    reader = BiRNN(3, cell)
    reader.build([None, None, 5])
    reader.set_weights(layer.birnn.get_weights())
    for b, t in np.ndindex(2, 3):
        char_ids = CHAR_IDS[b, t][CHAR_IDS[b, t] > 0]
        if not len(char_ids):
            assert (words[b, t] == 0).all()
            continue
        states = reader(layer.embedding(char_ids[None]), np.array([len(char_ids)])).numpy()
        np.testing.assert_allclose(words[b, t], [*states[0, -1, :3], *states[0, 0, 3:]], atol=1e-5)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_padding_changes_nothing(cell: str) -> None:
    layer = make_layer(cell)
    wider = np.pad(CHAR_IDS, [(0, 1), (0, 2), (0, 5)])
    words = layer(wider).numpy()
    np.testing.assert_allclose(words[:2, :3], layer(CHAR_IDS), atol=1e-6)
    assert (words[:, 3:] == 0).all()


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_xla_gives_the_same_values_and_gradients(cell: str) -> None:
    """Of 20 distinct words, for which 24 are read, and a word that occurs more than once."""
    char_ids = np.random.default_rng(0).integers(1, 6, [2, 10, 4], np.int32)
    char_ids[1, -1] = char_ids[0, 0]
    results = []
    for jit_compile in (False, True):
        layer = make_layer(cell, jit_compile)
        with tf.GradientTape() as tape:
            states = layer(char_ids, training=True)
            loss = tf.reduce_sum(states**2)
        gradients = tape.gradient(loss, layer.trainable_weights)
        results.append([states, *map(tf.convert_to_tensor, gradients)])
    for plain, compiled in zip(*results, strict=True):
        np.testing.assert_allclose(plain, compiled, atol=1e-5)


def test_a_word_is_the_same_in_every_place_and_its_order_matters() -> None:
    words = make_layer("gru")(CHAR_IDS).numpy()
    np.testing.assert_allclose(words[0, 0], words[1, 1], atol=1e-6)
    assert np.abs(words[0, 0] - words[1, 0]).max() > 0.1


def test_no_words_or_characters() -> None:
    layer = make_layer("gru")
    assert layer(np.zeros((2, 0, 4), np.int32)).shape == (2, 0, 6)
    assert (layer(np.zeros((2, 3, 0), np.int32)).numpy() == np.zeros((2, 3, 6))).all()
