from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from jner_re.layers.distmult import DistMult


def literal(entities: np.ndarray, diagonals: np.ndarray) -> np.ndarray:
    """Equation 4 as it stands: g_i^T M_r g_j with the matrix M_r written out."""
    batch, count, _ = entities.shape
    scores = np.zeros((batch, count, count, len(diagonals)))
    for b in range(batch):
        for i in range(count):
            for j in range(count):
                for r, diagonal in enumerate(diagonals):
                    scores[b, i, j, r] = entities[b, i] @ np.diag(diagonal) @ entities[b, j]
    return scores


@pytest.mark.parametrize(("batch", "count", "width", "relations"), [(1, 1, 1, 1), (3, 4, 5, 2), (2, 3, 7, 4)])
def test_equals_equation_4(batch: int, count: int, width: int, relations: int) -> None:
    random = np.random.default_rng(batch)
    entities = random.normal(size=(batch, count, width)).astype(np.float32)
    layer = DistMult(relations)
    layer.build(entities.shape)
    diagonals = random.normal(size=(relations, width)).astype(np.float32)
    layer.set_weights([diagonals])
    expected = literal(entities.astype(np.float64), diagonals.astype(np.float64))
    np.testing.assert_allclose(layer(entities), expected, atol=1e-5)


def test_a_pair_scores_the_same_in_both_directions() -> None:
    scores = DistMult(3)(np.random.default_rng(0).normal(size=(2, 4, 5)).astype(np.float32)).numpy()
    np.testing.assert_allclose(scores, scores.transpose(0, 2, 1, 3), atol=1e-6)


def test_more_entities_change_no_score() -> None:
    entities = np.random.default_rng(0).normal(size=(2, 5, 4)).astype(np.float32)
    layer = DistMult(3)
    np.testing.assert_allclose(layer(entities)[:, :3, :3], layer(entities[:, :3]), atol=1e-6)


@pytest.mark.parametrize(("batch", "count", "relations"), [(2, 0, 3), (2, 3, 0), (0, 3, 2)])
def test_nothing_to_score(batch: int, count: int, relations: int) -> None:
    layer = DistMult(relations)
    call = tf.function(layer, input_signature=[tf.TensorSpec([None, None, 4])])
    entities = tf.zeros([batch, count, 4])
    for scores in (layer(entities), call(entities)):
        assert scores.shape == (batch, count, count, relations)
