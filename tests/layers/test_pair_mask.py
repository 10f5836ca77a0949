from __future__ import annotations

import itertools

import numpy as np
import pytest
import tensorflow as tf

from jner_re.layers.pair_mask import MASKED_LOGIT, PairMask

R = 2
SPANS = np.array([[[0, 1], [1, 3], [4, 5]], [[2, 4], [0, 2], [0, 0]]], np.int32)
TYPES = np.array([[0, 1, 1], [1, 0, -1]], np.int32)
ALLOWED = [  # [head type][tail type][relation type]
    [[False, True], [True, False]],
    [[False, False], [True, True]],
]
LOGITS = np.random.default_rng(0).normal(size=(2, 3, 3, R)).astype(np.float32)


@pytest.mark.parametrize("allowed", [None, ALLOWED])
def test_what_is_masked(allowed: list[list[list[bool]]] | None) -> None:
    expected = LOGITS.copy()
    for b, i, j, r in itertools.product(range(2), range(3), range(3), range(R)):
        real = all(SPANS[b, k, 0] < SPANS[b, k, 1] for k in (i, j))
        fits = allowed is None or (real and allowed[TYPES[b, i]][TYPES[b, j]][r])
        if i == j or not real or not fits:
            expected[b, i, j, r] = MASKED_LOGIT
    np.testing.assert_array_equal(PairMask(allowed)(LOGITS, SPANS, TYPES), expected)
    assert (expected[0, 0, 1] == LOGITS[0, 0, 1]).any()


def test_no_pair_of_an_entity_with_itself() -> None:
    masked = PairMask()(LOGITS, SPANS, TYPES).numpy()
    assert (np.einsum("biir->bir", masked) == MASKED_LOGIT).all()
    assert tf.sigmoid(MASKED_LOGIT) == 0


def test_masked_pairs_have_no_gradient() -> None:
    with tf.GradientTape() as tape:
        tape.watch(logits := tf.constant(LOGITS))
        masked = PairMask(ALLOWED)(logits, SPANS, TYPES)
        total = tf.reduce_sum(masked)
    gradient = tape.gradient(total, logits).numpy()
    np.testing.assert_array_equal(gradient, (masked.numpy() != MASKED_LOGIT).astype(np.float32))


@pytest.mark.parametrize("allowed", [None, ALLOWED])
def test_padded_entities_change_nothing(allowed: list[list[list[bool]]] | None) -> None:
    wider = np.pad(LOGITS, [(0, 0), (0, 2), (0, 2), (0, 0)], constant_values=9)
    spans = np.pad(SPANS, [(0, 0), (0, 2), (0, 0)])
    types = np.pad(TYPES, [(0, 0), (0, 2)], constant_values=-1)
    masked = PairMask(allowed)(wider, spans, types).numpy()
    np.testing.assert_array_equal(masked[:, :3, :3], PairMask(allowed)(LOGITS, SPANS, TYPES))
    assert (masked[:, 3:] == MASKED_LOGIT).all()
    assert (masked[:, :, 3:] == MASKED_LOGIT).all()


@pytest.mark.parametrize("allowed", [None, ALLOWED])
def test_no_entities(allowed: list[list[list[bool]]] | None) -> None:
    masked = PairMask(allowed)(
        tf.zeros([2, 0, 0, R]), tf.zeros([2, 0, 2], tf.int32), tf.zeros([2, 0], tf.int32)
    )
    assert masked.shape == (2, 0, 0, R)


def test_a_table_needs_types() -> None:
    mask = PairMask([[[True]]])
    with pytest.raises(ValueError, match="types is None"):
        mask(np.zeros((1, 2, 2, 1), np.float32), np.array([[[0, 1], [1, 2]]], np.int32))
