"""Ensembles: what is averaged, and which members go together."""

from __future__ import annotations

import dataclasses
import pathlib

import numpy as np
import pytest
import tf_keras as keras
import untrained

from jner_re.corpora import data_dir
from jner_re.errors import InputError
from jner_re.features.dataset import inference_batches
from jner_re.features.inputs import make_inputs, open_frozen
from jner_re.models import declared, ensemble, ensemble_dir, model_dir, model_files, weights
from jner_re.models.decode import scored_annotations
from jner_re.models.model_vocabulary import ModelVocabulary
from jner_re.schema import Scored

SENTENCES = data_dir.read_sample("test")[:12]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return untrained.write(tmp_path_factory.mktemp("first") / "model")


class Pair:
    """Two models of equal weights, to be changed, and their ensemble."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.vocabulary = ModelVocabulary.load(folder / model_files.VOCABULARY)
        frozen = open_frozen(untrained.WEIGHTED)
        self.inputs = make_inputs(untrained.WEIGHTED, frozen, self.vocabulary.characters)
        self.corpus = self.inputs.corpus(SENTENCES, folder)
        self.models = [model_dir.build(untrained.WEIGHTED, self.inputs, self.vocabulary) for _ in range(2)]
        for model in self.models:
            weights.load(model.inference, folder / model_files.WEIGHTS)
        self.weights = self.models[0].inference.get_weights()

    def second(self) -> keras.Model:
        """The second one, with the weights of the first."""
        self.models[1].inference.set_weights(self.weights)
        return self.models[1].inference

    def found(self, model: keras.Model) -> list[Scored]:
        ((_, features),) = inference_batches(self.corpus, len(SENTENCES))
        outputs = {name: value.numpy() for name, value in model(features).items()}
        return scored_annotations(outputs, self.vocabulary.label_set, 0.0)

    def joined(self) -> list[Scored]:
        allowed = declared.allowed_pairs(self.vocabulary.label_set, self.vocabulary.argument_types)
        return self.found(ensemble.build(untrained.WEIGHTED, self.inputs.sizes, allowed, self.models))


@pytest.fixture(scope="module")
def pair(folder: pathlib.Path) -> Pair:
    return Pair(folder)


def assert_same_entities(one: list[Scored], other: list[Scored]) -> None:
    assert [[entity for entity, _ in entities] for entities, _ in one] == [
        [entity for entity, _ in entities] for entities, _ in other
    ]
    scores = [[score for entities, _ in each for _, score in entities] for each in (one, other)]
    assert len(scores[0]) > len(SENTENCES)
    np.testing.assert_allclose(scores[0], scores[1], rtol=1e-4)


def test_relation_probabilities_are_averaged(pair: Pair) -> None:
    second = pair.second()
    singles = [pair.found(pair.models[0].inference)]
    for weight in second.get_layer("pair_scorer").trainable_weights:
        weight.assign(-0.7 * weight)
    singles.append(pair.found(second))
    both = pair.joined()
    assert_same_entities(both, singles[0])
    compared = 0
    for (_, relations), *each in zip(both, *singles, strict=True):
        scores = [dict(found) for _, found in each]
        for relation, score in relations:
            compared += 1
            mean = sum(found.get(relation, 0.0) for found in scores) / 2
            assert score == pytest.approx(mean, rel=1e-4)
    assert compared > len(SENTENCES)


def test_tag_scores_and_transitions_are_averaged(pair: Pair) -> None:
    constant, transitions = np.array([0.3, 1.0, -0.2, 0.4, 1.2]), np.diag([0.5, -1.0, 2.0, 1.0, -0.5])
    second = pair.second()
    kernel, bias = second.get_layer("ner_scores").weights
    crf = second.get_layer("crf")

    def set_ner(share: float) -> None:
        """Tag scores are so much those of the first model, the rest the constant ones; the CRF likewise."""
        second.set_weights(pair.weights)
        kernel.assign(share * kernel)
        bias.assign(share * bias + (1 - share) * constant)
        crf.transitions.assign(share * crf.transitions + (1 - share) * transitions)
        crf.start.assign(share * crf.start)
        crf.end.assign(share * crf.end)

    set_ner(0.0)
    both = pair.joined()
    set_ner(0.5)
    assert_same_entities(both, pair.found(second))


def test_a_directory_of_members_is_a_model_directory(
    folder: pathlib.Path, pair: Pair, tmp_path: pathlib.Path
) -> None:
    ensemble_dir.write(tmp_path / "both", [folder, folder], 0.35, "a test")
    both = model_dir.load(tmp_path / "both")
    assert (both.threshold, both.vocabulary, both.model.name) == (0.35, pair.vocabulary, "ensemble")
    examples = [path / model_files.EXAMPLES for path in (folder, tmp_path / "both")]
    assert examples[0].read_bytes() == examples[1].read_bytes()
    pair.models[0].inference.set_weights(pair.weights)
    assert_same_entities(pair.found(both.model), pair.found(pair.models[0].inference))


def test_a_member_that_is_lost_is_missed(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    ensemble_dir.write(tmp_path / "both", [folder, folder], 0.35, "a test")
    (tmp_path / "both" / model_files.MEMBER_WEIGHTS.format("01")).unlink()
    with pytest.raises(InputError, match=r"both: 1 files .*member-\*.*, expected one each of members\.json"):
        model_dir.load(tmp_path / "both")


def test_members_must_be_alike(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    wider = dataclasses.replace(untrained.WEIGHTED, rnn_size=8)
    other = untrained.write(tmp_path / "other", wider)
    with pytest.raises(InputError, match=r"other: is of another model config, corpus or encoder than"):
        ensemble_dir.write(tmp_path / "both", [folder, other], 0.5, "a test")
    with pytest.raises(InputError, match="1 members"):
        ensemble_dir.write(tmp_path / "both", [folder], 0.5, "a test")
    assert not (tmp_path / "both").exists()
