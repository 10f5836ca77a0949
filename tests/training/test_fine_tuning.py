"""Fine-tuning the encoder: what is trained, that a run resumes exactly, and what uses the result."""

from __future__ import annotations

import dataclasses
import pathlib
import shutil
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
import untrained
from lengths_encoder import save_encoder
from scored_answers import Answer, answered, assert_alike, predicted

from jner_re.config import ModelConfig, TrainConfig
from jner_re.corpora import data_dir
from jner_re.encoders import checkpoint_source, fine_tuning, module, saved_encoder
from jner_re.encoders.token_encoder import TokenEncoder
from jner_re.errors import InputError
from jner_re.extraction.in_process import ModelDirectory, SavedModel
from jner_re.features.inputs import make_inputs, open_frozen
from jner_re.features.subwords import SubwordTable
from jner_re.models import ensemble_dir, model_dir, model_files, weights
from jner_re.models.fine_tuned_encoder import NAME
from jner_re.schema import Sentence
from jner_re.serving import saved_model
from jner_re.training import fit

_FIXTURES = pathlib.Path(__file__).parents[1] / "fixtures" / "encoders"
WORDS = [["the", "Mayor", "unaffable", "a-e-b"], ["e"] * 45, ["a", "", ""]]  # the second in two windows
TRAIN = TrainConfig(
    batch_size=4,
    epochs=2,
    learning_rate=3e-3,
    encoder_learning_rate=1e-3,
    average_decay=0.9,
    jit_compile=False,
)


pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pathlib.Path]:
    """Encoders of two blocks, by name."""
    folder = tmp_path_factory.mktemp("encoders")
    for name in ("tiny_bert", "tiny_mpnet"):
        saved_encoder.convert(checkpoint_source.find(str(_FIXTURES / name)), folder / name, name, "first")
    return {path.name: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def config(folders: dict[str, pathlib.Path]) -> ModelConfig:
    """A small model on the BERT, with its embeddings frozen."""
    return ModelConfig(
        encoder=str(folders["tiny_bert"]),
        fine_tune_encoder=True,
        frozen_encoder_layers=1,
        glove="",
        rnn_size=16,
        char_rnn_size=0,
        ner_layers=0,
        re_layers=0,
        threshold=0.2,
    )


@pytest.fixture(scope="module")
def sentences() -> list[Sentence]:
    return [sentence for sentence in data_dir.read_sample("train") if sentence.relations][:12]


Run = tuple[dict[str, Any], pathlib.Path]
KILLED = "killed"


@pytest.fixture(scope="module")
def whole(config: ModelConfig, sentences: list[Sentence], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """An uninterrupted run: metrics and directory; beside it, what a kill in the second epoch leaves."""
    folder = tmp_path_factory.mktemp("runs") / "whole"

    def begin(epoch: int, logs: Any) -> None:
        if epoch == 1:
            shutil.copytree(folder, folder.with_name(KILLED))

    copying = keras.callbacks.LambdaCallback(on_epoch_begin=begin)
    return fit.train(config, TRAIN, sentences[:8], sentences[8:], folder, callbacks=[copying]), folder


def padded(sentences: list[list[str]]) -> tuple[tf.Tensor, tf.Tensor]:
    tokens = tf.ragged.constant(sentences, tf.string, ragged_rank=1)
    return tokens.to_tensor(""), tf.constant([sum(map(bool, words)) for words in sentences])


@pytest.mark.parametrize("name", ["tiny_bert", "tiny_mpnet"])
def test_it_starts_as_the_frozen_encoder(folders: dict[str, pathlib.Path], name: str) -> None:
    tokens, lengths = padded(WORDS)
    encoder = fine_tuning.read(folders[name], 0)
    subword_ids = SubwordTable(fine_tuning.read_vocabulary(folders[name]))(tokens)
    expected = module.load(str(folders[name])).encode(tokens, lengths)
    for is_training in (False, True):  # without a seed there is no dropout
        layers = encoder.from_subwords(subword_ids, lengths, is_training)
        np.testing.assert_allclose(layers, expected, atol=1e-5)


def gradients(
    encoder: TokenEncoder, folder: pathlib.Path, recompute: bool
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Of a sum of the layers, with dropout: it and those of the trainable weights."""
    tokens, lengths = padded(WORDS)
    subword_ids = SubwordTable(fine_tuning.read_vocabulary(folder))(tokens)

    def step() -> tuple[tf.Tensor, list[tf.Tensor]]:
        with tf.GradientTape() as tape:
            layers = encoder.from_subwords(
                subword_ids, lengths, True, tf.constant([5, 7], tf.int64), recompute
            )
            total = tf.reduce_sum(layers[:, :, 1:] * tf.range(32.0))
        return total, tape.gradient(total, encoder.trainable_variables)

    total, sparse = tf.function(step, autograph=False)()
    return total, [tf.convert_to_tensor(gradient) for gradient in sparse]


@pytest.mark.parametrize("name", ["tiny_bert", "tiny_mpnet"])
def test_recomputed_gradients_are_the_same(folders: dict[str, pathlib.Path], name: str) -> None:
    encoder = fine_tuning.read(folders[name], 0)
    total, expected = gradients(encoder, folders[name], False)
    again, recomputed = gradients(encoder, folders[name], True)
    np.testing.assert_allclose(again, total, rtol=1e-5)
    assert len(recomputed) == len(encoder.variables)
    for one, other in zip(recomputed, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4 * np.abs(other).max())


def test_layers_are_trained_from_above(whole: Run, config: ModelConfig) -> None:
    trained = model_dir.load(whole[1]).model.get_layer(NAME).encoder
    start = fine_tuning.read(pathlib.Path(config.encoder), 1)
    changed = [
        not np.array_equal(one, other) for one, other in zip(trained.variables, start.variables, strict=True)
    ]
    assert changed == [variable.trainable for variable in start.variables]
    assert changed.count(False) == 4  # subwords, positions, scale and offset


def test_every_layer_can_be_trained_and_one_has_to_be(
    config: ModelConfig, folders: dict[str, pathlib.Path]
) -> None:
    counts = [len(fine_tuning.read(folders["tiny_mpnet"], n).trainable_variables) for n in range(3)]
    assert counts == [5 + 24, 24, 12]
    wrong = dataclasses.replace(config, frozen_encoder_layers=3)
    with pytest.raises(InputError, match="frozen_encoder_layers is 3, expected at most 2"):
        make_inputs(wrong, open_frozen(wrong), "")


def test_encoders_of_other_kinds_are_refused(config: ModelConfig, tmp_path: pathlib.Path) -> None:
    foreign = dataclasses.replace(config, encoder=save_encoder(tmp_path / "lengths", 1.0))
    with pytest.raises(InputError, match="lengths: can't be fine-tuned: expected a transformer"):
        make_inputs(foreign, open_frozen(foreign), "")
    with pytest.raises(InputError, match="encoder is empty"):
        open_frozen(dataclasses.replace(config, encoder="", char_rnn_size=4))


def test_a_killed_run_resumes_to_the_same_result(
    whole: Run, config: ModelConfig, sentences: list[Sentence]
) -> None:
    metrics, folder = whole
    killed = folder.with_name(KILLED)
    assert fit.train(config, TRAIN, sentences[:8], sentences[8:], killed) == metrics
    weights = [model_dir.load(path).model.get_weights() for path in (folder, killed)]
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.fixture(scope="module")
def untrained_folder(config: ModelConfig, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Weights, also of the encoder, that are far from where training starts."""
    return untrained.write(tmp_path_factory.mktemp("untrained") / "model", config)


@pytest.fixture(scope="module")
def expected(untrained_folder: pathlib.Path, sentences: list[Sentence]) -> list[Answer]:
    return predicted(untrained_folder, sentences, untrained_folder / "not used")


def test_evaluation_prediction_and_export_agree(
    untrained_folder: pathlib.Path,
    expected: list[Answer],
    sentences: list[Sentence],
    tmp_path: pathlib.Path,
) -> None:
    assert sum(len(relations) for _, relations, _ in expected) > 20
    model = ModelDirectory(untrained_folder)
    assert_alike(answered(model, sentences), expected)
    saved_model.write(model.extractor, tmp_path / "1", 0.0)
    assert_alike(answered(SavedModel(tmp_path / "1"), sentences), expected)


def test_an_ensemble_has_the_encoders_of_its_members(
    untrained_folder: pathlib.Path,
    expected: list[Answer],
    sentences: list[Sentence],
    tmp_path: pathlib.Path,
) -> None:
    """Two models that differ in their encoders alone find something else than the first of them."""
    member = shutil.copytree(untrained_folder, tmp_path / "member")
    trained = model_dir.load(member)
    for weight in trained.model.get_layer(NAME).trainable_weights:
        weight.assign(-weight)
    weights.save(trained.model, member / model_files.WEIGHTS)
    ensemble_dir.write(tmp_path / "two", [untrained_folder, member], 0.2, "test")
    assert predicted(tmp_path / "two", sentences, tmp_path / "not used") != expected


def test_a_damaged_description_is_refused(config: ModelConfig, tmp_path: pathlib.Path) -> None:
    folder = shutil.copytree(config.encoder, tmp_path / "encoder")
    path = folder / saved_encoder.DESCRIPTION
    text = path.read_text()
    for old, new in (('"[UNK]"', '"[unk]"'), ('"lowercase": false,\n      "strip', '"strip')):
        path.write_text(text.replace(old, new))
        assert path.read_text() != text
        with pytest.raises(InputError, match=r"encoder\.json: damaged"):
            fine_tuning.read(folder, 0)
