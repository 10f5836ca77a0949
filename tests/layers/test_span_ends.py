from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from jner_re.layers.span_ends import SpanEnds, at_span_ends

RANDOM = np.random.default_rng(0)
STATES = RANDOM.normal(size=(2, 6, 3)).astype(np.float32)
TAG_IDS = RANDOM.integers(0, 5, size=(2, 6)).astype(np.int32)
SPANS = np.array([[[0, 1], [2, 6]], [[1, 4], [0, 0]]], np.int32)
REAL = [(0, 0), (0, 1), (1, 0)]


def test_values_of_last_tokens() -> None:
    for values in (STATES, TAG_IDS):
        found = at_span_ends(tf.constant(values), SPANS).numpy()
        assert found.shape == (2, 2, *values.shape[2:])
        for b, m in REAL:
            np.testing.assert_array_equal(found[b, m], values[b, SPANS[b, m, 1] - 1])


def test_state_and_label_of_the_last_token() -> None:
    layer = SpanEnds(5, 4)
    entities = layer(STATES, TAG_IDS, SPANS).numpy()
    table = layer.label_embedding.embeddings.numpy()
    assert entities.shape == (2, 2, 7)
    for b, m in REAL:
        last = SPANS[b, m, 1] - 1
        np.testing.assert_array_equal(entities[b, m], [*STATES[b, last], *table[TAG_IDS[b, last]]])


def test_padding_changes_nothing() -> None:
    layer = SpanEnds(5, 4)
    states = np.pad(STATES, [(0, 0), (0, 3), (0, 0)], constant_values=9)
    tag_ids = np.pad(TAG_IDS, [(0, 0), (0, 3)], constant_values=4)
    spans = np.pad(SPANS, [(0, 0), (0, 2), (0, 0)])
    np.testing.assert_array_equal(layer(states, tag_ids, spans)[:, :2], layer(STATES, TAG_IDS, SPANS))


@pytest.mark.parametrize("length", [0, 3])
def test_no_entities(length: int) -> None:
    none = tf.zeros([2, 0, 2], tf.int32)
    assert SpanEnds(5, 4)(tf.zeros([2, length, 3]), tf.zeros([2, length], tf.int32), none).shape == (2, 0, 7)
