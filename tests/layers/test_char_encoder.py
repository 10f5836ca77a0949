from __future__ import annotations

import numpy as np
import pytest

from jner_re.layers.birnn import BiRNN
from jner_re.layers.char_encoder import CharEncoder

CHAR_IDS = np.array(
    [
        [[1, 2, 3, 4], [4, 0, 0, 0], [0, 0, 0, 0]],
        [[4, 3, 2, 1], [1, 2, 3, 4], [2, 2, 0, 0]],
    ],
    np.int32,
)


def make_layer(cell: str) -> CharEncoder:
    layer = CharEncoder(6, 5, 3, cell)
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


def test_a_word_is_the_same_in_every_place_and_its_order_matters() -> None:
    words = make_layer("gru")(CHAR_IDS).numpy()
    np.testing.assert_allclose(words[0, 0], words[1, 1], atol=1e-6)
    assert np.abs(words[0, 0] - words[1, 0]).max() > 0.1


def test_no_words_or_characters() -> None:
    layer = make_layer("gru")
    assert layer(np.zeros((2, 0, 4), np.int32)).shape == (2, 0, 6)
    assert (layer(np.zeros((2, 3, 0), np.int32)).numpy() == np.zeros((2, 3, 6))).all()
