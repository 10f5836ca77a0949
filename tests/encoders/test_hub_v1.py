"""A module in TensorFlow 1's format, with google/elmo's signatures: trained with, exported, loaded again."""

from __future__ import annotations

import dataclasses
import pathlib

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub as hub
import tf_keras as keras
import untrained

from jner_re.config import TrainConfig
from jner_re.encoders import module
from jner_re.extraction.extractor import load
from jner_re.extraction.in_process import SavedModel
from jner_re.schema import EntitySpan, RelationPair, Sentence
from jner_re.serving import saved_model
from jner_re.training.fit import train

FOLDER = pathlib.Path(__file__).parents[1] / "fixtures" / "encoders" / "hub_v1"
LIVES = RelationPair(0, 1, "Live_In")
ENTITIES = (EntitySpan(0, 1, "Peop"), EntitySpan(3, 4, "Loc"))
SENTENCES = [
    Sentence(("Ann", "lives", "in", "Rome"), ENTITIES, (LIVES,)),
    Sentence(("Bob", "came", "from", "Oslo", "."), ENTITIES, (LIVES,)),
]


@pytest.fixture(scope="module")
def encoder() -> module.Encoder:
    return module.load(str(FOLDER))


def test_its_layers_are_those_that_hub_gives(encoder: module.Encoder) -> None:
    tokens, lengths = tf.constant([["Ann", "lives"], ["Rome", ""]]), tf.constant([2, 1])
    assert (encoder.num_layers, encoder.width) == (3, 6)
    expected = hub.load(str(FOLDER)).signatures["tokens"](tokens=tokens, sequence_len=lengths)
    layers = encoder.encode(tokens, lengths).numpy()
    words = expected["word_emb"].numpy()
    np.testing.assert_allclose(layers[0, :, 0], np.concatenate([words, words], -1)[0], atol=1e-6)
    np.testing.assert_allclose(layers[0, :, 1], expected["lstm_outputs1"][0], atol=1e-6)
    np.testing.assert_allclose(layers[1, 0, 2], expected["lstm_outputs2"][1, 0], atol=1e-6)
    assert not layers[1, 1].any()
    np.testing.assert_allclose(tf.function(encoder.encode)(tokens, lengths), layers, atol=1e-6)


def test_in_a_functional_model(encoder: module.Encoder) -> None:
    tokens, lengths = keras.Input([None], dtype=tf.string), keras.Input([], dtype=tf.int32)
    model = keras.Model([tokens, lengths], encoder.encode(tokens, lengths))
    values = tf.constant([["Ann", "lives"]]), tf.constant([2])
    np.testing.assert_allclose(model(list(values)), encoder.encode(*values), atol=1e-6)


def test_two_steps_of_training_and_an_export(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JNER_RE_CACHE", str(tmp_path / "cache"))
    config = dataclasses.replace(
        untrained.SMALL, encoder=str(FOLDER), char_rnn_size=0, ner_layers=0, re_layers=0, pair_context_size=0,
        threshold=0.01,
    )  # fmt: skip
    train(config, TrainConfig(epochs=2, batch_size=2, jit_compile=False), SENTENCES, [], tmp_path / "model")
    extractor = load(tmp_path / "model")
    texts = ["Ann lives in Rome. He came from Oslo.", "Bob"]
    saved_model.write(extractor, tmp_path / "exported", 0.0)
    rows = SavedModel(tmp_path / "exported").texts(texts, None)
    expected = extractor.from_text(tf.constant(texts), tf.constant(0.0))
    assert [len(row["token"]) for row in rows] == [10, 1]
    for name in ("entity_start", "entity_score", "relation_head", "relation_score"):
        for row, values in zip(rows, expected[name].numpy().tolist(), strict=True):
            np.testing.assert_allclose(row[name], values[: len(row[name])], atol=1e-6)
