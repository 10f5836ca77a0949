"""The best temperature, of scores whose real one is known, and against all others."""

from __future__ import annotations

import numpy as np
import pytest

from jner_re.evaluation.calibration import reliability
from jner_re.evaluation.temperature_fit import HIGHEST, LOWEST, best_temperature, fit
from jner_re.models.temperatures import tempered
from jner_re.schema import EntitySpan, RelationPair, Sentence


@pytest.mark.parametrize("real", [0.5, 1.0, 3.0])
def test_it_finds_the_temperature_that_the_scores_were_made_with(real: float) -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 3, 40_000)
    right = random.uniform(size=len(logits)) < 1 / (1 + np.exp(-logits / real))
    scores = 1 / (1 + np.exp(-logits))
    found = best_temperature(scores, right)
    assert found == pytest.approx(real, rel=0.05)
    error = reliability(tempered(scores, found), right).expected_calibration_error
    assert error < 0.01
    assert real == 1 or reliability(scores, right).expected_calibration_error > 0.04


@pytest.mark.parametrize("seed", range(5))
def test_no_other_temperature_is_better(seed: int) -> None:
    random = np.random.default_rng(seed)
    scores, right = random.uniform(size=50), random.uniform(size=50) < 0.6

    def loss(temperature: float) -> float:
        values = np.clip(tempered(scores, temperature), 1e-12, 1 - 1e-12)
        return float(-np.log(np.where(right, values, 1 - values)).sum())

    best = loss(best_temperature(scores, right))
    assert all(best <= loss(float(other)) + 1e-4 for other in np.geomspace(LOWEST, HIGHEST, 300))


def test_where_nothing_can_be_learned_scores_stay() -> None:
    for right in ([], [True, True], [False, False]):
        assert best_temperature(np.full(len(right), 0.7), np.array(right, bool)) == 1.0
    assert best_temperature(np.array([0.0, 1.0, 1.0]), np.array([False, True, False])) <= HIGHEST


def test_scores_stay_apart_from_one() -> None:
    """Where all that scores high is right, the coldest would be best, and scores of 1 above no threshold."""
    entities = (EntitySpan(0, 1, "A"), EntitySpan(1, 2, "B"))
    gold = [Sentence(("a", "b"), entities, (RelationPair(0, 1, "R"),))]
    relations = [(RelationPair(0, 1, "R"), 0.95), (RelationPair(1, 0, "R"), 0.2)]
    chosen = fit(gold, [([(entity, 0.9) for entity in entities], relations)])
    assert chosen.relations == pytest.approx(LOWEST) and chosen.entities == 1.0  # all entities are right
    threshold = np.float32(tempered(np.array(0.9), chosen.relations))
    assert threshold < np.float32(tempered(np.array(0.999), chosen.relations)) < 1
