"""Extraction with a window of several sentences: equal to prediction, whatever else is in the request."""

from __future__ import annotations

import dataclasses
import pathlib
import random
from collections.abc import Iterator

import numpy as np
import pytest
import tensorflow as tf
import untrained
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re import config as configs
from jner_re.document import Document
from jner_re.extraction import client, passage_finder
from jner_re.extraction.client import Client
from jner_re.features import passages
from jner_re.models import model_dir, model_files
from jner_re.models.predictor import Predictor
from jner_re.schema import Scored, Sentence
from jner_re.serving import saved_model
from jner_re.text.sentences import split

MIN_SCORE = 0.02
SENTENCES = (
    "Ann lives in Rome.",
    "Bob saw Ann.",
    "He left.",
    "Rome was in Ann.",
    "Bob, Ann and Bob live in Rome.",
)
SIZES = (11, 1, 4, 25, 1, 7)


def texts() -> list[str]:
    chosen = random.Random(0)
    return [" ".join(chosen.choices(SENTENCES, k=size)) for size in SIZES]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.lists(st.sampled_from([1, 30, 300, 900]), min_size=1, max_size=20), min_size=1, max_size=5),
    st.integers(2, 4),
    st.integers(1, 5),
)
def test_the_graph_cuts_as_python_does(documents: list[list[int]], window: int, step: int) -> None:
    lengths = tf.constant([length for document in documents for length in document])
    counts = tf.constant([len(document) for document in documents])
    found = np.stack([part.numpy() for part in passage_finder.cut(lengths, counts, window, step)], axis=1)
    expected, begin = [], 0
    for number, document in enumerate(documents):
        for passage in passages.cut(document, window, step):
            expected.append([*(begin + place for place in passage), number])
        begin += len(document)
    assert found.tolist() == expected


@pytest.fixture(scope="module", params=[False, True], ids=["sentences", "context"])
def folder(
    request: pytest.FixtureRequest, model_folder: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> pathlib.Path:
    """A model with a BERT that reads each sentence alone, or passages."""
    config, _ = configs.load(model_folder / model_files.CONFIG)
    config = dataclasses.replace(config, window=3, window_step=2, encoder_context=request.param)
    return untrained.write(tmp_path_factory.mktemp("window"), config)


def predicted(folder: pathlib.Path, cache: pathlib.Path) -> list[Scored]:
    """What the model finds in the texts as a corpus."""
    trained = model_dir.load(folder)
    documents = []
    for text in texts():
        parts = list(split(text, "news"))
        bounds = np.cumsum([len(part) for part in parts]).tolist()
        documents.append(Sentence(tuple(t.text for part in parts for t in part), breaks=tuple(bounds[:-1])))
    corpus = trained.inputs.corpus(documents, cache)
    return Predictor(trained.model, corpus.specs, trained.vocabulary.label_set).scored(corpus, MIN_SCORE)


def assert_equal(found: Document, scored: Scored) -> None:
    starts = {token.start: place for place, token in enumerate(found.tokens)}
    entities = [(starts[e.start], e.type) for e in found.entities]
    assert entities == [(e.start, e.type) for e, _ in scored[0]]
    np.testing.assert_allclose([e.score for e in found.entities], [x for _, x in scored[0]], atol=1e-4)
    sure = MIN_SCORE + 1e-4  # nearer to the threshold, rounding decides
    relations = sorted((r.head, r.tail, r.type, r.score) for r in found.relations if r.score > sure)
    expected = sorted((r.head, r.tail, r.type, score) for r, score in scored[1] if score > sure)
    assert [r[:3] for r in relations] == [r[:3] for r in expected]
    np.testing.assert_allclose([r[3] for r in relations], [r[3] for r in expected], atol=1e-4)


@pytest.fixture(scope="module")
def opened(folder: pathlib.Path) -> Iterator[Client]:
    """The model, which reads documents in several groups."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passage_finder, "TOKENS_AT_ONCE", 60)
        yield client.load(folder)


def test_answers_are_those_of_prediction(
    folder: pathlib.Path, opened: Client, tmp_path: pathlib.Path
) -> None:
    saved_model.write(opened._backend.extractor, tmp_path / "1", MIN_SCORE)
    expected = predicted(folder, tmp_path)
    for model in (opened, client.load(tmp_path / "1")):
        assert_predicted(model, expected)


def assert_predicted(opened: Client, expected: list[Scored]) -> None:
    """In batches of any size and order, and with relations across sentences."""
    order = list(range(len(SIZES))) * 3
    random.Random(1).shuffle(order)
    for size in (1, 3, len(order)):
        for at in range(0, len(order), size):
            part = order[at : at + size]
            for number, found in zip(part, opened([texts()[i] for i in part], MIN_SCORE), strict=True):
                assert_equal(found, expected[number])
    across = 0
    for number, text in enumerate(texts()):
        ends = [tokens[-1].end for tokens in split(text, "news")]
        document = opened(text, MIN_SCORE)
        places = [sum(end <= entity.start for end in ends) for entity in document.entities]
        across += sum(places[r.head] != places[r.tail] for r in document.relations)
        assert all(abs(places[r.head] - places[r.tail]) < 3 for r in document.relations), number
    assert across > 10


def test_rows_of_tokens_and_empty_texts_have_no_neighbours(opened: Client) -> None:
    sentences = [[token.text for token in tokens] for tokens in split(texts()[0], "news")]
    together = opened.predict([*sentences, ["Ann"]], 0.0)
    for row, sentence in enumerate(sentences):
        ((entities, relations),) = opened.predict([sentence], 0.0)
        assert [e for e, _ in entities] == [e for e, _ in together[row][0]]
        assert [r for r, _ in relations] == [r for r, _ in together[row][1]]
    empty, some, blank = opened(["", SENTENCES[0], " \n"], 0.0)
    assert empty.entities == blank.entities == () and some.entities
