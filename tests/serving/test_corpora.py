"""An exported model on all of CoNLL04 and ADE."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
from exported_model import MIN_SCORE
from scored_answers import OTHER_BATCH

from jner_re import corpora
from jner_re.extraction.client import Client
from jner_re.extraction.in_process import SavedModel
from jner_re.models import model_dir
from jner_re.models.predictor import Predictor
from jner_re.schema import Scored


@pytest.fixture(scope="module")
def model(loaded: SavedModel) -> Client:
    return Client(loaded)


def assert_alike(found: list[Scored], expected: list[Scored]) -> None:
    for one, other in zip(found, expected, strict=True):
        for items, others in zip(one, other, strict=True):
            assert [item for item, _ in items] == [item for item, _ in others]
            np.testing.assert_allclose([s for _, s in items], [s for _, s in others], atol=OTHER_BATCH)


def test_equals_evaluation_for_any_batch_size_and_order(
    model: Client, model_folder: pathlib.Path, shared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    sentences = corpora.read(shared / "data" / "conll04" / "test.json")
    trained = model_dir.load(model_folder)
    corpus = trained.inputs.corpus(sentences, tmp_path)
    predictor = Predictor(trained.model, corpus.specs, trained.vocabulary.label_set)
    expected = predictor.scored(corpus, MIN_SCORE)
    assert sum(len(relations) for _, relations in expected) > 100
    tokens = [sentence.tokens for sentence in sentences]
    for size in (1, 50, len(tokens)):
        order = np.random.default_rng(size).permutation(len(tokens)).tolist()
        found: list[Scored] = [([], [])] * len(tokens)
        for begin in range(0, len(order), size):
            part = order[begin : begin + size]
            for i, scored in zip(part, model.predict([tokens[i] for i in part]), strict=True):
                found[i] = scored
        assert_alike(found, expected)


def test_entities_are_places_of_the_texts(model: Client, shared: pathlib.Path) -> None:
    news = corpora.read(shared / "data" / "conll04" / "train.json")
    reports = (shared / "data" / "ade" / "DRUG-AE.rel").read_text().splitlines()
    texts = [" ".join(sentence.tokens) for sentence in news]
    texts += sorted({line.split("|")[1] for line in reports})
    texts += ["  ".join(texts[i : i + 20]) for i in range(0, 1000, 20)]
    count = 0
    for text, document in zip(texts, model(texts), strict=True):
        assert document.text == text
        assert "".join(text.split()) == "".join(token.text for token in document.tokens)
        for entity in document.entities:
            assert text[entity.start : entity.end] == entity.text == entity.text.strip() != ""
        count += len(document.entities)
    assert count > 10000
