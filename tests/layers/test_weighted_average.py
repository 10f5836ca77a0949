from __future__ import annotations

import numpy as np
import tensorflow as tf

from jner_re.layers.weighted_average import WeightedAverage

LAYERS = np.random.default_rng(0).normal(size=(2, 5, 3, 4)).astype(np.float16)


def test_starts_as_the_mean() -> None:
    average = WeightedAverage()(tf.constant(LAYERS))
    assert average.dtype == tf.float32
    np.testing.assert_allclose(average, LAYERS.astype(np.float64).mean(axis=2), atol=1e-6)


def test_equals_the_formula() -> None:
    layer = WeightedAverage()
    layer.build(LAYERS.shape)
    scores, gamma = np.array([0.5, -1.0, 2.0]), 1.7
    layer.layer_scores.assign(scores)
    layer.gamma.assign(gamma)
    softmax = [np.exp(score) / sum(np.exp(scores)) for score in scores]
    expected = sum(gamma * w * LAYERS[:, :, k].astype(np.float64) for k, w in enumerate(softmax))
    for dtype in (tf.float16, tf.float32):
        np.testing.assert_allclose(layer(tf.cast(LAYERS, dtype)), expected, atol=1e-5)


def test_padding_changes_nothing() -> None:
    layer = WeightedAverage()
    longer = np.pad(LAYERS, [(0, 1), (0, 3), (0, 0), (0, 0)])
    average = layer(longer).numpy()
    np.testing.assert_array_equal(average[:2, :5], layer(LAYERS))
    assert (average[:, 5:] == 0).all()
