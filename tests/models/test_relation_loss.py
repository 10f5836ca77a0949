from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from jner_re.layers.pair_mask import MASKED_LOGIT, PairMask
from jner_re.models.relation_loss import relation_loss

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(scale=2, size=(3, 4, 4, 2)).astype(np.float32)
LABELS = RANDOM.integers(0, 2, size=LOGITS.shape).astype(np.uint8)


def entropy(label: float, logit: float) -> float:
    p = 1 / (1 + math.exp(-logit))
    return -math.log(p if label else 1 - p)


def test_relation_loss_sums_cross_entropies_over_pairs_and_types() -> None:
    expected = [
        sum(entropy(label, logit) for label, logit in zip(labels.flat, logits.flat, strict=True))
        for labels, logits in zip(LABELS, LOGITS.astype(float), strict=True)
    ]
    np.testing.assert_allclose(relation_loss(tf.constant(LABELS), tf.constant(LOGITS)), expected, rtol=1e-5)


def test_what_is_no_pair_adds_nothing() -> None:
    spans = np.array([[[0, 1], [1, 2], [2, 4], [0, 0]]] * 3, np.int32)
    types = np.zeros((3, 4), np.int32)
    real = np.zeros((4, 4, 1))
    real[:3, :3, 0] = 1 - np.eye(3)
    labels = (LABELS * real).astype(np.uint8)
    expected = [
        sum(entropy(labels[b, i, j, r], LOGITS[b, i, j, r]) for i, j, r in np.argwhere(real * np.ones(2)))
        for b in range(3)
    ]
    masked = PairMask()(LOGITS, spans, types)
    np.testing.assert_allclose(relation_loss(tf.constant(labels), masked), expected, rtol=1e-5)


def test_the_mean_is_over_pairs_and_types() -> None:
    spans = np.array([[[0, 1], [1, 2], [2, 4], [0, 0]], [[0, 1]] + [[0, 0]] * 3, [[0, 0]] * 4], np.int32)
    masked = PairMask()(LOGITS, spans, np.zeros((3, 4), np.int32))
    labels = tf.where(masked > -100, LABELS, 0)
    sums = relation_loss(labels, masked).numpy()
    means = relation_loss(labels, masked, "mean").numpy()
    np.testing.assert_allclose(means, [sums[0] / (3 * 2 * 2), 0, 0], rtol=1e-6)
    assert means[0] > 0


def test_no_entities() -> None:
    empty = tf.zeros([3, 0, 0, 2])
    for reduction in ("sum", "mean"):
        assert relation_loss(tf.cast(empty, tf.uint8), empty, reduction).numpy().tolist() == [0, 0, 0]


def test_sure_predictions_stay_finite() -> None:
    logits = tf.constant([[[[201.0, -201.0]]]])
    assert relation_loss(tf.constant([[[[1, 0]]]]), logits).numpy().tolist() == [0]
    assert relation_loss(tf.constant([[[[0, 1]]]]), logits).numpy().tolist() == [402]


def test_what_is_no_pair_has_no_loss_whatever_its_label() -> None:
    logits = tf.constant([[[[MASKED_LOGIT, 0.0]]]])
    loss = relation_loss(tf.constant([[[[1, 1]]]]), logits).numpy()
    np.testing.assert_allclose(loss, [np.log(2)], rtol=1e-6)
