"""The extractor: one graph, places in the text, indexes over several sentences, what is too long."""

from __future__ import annotations

import dataclasses
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import untrained
from lengths_encoder import save_encoder

import jner_re
from jner_re import extractor as extractors
from jner_re.extractor import MAX_TOKENS, Extractor
from jner_re.features.dataset import FeaturizedCorpus
from jner_re.models import model_dir
from jner_re.models.predictor import Predictor
from jner_re.schema import Sentence

TEXTS = [
    "Ann Lee, born in Rome, lives in Oslo. Bob  Carr met Ann in Lima.",
    "",
    "   \n ",
    "😀 Früher: Ulm.\nUlm",
    "Rome",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    encoder = save_encoder(tmp_path_factory.mktemp("encoder") / "lengths", 0.1)
    config = dataclasses.replace(untrained.WEIGHTED, encoder=encoder)
    return untrained.write(tmp_path_factory.mktemp("model"), config)


@pytest.fixture(scope="module")
def extractor(folder: pathlib.Path) -> Extractor:
    return jner_re.load(folder)


def test_entities_are_places_of_the_text(extractor: Extractor) -> None:
    documents = extractor(TEXTS, threshold=0.0)
    assert [document.text for document in documents] == TEXTS
    assert documents[1] == jner_re.Document("") and not documents[2].tokens
    for document in documents:
        for token in document.tokens:
            assert document.text[token.start : token.end] == token.text
        starts = {token.start for token in document.tokens}
        ends = {token.end for token in document.tokens}
        for entity in document.entities:
            assert document.text[entity.start : entity.end] == entity.text
            assert entity.start in starts and entity.end in ends
            assert 0 <= entity.score <= 1.0001
    assert sum(len(document.entities) for document in documents) > 5


def test_a_text_of_several_sentences_is_its_sentences_put_together(extractor: Extractor) -> None:
    text = TEXTS[0]
    at = text.index("Bob")
    whole, first, second = extractor([text, text[:at], text[at:]], threshold=0.0)
    assert len(first.entities) and len(second.entities) and len(second.relations)
    moved = [
        jner_re.Entity(e.type, e.start + at, e.end + at, e.text, pytest.approx(e.score, abs=1e-5))
        for e in second.entities
    ]
    assert list(whole.entities) == [
        *(
            jner_re.Entity(e.type, e.start, e.end, e.text, pytest.approx(e.score, abs=1e-5))
            for e in first.entities
        ),
        *moved,
    ]
    offset = len(first.entities)
    expected = {(r.type, r.head, r.tail) for r in first.relations}
    expected |= {(r.type, r.head + offset, r.tail + offset) for r in second.relations}
    assert {(r.type, r.head, r.tail) for r in whole.relations} == expected


def test_equals_the_model_on_features(
    folder: pathlib.Path, extractor: Extractor, tmp_path: pathlib.Path
) -> None:
    """Prediction from tokens, in groups, gives what the inference model gives for the features."""
    trained = model_dir.load(folder)
    random = np.random.default_rng(0)
    words = ["Ann", "Lee", "lives", "in", "Oslo", "U.S.", "Ünknown", "."]
    sentences = [Sentence(tuple(random.choice(words, size=n))) for n in random.integers(1, 40, 30)]
    corpus: FeaturizedCorpus = trained.inputs.corpus(sentences, tmp_path)
    predictor = Predictor(trained.model, corpus.specs, trained.vocabulary.label_set, 7)
    expected = predictor.scored(corpus, 0.1)
    found = extractor.predict([sentence.tokens for sentence in sentences], 0.1)
    assert sum(len(relations) for _, relations in found) > 10
    for (entities, relations), (other_entities, other_relations) in zip(found, expected, strict=True):
        for one, other in ((entities, other_entities), (relations, other_relations)):
            assert [x for x, _ in one] == [x for x, _ in other]
            np.testing.assert_allclose([s for _, s in one], [s for _, s in other], atol=1e-5)


def test_one_trace_and_no_file_whatever_the_texts(extractor: Extractor) -> None:
    opened: list[object] = []
    watching = [False]

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching[0] and event in ("open", "os.mkdir", "os.rename"):
            opened.append(arguments)

    sys.addaudithook(watch)
    extractor("Ann lives in Rome.")
    watching[0] = True
    for text in ("Rome", "Ann Lee lives in Oslo, Rome and Lima. " * 9, ["Rome"] * 70, ["Ulm", TEXTS[0]]):
        extractor(text)
    watching[0] = False
    assert not opened
    assert extractor.tokens.experimental_get_tracing_count() == 1


def test_what_is_too_long_is_refused_before_anything_is_computed(
    extractor: Extractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("something was computed")

    monkeypatch.setattr(Extractor, "tokens", never)
    long = "Rome. " + "word " * (MAX_TOKENS + 1)
    with pytest.raises(
        jner_re.InputError, match="text 1: sentence 1 has 2,001 tokens, expected at most 2,000"
    ):
        extractor(["Rome", long])
    with pytest.raises(jner_re.InputError, match="sentence 0 has 2,001 tokens"):
        extractor.predict([["a"] * (MAX_TOKENS + 1)])
    with pytest.raises(jner_re.InputError, match="sentence 1: token 1 is '', expected"):
        extractor.predict([["a"], ["Ann", "", "Rome"]])
    with pytest.raises(jner_re.InputError, match=r"text 0: character 2 is '\\ud83d', half of a pair"):
        extractor(["a \ud83d"])


def test_a_sentence_of_the_greatest_length(extractor: Extractor) -> None:
    document = extractor("Ann in Rome " * (MAX_TOKENS // 3))
    assert len(document.tokens) == 3 * (MAX_TOKENS // 3)


def test_groups_are_bounded_and_complete() -> None:
    lengths = np.random.default_rng(0).integers(0, 400, 300).tolist()
    groups = list(extractors._groups(lengths))
    assert sorted(i for group in groups for i in group) == [i for i, n in enumerate(lengths) if n]
    assert all(len(group) * max(lengths[i] for i in group) <= 2048 for group in groups)
    assert list(extractors._groups([5000])) == [[0]]


def test_the_threshold_is_the_models_unless_given(
    extractor: Extractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = extractor(TEXTS[0], threshold=0.0).relations
    middle = sorted(r.score for r in every)[len(every) // 2]
    assert 0 < sum(r.score > middle for r in every) < len(every)
    monkeypatch.setattr(extractor, "threshold", middle)
    assert len(extractor(TEXTS[0]).relations) == sum(r.score > middle for r in every)
    assert not extractor(TEXTS[0], threshold=1.0).relations


def test_the_package_is_imported_without_tensorflow() -> None:
    code = "import jner_re, sys; sys.exit('tensorflow' in sys.modules or not callable(jner_re.load))"
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(jner_re.InputError, match="expected a model directory"):
        jner_re.load("/nowhere")
