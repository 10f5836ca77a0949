from __future__ import annotations

import itertools

import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jner_re.layers.joined_directions import JoinedDirections

# symmetric in both directions, directed, two inverse ones, symmetric given once
PARTNERS = [0, -1, 3, 2, -1]
ONCE = [False, False, False, False, True]
eighths = st.sampled_from([0.0, 0.125, 0.5, 0.875, 1.0])  # exact in float32, and often equal


@settings(max_examples=30)
@given(arrays(np.float32, (2, 3, 3, 5), elements=eighths))
def test_every_score(scores: np.ndarray) -> None:
    joined = JoinedDirections(PARTNERS, ONCE)(tf.constant(scores)).numpy()
    for b, i, j in itertools.product(range(2), range(3), range(3)):
        there, back = scores[b, i, j], scores[b, j, i]
        expected = [(there[0] + back[0]) / 2, there[1], (there[2] + back[3]) / 2, (there[3] + back[2]) / 2, 0]
        if there[4] > back[4] or (there[4] == back[4] and i < j):
            expected[4] = 1 - (1 - there[4]) * (1 - back[4])
        np.testing.assert_array_equal(joined[b, i, j], expected)


def test_any_number_of_entities() -> None:
    assert JoinedDirections(PARTNERS, ONCE)(tf.zeros([2, 0, 0, 5])).shape == (2, 0, 0, 5)


def test_random_scores_are_bitwise_the_same_in_both_directions() -> None:
    scores = tf.constant(np.random.default_rng(0).random((3, 7, 7, 5)), tf.float32)
    joined = JoinedDirections(PARTNERS, ONCE)(scores).numpy()
    other = joined.transpose(0, 2, 1, 3)
    np.testing.assert_array_equal(joined[..., 0], other[..., 0])
    np.testing.assert_array_equal(joined[..., 2], other[..., 3])
    once = joined[..., 4]
    assert ((once > 0) ^ (other[..., 4] > 0))[:, ~np.eye(7, dtype=bool)].all()
