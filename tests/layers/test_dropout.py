from __future__ import annotations

import pathlib

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from jner_re.layers.dropout import Dropout

ONES = tf.ones([200, 100])


@pytest.mark.parametrize("rate", [0.1, 0.35, 0.9])
def test_share_and_scaling(rate: float) -> None:
    dropped = Dropout(rate, seed=1)(ONES, training=True).numpy()
    assert abs((dropped == 0).mean() - rate) < 0.02  # five standard deviations or more
    np.testing.assert_allclose(dropped[dropped != 0], 1 / (1 - rate), rtol=1e-6)


def test_elements_are_dropped_independently_in_any_shape() -> None:
    dropped = Dropout(0.5, seed=1)(tf.ones([3, 7, 4001]), training=True).numpy().ravel() == 0
    assert abs(dropped.mean() - 0.5) < 0.01
    for distance in (1, 2, 4001):
        assert abs(np.corrcoef(dropped[:-distance], dropped[distance:])[0, 1]) < 0.02


@pytest.mark.parametrize("rate", [0.0, 0.5])
@pytest.mark.parametrize("training", [False, None])
def test_inference_changes_nothing(rate: float, training: bool | None) -> None:
    layer = Dropout(rate, seed=1)
    np.testing.assert_array_equal(layer(ONES, training=training), ONES)
    np.testing.assert_array_equal(layer.state, [1, 0])


def test_rate_0_drops_nothing() -> None:
    np.testing.assert_array_equal(Dropout(0.0)(ONES, training=True), ONES)


def masks(layer: Dropout, count: int) -> list[np.ndarray]:
    return [layer(ONES, training=True).numpy() for _ in range(count)]


def test_new_mask_each_call() -> None:
    first, second, third = masks(Dropout(0.5, seed=1), 3)
    for one, other in ((first, second), (second, third), (first, third)):
        assert 0.45 < (one == other).mean() < 0.55  # independent


def test_same_seed_same_masks() -> None:
    np.testing.assert_array_equal(masks(Dropout(0.5, seed=3), 3), masks(Dropout(0.5, seed=3), 3))
    assert (masks(Dropout(0.5, seed=3), 1)[0] != masks(Dropout(0.5, seed=4), 1)[0]).mean() > 0.45


def test_seed_of_the_program_fixes_the_masks_and_tells_layers_apart() -> None:
    def first_masks() -> list[np.ndarray]:
        keras.utils.set_random_seed(5)
        return [masks(Dropout(0.5), 1)[0] for _ in range(2)]

    first, second = first_masks()
    np.testing.assert_array_equal([first, second], first_masks())
    assert (first != second).mean() > 0.45


def test_restored_state_goes_on_with_the_same_masks() -> None:
    layer = Dropout(0.5, seed=1)
    masks(layer, 2)
    state = layer.get_weights()
    rest = masks(layer, 2)
    other = Dropout(0.5, seed=9)
    other.build(ONES.shape)
    other.set_weights(state)
    np.testing.assert_array_equal(masks(other, 2), rest)


def test_state_goes_on_through_a_checkpoint_and_in_a_graph(tmp_path: pathlib.Path) -> None:
    def graph(layer: Dropout) -> tf.types.experimental.GenericFunction:
        return tf.function(lambda: layer(ONES, training=True))

    layer = Dropout(0.5, seed=1)
    call = graph(layer)
    masks_before = [call().numpy() for _ in range(2)]
    np.testing.assert_array_equal(masks_before, masks(Dropout(0.5, seed=1), 2))
    path = tf.train.Checkpoint(layer=layer).write(str(tmp_path / "state"))
    after = call().numpy()
    restored = Dropout(0.5, seed=2)
    restored.build(ONES.shape)
    tf.train.Checkpoint(layer=restored).read(path).assert_consumed()
    np.testing.assert_array_equal(graph(restored)(), after)


def test_state_is_not_trained() -> None:
    layer = Dropout(0.5)
    layer.build(ONES.shape)
    assert layer.trainable_weights == []
    assert len(layer.weights) == 1


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan")])
def test_rate_out_of_range(rate: float) -> None:
    with pytest.raises(ValueError, match="rate is"):
        Dropout(rate)
