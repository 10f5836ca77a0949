"""Tempered scores: the formula, in NumPy and in the graph, and what a model directory keeps of it."""

from __future__ import annotations

import json
import math
import pathlib

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from hypothesis import given
from hypothesis import strategies as st

from jner_re.errors import InputError
from jner_re.models import model_files
from jner_re.models.scored_relations import ScoredRelations
from jner_re.models.temperatures import Temperatures, keep, of_scored, tempered, untempered, with_temperatures
from jner_re.schema import EntitySpan, RelationPair


@given(st.floats(1e-6, 1 - 1e-6), st.floats(0.1, 10))
def test_a_score_is_that_of_its_logit_divided(score: float, temperature: float) -> None:
    logit = math.log(score / (1 - score))
    expected = 1 / (1 + math.exp(-logit / temperature))
    assert float(tempered(np.array(score), temperature)) == pytest.approx(expected, abs=1e-9)


def test_the_graph_tempers_as_numpy_does() -> None:
    scores = np.array([0, 1e-30, 1e-4, 0.2, 0.5, 0.9, 1 - 1e-6, 1], np.float32)
    inputs = keras.Input([8])
    model = keras.Model(
        {"x": inputs}, {name: inputs * 1 for name in ("entity_scores", "relation_scores", "tag_ids")}
    )
    found = with_temperatures(model, Temperatures(2.0, 0.5))({"x": tf.constant(scores[np.newaxis])})
    np.testing.assert_allclose(found["entity_scores"][0], tempered(scores, 2.0), atol=1e-6)
    np.testing.assert_allclose(found["relation_scores"][0], tempered(scores, 0.5), atol=1e-6)
    np.testing.assert_array_equal(found["tag_ids"][0], scores)
    ends = tempered(scores, 3.0)[[0, -1]]
    assert ends.tolist() == [0, 1]
    assert with_temperatures(model, Temperatures()) is model


def test_the_threshold_goes_with_the_scores_and_a_second_choice_takes_the_first_ones_place(
    tmp_path: pathlib.Path,
) -> None:
    assert Temperatures.load(tmp_path) == Temperatures()
    keep(tmp_path, 0.6, Temperatures(2.0, 1.5), "dev", {"ner": 0.1, "re": 0.2})
    first = json.loads((tmp_path / "threshold.json").read_text())
    assert first["threshold"] == pytest.approx(float(tempered(np.array(0.6), 1.5)))
    assert first["source"] == "0.6 before calibration, as configured"
    assert first["temperatures"]["source"] == "dev"
    keep(tmp_path, first["threshold"], Temperatures(0.5, 2.0), "other", {})
    assert Temperatures.load(tmp_path) == Temperatures(0.5, 2.0)
    second = json.loads((tmp_path / "threshold.json").read_text())
    assert second["threshold"] == pytest.approx(float(tempered(np.array(0.6), 2.0)))
    assert second["source"] == first["source"]


def test_untempered_scores_are_those_from_before() -> None:
    scored = ([(EntitySpan(0, 1, "A"), 0.9)], [(RelationPair(0, 0, "R"), 0.7)])
    known = Temperatures(1.7, 2.3)
    entities, relations = untempered(of_scored(scored, known), known)
    assert entities[0][1] == pytest.approx(0.9) and ScoredRelations.of(relations).scores == pytest.approx(
        [0.7]
    )


@pytest.mark.parametrize(
    "value",
    [{}, {"entities": 1.0}, {"entities": 0, "relations": 1}, [1, 1], {"entities": "a", "relations": 1}],
)
def test_a_damaged_file_is_told(value: object, tmp_path: pathlib.Path) -> None:
    model_files.write_threshold(tmp_path, 0.5, "a test")
    record = {"threshold": 0.5, "temperatures": value}
    (tmp_path / "threshold.json").write_text(json.dumps(record))
    with pytest.raises(
        InputError, match=r"threshold\.json: temperatures is .*, expected entities and relations"
    ):
        Temperatures.load(tmp_path)


def test_what_was_found_stays() -> None:
    entities = [(EntitySpan(0, 1, "A"), 0.9), (EntitySpan(1, 2, "B"), 0.4)]
    relations = [(RelationPair(0, 1, "R"), 0.7), (RelationPair(1, 0, "R"), 0.2)]
    found, candidates = of_scored((entities, relations), Temperatures(2.0, 3.0))
    assert [entity for entity, _ in found] == [entity for entity, _ in entities]
    assert [score for _, score in found] == pytest.approx(
        [float(tempered(np.array(x), 2)) for x in (0.9, 0.4)]
    )
    threshold = float(tempered(np.array(0.6), 3.0))
    assert [pair for pair, _ in ScoredRelations.of(candidates).above(threshold)] == [relations[0][0]]
