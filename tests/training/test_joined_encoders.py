"""Several encoders: each gives what it gives alone; training, prediction and export agree."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import shutil
from typing import Any

import numpy as np
import pytest
import tf_keras as keras
import untrained
from lengths_encoder import save_encoder
from scored_answers import OTHER_BATCH, Answer, answered, assert_alike, predicted

from jner_re.config import ModelConfig, TrainConfig
from jner_re.corpora import data_dir
from jner_re.encoders import checkpoint_source, module, saved_encoder
from jner_re.errors import InputError
from jner_re.extraction.in_process import ModelDirectory, SavedModel
from jner_re.features.dataset import collate
from jner_re.features.inputs import make_inputs, open_frozen
from jner_re.models import ensemble_dir, model_dir, model_files, weights
from jner_re.schema import Sentence
from jner_re.serving import saved_model
from jner_re.training import fit

_FIXTURES = pathlib.Path(__file__).parents[1] / "fixtures" / "encoders"
_NAMES = ("encoder_layers", "encoder_layers_2")
TRAIN = TrainConfig(batch_size=4, epochs=1, learning_rate=3e-3, jit_compile=False)


pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture(scope="module")
def encoders(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A cased BERT and an uncased MPNet, which split words differently."""
    folder = tmp_path_factory.mktemp("encoders")
    for name, pooling in (("tiny_bert", "mean"), ("tiny_mpnet", "first")):
        saved_encoder.convert(checkpoint_source.find(str(_FIXTURES / name)), folder / name, name, pooling)
    return [str(folder / "tiny_bert"), str(folder / "tiny_mpnet")]


@pytest.fixture(scope="module")
def config(encoders: list[str]) -> ModelConfig:
    """Few layers: most of these tests' time is spent on tracing graphs."""
    small = dataclasses.replace(untrained.WEIGHTED, char_rnn_size=0, ner_layers=0, re_layers=0)
    return dataclasses.replace(small, encoder=",".join(encoders), pair_context_size=0)


@pytest.fixture(scope="module")
def sentences() -> list[Sentence]:
    return [sentence for sentence in data_dir.read_sample("train") if sentence.relations][:12]


def arrays_of(config: ModelConfig, sentences: list[Sentence], folder: pathlib.Path) -> list[dict[str, Any]]:
    corpus = make_inputs(config, open_frozen(config), untrained.CHARACTERS).corpus(sentences, folder)
    return [corpus.arrays(i) for i in range(len(sentences))]


def test_each_gives_what_it_gives_alone(
    config: ModelConfig, encoders: list[str], sentences: list[Sentence], tmp_path: pathlib.Path
) -> None:
    joined = arrays_of(config, sentences, tmp_path)
    assert set(joined[0]) == {"casing_ids", *_NAMES}
    stores = sorted(tmp_path.iterdir())
    assert len(stores) == 2
    for encoder, name in zip(encoders, _NAMES, strict=True):
        alone = arrays_of(dataclasses.replace(config, encoder=encoder), sentences, tmp_path)
        for one, other in zip(joined, alone, strict=True):
            np.testing.assert_array_equal(one[name], other["encoder_layers"], strict=True)
    assert sorted(tmp_path.iterdir()) == stores  # found again


