"""Rows without padding and padded heads against loops over sequences."""

import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.encoders.packing import Packing

LENGTHS = st.lists(st.integers(1, 4), min_size=1, max_size=4)


def numbers(*shape: int) -> np.ndarray:
    return np.arange(1, 1 + np.prod(shape), dtype=np.float32).reshape(shape)


@given(LENGTHS, st.integers(0, 2), st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_rows_and_heads(lengths: list[int], more: int, heads: int) -> None:
    steps, width, count = max(lengths) + more, 2, sum(lengths)
    packing = Packing(tf.constant(lengths, tf.int64), tf.constant(steps), heads)
    places = [(b, s) for b, length in enumerate(lengths) for s in range(length)]
    assert packing.positions.numpy().tolist() == [s for _, s in places]
    padded = numbers(len(lengths), steps, 5)
    rows = np.stack([padded[place] for place in places])
    np.testing.assert_array_equal(packing.packed(padded), rows)
    again = np.zeros_like(padded)
    for row, place in zip(rows, places, strict=True):
        again[place] = row
    np.testing.assert_array_equal(packing.padded(tf.constant(rows)), again)

    rows = numbers(count, 3 * heads * width)
    parts = packing.split(tf.constant(rows))
    assert parts.shape == (3, len(lengths), heads, steps, width)
    assert np.isin(parts, rows).all()  # also padding
    for row, (b, s) in zip(rows.reshape(count, 3, heads, width), places, strict=True):
        np.testing.assert_array_equal(parts[:, b, :, s], row)
    for part, of_rows in zip(parts, rows.reshape(count, 3, -1).transpose(1, 0, 2), strict=True):
        np.testing.assert_array_equal(packing.join(part), of_rows)


def test_gradient_is_dense_and_that_of_the_rows() -> None:
    packing = Packing(tf.constant([3, 1]), tf.constant(3), 2)
    rows, factors = tf.constant(numbers(4, 12)), numbers(4, 4)
    with tf.GradientTape() as tape:
        tape.watch(rows)
        query, key, value = tf.unstack(packing.split(rows))
        total = tf.reduce_sum(factors * packing.join(query * key + value))
    gradient = tape.gradient(total, rows)
    query, key, _ = np.split(rows.numpy(), 3, axis=1)
    expected = np.concatenate([factors * key, factors * query, factors], axis=1)
    np.testing.assert_allclose(tf.convert_to_tensor(gradient), expected, rtol=1e-6)
    assert isinstance(gradient, tf.Tensor)
