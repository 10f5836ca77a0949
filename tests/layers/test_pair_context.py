from __future__ import annotations

import itertools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.layers.pair_context import PairContext, range_maximum

SPANS = np.array(
    [
        [[0, 2], [5, 6], [2, 4], [9, 10]],  # [0, 2) and [2, 4) touch; [5, 6) lies before [9, 10)
        [[6, 9], [0, 3], [2, 7], [0, 0]],  # the second and third overlap; the last is padding
    ],
    np.int32,
)


@st.composite
def ranges(draw: st.DrawFn) -> tuple[int, list[list[tuple[int, int]]], int]:
    """A length up to 100, ranges of each of 1 to 3 sentences (some empty, some backwards), a seed."""
    length = draw(st.integers(1, 100))
    count = draw(st.integers(0, 8))
    bounds = st.tuples(st.integers(0, length), st.integers(0, length))
    rows = draw(st.lists(st.lists(bounds, min_size=count, max_size=count), min_size=1, max_size=3))
    return length, rows, draw(st.integers(0, 1000))


def arrays(
    drawn: tuple[int, list[list[tuple[int, int]]], int], ties: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values [B, T, 2], starts and ends [B, N]."""
    length, rows, seed = drawn
    random = np.random.default_rng(seed)
    values = random.normal(size=(len(rows), length, 2)) - 3  # mostly below 0: zeros must not win
    bounds = np.array(rows, np.int32).reshape(len(rows), -1, 2)
    values = (np.round(values) if ties else values).astype(np.float32)
    return values, bounds[..., 0], bounds[..., 1]


@settings(max_examples=60, deadline=None)
@given(ranges())
def test_maximum_equals_brute_force(drawn: tuple[int, list[list[tuple[int, int]]], int]) -> None:
    values, starts, ends = arrays(drawn)
    expected = np.zeros((*starts.shape, 2), np.float32)
    for b, n in np.ndindex(*starts.shape):
        if starts[b, n] < ends[b, n]:
            expected[b, n] = values[b, starts[b, n] : ends[b, n]].max(axis=0)
    np.testing.assert_array_equal(range_maximum(values, starts, ends), expected)


@settings(max_examples=30, deadline=None)
@given(ranges())
def test_gradient_goes_to_the_token_of_the_maximum(
    drawn: tuple[int, list[list[tuple[int, int]]], int],
) -> None:
    values, starts, ends = arrays(drawn)
    weights = np.random.default_rng(5).normal(size=(*starts.shape, 2)).astype(np.float32)
    expected = np.zeros_like(values)
    for b, n, d in np.ndindex(*weights.shape):
        if starts[b, n] < ends[b, n]:
            winner = starts[b, n] + values[b, starts[b, n] : ends[b, n], d].argmax()
            expected[b, winner, d] += weights[b, n, d]
    with tf.GradientTape() as tape:
        tape.watch(inputs := tf.constant(values))
        total = tf.reduce_sum(weights * range_maximum(inputs, starts, ends))
    np.testing.assert_allclose(tape.gradient(total, inputs), expected, atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 40), st.integers(0, 100))
def test_equal_maxima_share_one_gradient(length: int, seed: int) -> None:
    values, _, _ = arrays((length, [[(0, length)]], seed), ties=True)
    with tf.GradientTape() as tape:
        tape.watch(inputs := tf.constant(values))
        total = tf.reduce_sum(range_maximum(inputs, tf.constant([[0]]), tf.constant([[length]])))
    gradient = tape.gradient(total, inputs).numpy()
    np.testing.assert_allclose(gradient.sum(axis=1), 1, atol=1e-6)
    assert (gradient[values < values.max(axis=1, keepdims=True)] == 0).all()


def test_every_range_of_a_length_that_is_no_power_of_two() -> None:
    values = np.random.default_rng(0).normal(size=(1, 37, 3)).astype(np.float32)
    bounds = np.array(list(itertools.combinations(range(38), 2)), np.int32)
    expected = [values[0, start:end].max(axis=0) for start, end in bounds]
    np.testing.assert_array_equal(range_maximum(values, bounds[None, :, 0], bounds[None, :, 1])[0], expected)


def make_layer() -> tuple[PairContext, np.ndarray]:
    layer = PairContext(3, dropout=0.5)
    states = np.random.default_rng(3).normal(size=(2, 10, 4)).astype(np.float32)
    layer(states, SPANS)
    layer.projection.bias.assign([-5.0, 1.0, 0.5])  # a first feature that is always below 0
    return layer, states


def test_contexts_equal_a_loop_over_pairs() -> None:
    layer, states = make_layer()
    projected = states @ layer.projection.kernel.numpy() + layer.projection.bias.numpy()
    contexts = layer(states, SPANS).numpy()
    for b, i, j in itertools.product(range(2), range(4), range(4)):
        if b == 1 and 3 in (i, j):
            continue  # what padding gives has no meaning
        (_, first_end), (second_start, _) = sorted([tuple(SPANS[b, i]), tuple(SPANS[b, j])])
        between = projected[b, first_end:second_start]  # empty if i is j, they touch or they overlap
        expected = between.max(axis=0) if len(between) else np.zeros(3)
        np.testing.assert_allclose(contexts[b, i, j], expected, atol=1e-5, err_msg=f"{b, i, j}")


def test_both_orders_of_a_pair_have_the_same_context() -> None:
    layer, states = make_layer()
    contexts = layer(states, SPANS).numpy()
    np.testing.assert_array_equal(contexts, contexts.transpose(0, 2, 1, 3))


def test_padding_changes_nothing() -> None:
    layer, states = make_layer()
    longer = np.concatenate([states, np.full((2, 7, 4), 1e6, np.float32)], axis=1)
    more = np.concatenate([SPANS, np.zeros((2, 3, 2), np.int32)], axis=1)
    np.testing.assert_allclose(layer(longer, more)[:, :4, :4], layer(states, SPANS), atol=1e-6)


def test_drops_out_in_training_only() -> None:
    layer, states = make_layer()
    still = layer(states, SPANS, training=False)
    np.testing.assert_array_equal(layer(states, SPANS, training=False), still)
    assert np.abs(layer(states, SPANS, training=True) - still).max() > 0.1


@pytest.mark.parametrize(("batch", "count", "length"), [(2, 0, 3), (2, 0, 0), (0, 3, 2)])
def test_no_pairs(batch: int, count: int, length: int) -> None:
    contexts = PairContext(5, 0.0)(tf.zeros([batch, length, 4]), tf.zeros([batch, count, 2], tf.int32))
    assert contexts.shape == (batch, count, count, 5)