@pytest.fixture(scope="module")
def folder(config: ModelConfig, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return untrained.write(tmp_path_factory.mktemp("untrained") / "model", config)


def test_the_averages_are_joined(
    folder: pathlib.Path, config: ModelConfig, sentences: list[Sentence], tmp_path: pathlib.Path
) -> None:
    """The shared BiRNNs' input begins with gamma * sum_l softmax(w)_l h_l of each encoder (paper, 3.1)."""
    trained = model_dir.load(folder)
    features = trained.inputs.corpus(sentences[:1], tmp_path).arrays(0)
    expected = []
    for average, layers in zip(("layer_average", "layer_average_2"), _NAMES, strict=True):
        scores, gamma = trained.model.get_layer(average).get_weights()
        weights = np.exp(scores) / np.exp(scores).sum()
        expected.append(gamma * np.einsum("tld,l->td", features[layers], weights))
    joined = np.concatenate(expected, axis=-1)
    assert joined.shape == (len(sentences[0].tokens), 64)
    tokens = trained.model.get_layer("shared_birnns").input
    inputs = keras.Model(trained.model.input, tokens)
    found = inputs(collate([features], [len(joined)])).numpy()[0]
    np.testing.assert_allclose(found[:, :64], joined, rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def expected(folder: pathlib.Path, sentences: list[Sentence]) -> list[Answer]:
    return predicted(folder, sentences, folder / "cache")


def test_evaluation_prediction_and_export_agree(
    folder: pathlib.Path, expected: list[Answer], sentences: list[Sentence], tmp_path: pathlib.Path
) -> None:
    assert sum(len(relations) for _, relations, _ in expected) > 20
    model = ModelDirectory(folder)
    assert_alike(answered(model, sentences), expected, OTHER_BATCH)
    saved_model.write(model.extractor, tmp_path / "1", 0.0)
    assert_alike(answered(SavedModel(tmp_path / "1"), sentences), expected, OTHER_BATCH)


def test_each_average_is_trained(
    config: ModelConfig, sentences: list[Sentence], tmp_path: pathlib.Path
) -> None:
    """And what a run says of its dev set is what its directory gives."""
    metrics = fit.train(config, TRAIN, sentences[:8], sentences[8:], tmp_path)
    model = model_dir.load(tmp_path).model
    for name in ("layer_average", "layer_average_2"):
        scores, gamma = model.get_layer(name).get_weights()
        assert gamma != 1 and scores.any()
    fingerprints = json.loads((tmp_path / "vocabulary.json").read_text())["fingerprints"]
    parts = [module.load(handle).fingerprint for handle in config.encoder.split(",")]
    assert fingerprints == dict(zip(("encoder", "encoder_2"), parts, strict=True))
    found = sum(len(entities) for entities, _, _ in predicted(tmp_path, sentences[8:], tmp_path / "cache"))
    micro = metrics["dev"]["ner"]["strict"]["micro"]
    assert found == micro["tp"] + micro["fp"]


def test_an_ensemble_averages_members_with_both(
    folder: pathlib.Path, expected: list[Answer], sentences: list[Sentence], tmp_path: pathlib.Path
) -> None:
    """A member that differs in its second average alone changes what the ensemble finds."""
    member = shutil.copytree(folder, tmp_path / "member")
    trained = model_dir.load(member)
    gamma = trained.model.get_layer("layer_average_2").gamma
    gamma.assign(-3 * gamma)
    weights.save(trained.model, member / model_files.WEIGHTS)
    ensemble_dir.write(tmp_path / "two", [folder, member], 0.2, "test")
    assert predicted(tmp_path / "two", sentences, folder / "cache") != expected


def test_another_part_is_named(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    other = save_encoder(tmp_path / "another", 0.2)
    record = json.loads((folder / "config.json").read_text())
    first, _ = record["model"]["encoder"].split(",")
    record["model"]["encoder"] = f"{first},{other}"
    damaged = tmp_path / "model"
    damaged.mkdir()
    (damaged / "config.json").write_text(json.dumps(record))
    for name in ("vocabulary.json", "checkpoints"):
        (damaged / name).symlink_to(folder / name)
    with pytest.raises(InputError, match=rf"encoder_2 '{other}' is .* with which the model was trained"):
        model_dir.load(damaged)


def test_a_part_whose_output_is_no_number_is_named(tmp_path: pathlib.Path) -> None:
    good, bad = save_encoder(tmp_path / "good", 1.0), save_encoder(tmp_path / "bad", float("nan"))
    config = dataclasses.replace(untrained.SMALL, encoder=f"{good},{bad}")
    with pytest.raises(InputError, match=rf"encoder {bad}: the encoder's output for the sentence 'a'"):
        arrays_of(config, [Sentence(("a",))], tmp_path / "features")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"encoder": "minilm,nonsense"}, "encoder is 'nonsense', expected minilm"),
        ({"encoder": "minilm,"}, "encoder is 'minilm,', expected one encoder, or different ones joined"),
        ({"encoder": "minilm, minilm"}, "encoder is 'minilm, minilm', expected one encoder, or different"),
        (
            {"encoder": "a,b", "fine_tune_encoder": True},
            "encoder is 'a,b', expected one encoder to fine-tune",
        ),
    ],
)
def test_what_cannot_be_joined(
    options: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch, encoders: list[str]
) -> None:
    load = module.load
    monkeypatch.setattr(
        module, "load", lambda handle, *_: load(encoders[0] if handle == "minilm" else handle)
    )
    with pytest.raises(InputError, match=message):
        open_frozen(dataclasses.replace(untrained.SMALL, **options))


def test_a_folder_may_have_a_comma(tmp_path: pathlib.Path) -> None:
    encoder = save_encoder(tmp_path / "a,b", 1.0)
    assert list(open_frozen(dataclasses.replace(untrained.SMALL, encoder=encoder)).encoders) == [encoder]
