"""Ensembles, from model directories: what is averaged, and which members go together."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
import untrained

from jner_re import config as configs
from jner_re.config import TrainConfig
from jner_re.corpora import sample_corpus
from jner_re.errors import InputError
from jner_re.evaluation import evaluate
from jner_re.models import ensemble_dir, model_dir
from jner_re.schema import Scored

SENTENCES = sample_corpus.read_sample("test")[:12]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return untrained.write(tmp_path_factory.mktemp("first") / "model")


@pytest.fixture(scope="module")
def model(first: pathlib.Path) -> tf.keras.Model:
    return model_dir.load(first).model


Change = Callable[[tf.keras.Model], None]


def changed(model: tf.keras.Model, change: Change, first: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """A model directory like the first, of another seed, with changed weights; `model` has its own again."""
    weights = model.get_weights()
    change(model)
    for name in (model_dir.VOCABULARY, model_dir.CONFIG):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((first / name).read_bytes())
    config, _ = configs.load(first / model_dir.CONFIG)
    configs.save(folder / model_dir.CONFIG, config, TrainConfig(seed=7))
    model_dir.save_weights(model, folder / model_dir.WEIGHTS)
    model.set_weights(weights)
    return folder


def found(folder: pathlib.Path) -> list[Scored]:
    trained = model_dir.load(folder)
    return evaluate(trained, SENTENCES, 0.0, "test")[1]


def joined(folder: pathlib.Path, *members: pathlib.Path) -> list[Scored]:
    ensemble_dir.write(folder, members, 0.35, "a test")
    assert model_dir.read_threshold(folder, untrained.WEIGHTED) == 0.35
    return found(folder)


def assert_same_entities(one: list[Scored], other: list[Scored]) -> None:
    assert [[entity for entity, _ in entities] for entities, _ in one] == [
        [entity for entity, _ in entities] for entities, _ in other
    ]
    scores = [[score for entities, _ in each for _, score in entities] for each in (one, other)]
    assert len(scores[0]) > len(SENTENCES)
    np.testing.assert_allclose(scores[0], scores[1], rtol=1e-4)


def test_relation_probabilities_are_averaged(
    first: pathlib.Path, model: tf.keras.Model, tmp_path: pathlib.Path
) -> None:
    def other_relations(model: tf.keras.Model) -> None:
        for weight in model.get_layer("pair_scorer").trainable_weights:
            weight.assign(-0.7 * weight)

    second = changed(model, other_relations, first, tmp_path / "second")
    both, *each = joined(tmp_path / "both", first, second), found(first), found(second)
    assert_same_entities(both, each[0])
    compared = 0
    for (_, relations), *singles in zip(both, *each, strict=True):
        scores = [dict(found) for _, found in singles]
        for relation, score in relations:
            compared += 1
            mean = sum(each.get(relation, 0.0) for each in scores) / 2
            assert score == pytest.approx(mean, rel=1e-4)
    assert compared > len(SENTENCES)


def test_tag_scores_and_transitions_are_averaged(
    first: pathlib.Path, model: tf.keras.Model, tmp_path: pathlib.Path
) -> None:
    constant, transitions = np.array([0.3, 1.0, -0.2, 0.4, 1.2]), np.diag([0.5, -1.0, 2.0, 1.0, -0.5])

    def set_ner(model: tf.keras.Model, share: float) -> None:
        """Tag scores are so much those of the model, the rest the constant ones; the CRF likewise."""
        kernel, bias = model.get_layer("ner_scores").weights
        kernel.assign(share * kernel)
        bias.assign(share * bias + (1 - share) * constant)
        crf = model.get_layer("crf")
        crf.transitions.assign(share * crf.transitions + (1 - share) * transitions)
        crf.start.assign(share * crf.start)
        crf.end.assign(share * crf.end)

    second = changed(model, lambda model: set_ner(model, 0.0), first, tmp_path / "second")
    mean = changed(model, lambda model: set_ner(model, 0.5), first, tmp_path / "mean")
    assert_same_entities(joined(tmp_path / "both", first, second), found(mean))


def test_members_must_be_alike(first: pathlib.Path, tmp_path: pathlib.Path) -> None:
    wider = dataclasses.replace(untrained.WEIGHTED, rnn_size=8)
    other = untrained.write(tmp_path / "other", wider)
    with pytest.raises(InputError, match=r"other: is of another model config, corpus or encoder than"):
        ensemble_dir.write(tmp_path / "both", [first, other], 0.5, "a test")
    with pytest.raises(InputError, match="1 members"):
        ensemble_dir.write(tmp_path / "both", [first], 0.5, "a test")
    assert not (tmp_path / "both").exists()
