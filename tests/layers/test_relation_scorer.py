from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from jner_re.layers.relation_scorer import RelationScorer, cosine_similarity

ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
}


def make_scorer(relations: int, hidden: int, activation: str, width: int) -> RelationScorer:
    """A scorer whose every weight is random: biases too."""
    random = np.random.default_rng(7)
    scorer = RelationScorer(relations, hidden, activation)
    scorer(np.zeros((1, 1, width), np.float32))
    scorer.set_weights([random.normal(scale=0.5, size=w.shape) for w in scorer.get_weights()])
    return scorer


def cosine(x: np.ndarray, y: np.ndarray) -> float:
    norms = np.linalg.norm(x) * np.linalg.norm(y)
    return float(x @ y / norms) if norms else 0.0


def literal(scorer: RelationScorer, entities: np.ndarray) -> np.ndarray:
    """Equations 4 to 6 pair by pair, in float64: FFNN(r2) is given the concatenation itself."""
    named = {
        "hidden": scorer.hidden.kernel,
        "hidden_bias": scorer.hidden.bias,
        "diagonals": scorer.distmult.diagonals,
        "kernel": scorer.kernel,
        "bias": scorer.bias,
    }
    w = {name: value.numpy().astype(np.float64) for name, value in named.items()}
    batch, count, _ = entities.shape
    logits = np.zeros((batch, count, count, scorer.num_relations))
    for b in range(batch):
        f = [ACTIVATIONS[scorer.activation](g @ w["hidden"] + w["hidden_bias"]) for g in entities[b]]
        for i in range(count):
            for j in range(count):
                distmult = [entities[b, i] @ np.diag(m) @ entities[b, j] for m in w["diagonals"]]
                joined = np.concatenate([f[i], f[j], [cosine(f[i], f[j])], distmult])
                logits[b, i, j] = joined @ w["kernel"] + w["bias"]
    return logits


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize(("relations", "hidden", "width"), [(1, 1, 1), (5, 6, 7), (3, 8, 4)])
def test_factored_form_equals_the_concatenation(
    relations: int, hidden: int, width: int, activation: str
) -> None:
    scorer = make_scorer(relations, hidden, activation, width)
    entities = np.random.default_rng(relations).normal(scale=0.5, size=(3, 4, width)).astype(np.float32)
    entities[0, 1] = 0  # an entity without a direction of its own
    expected = literal(scorer, entities.astype(np.float64))
    np.testing.assert_allclose(scorer(entities), expected, atol=1e-5)


def test_direction_matters() -> None:
    scorer = make_scorer(3, 6, "tanh", 5)
    logits = scorer(np.random.default_rng(0).normal(size=(1, 2, 5)).astype(np.float32)).numpy()
    assert np.abs(logits[0, 0, 1] - logits[0, 1, 0]).min() > 1e-3


def test_cosines() -> None:
    states = np.random.default_rng(1).normal(size=(2, 5, 6)).astype(np.float32)
    states[1, 3] = 0
    states[0, 4] = -2 * states[0, 0]
    expected = [[[cosine(x, y) for y in sentence] for x in sentence] for sentence in states]
    np.testing.assert_allclose(cosine_similarity(states), expected, atol=1e-5)
    np.testing.assert_allclose(cosine_similarity(states)[0, 0, 4], -1, atol=1e-5)


def test_cosine_of_a_zero_vector_has_a_finite_gradient() -> None:
    states = tf.zeros([1, 2, 3])
    with tf.GradientTape() as tape:
        tape.watch(states)
        total = tf.reduce_sum(cosine_similarity(states))
    assert np.isfinite(tape.gradient(total, states)).all()


def test_padded_entities_change_nothing() -> None:
    scorer = make_scorer(3, 6, "relu", 5)
    entities = np.random.default_rng(2).normal(size=(2, 6, 5)).astype(np.float32)
    np.testing.assert_allclose(scorer(entities)[:, :4, :4], scorer(entities[:, :4]), atol=1e-6)


@pytest.mark.parametrize(("batch", "count", "relations"), [(2, 0, 3), (2, 3, 0), (0, 3, 2)])
def test_nothing_to_score(batch: int, count: int, relations: int) -> None:
    logits = RelationScorer(relations, 6, "relu")(tf.zeros([batch, count, 5]))
    assert logits.shape == (batch, count, count, relations)
