"""The graph: against the model on features, for any grouping, for any text."""

from __future__ import annotations

import pathlib
import sys

import hypothesis
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import strategies
from scored_answers import OTHER_BATCH

from jner_re.extraction import extractor as extractors
from jner_re.extraction.extractor import Extractor
from jner_re.features.dataset import FeaturizedCorpus
from jner_re.models import model_dir
from jner_re.models.predictor import Predictor
from jner_re.schema import Sentence
from jner_re.text.long_sentences import MAX_TOKENS

WORDS = ["Ann", "Lee", "lives", "in", "Oslo", "U.S.", "Ünknown", "."]
ALL = tf.constant(0.0)


def some_sentences(count: int, longest: int) -> list[list[str]]:
    random = np.random.default_rng(0)
    return [random.choice(WORDS, size=n).tolist() for n in random.integers(0, longest, count)]


def padded(sentences: list[list[str]]) -> tf.Tensor:
    return tf.ragged.constant(sentences, tf.string, ragged_rank=1).to_tensor("")


def found(outputs: dict[str, tf.Tensor], row: int) -> tuple[list[tuple], list[tuple]]:
    """Entities and relations of a row, with their scores last."""
    columns = {name: values.numpy()[row].tolist() for name, values in outputs.items()}
    entities = zip(*(columns[f"entity_{x}"] for x in ("type", "start", "end", "text", "score")), strict=True)
    relations = zip(*(columns[f"relation_{x}"] for x in ("type", "head", "tail", "score")), strict=True)
    return [e for e in entities if e[0]], [r for r in relations if r[0]]


def assert_alike(one: tuple[list[tuple], list[tuple]], other: tuple[list[tuple], list[tuple]]) -> None:
    for items, others in zip(one, other, strict=True):
        assert [item[:-1] for item in items] == [item[:-1] for item in others]
        np.testing.assert_allclose([x[-1] for x in items], [x[-1] for x in others], atol=OTHER_BATCH)


def test_equals_the_model_on_features(
    model_folder: pathlib.Path, extractor: Extractor, tmp_path: pathlib.Path
) -> None:
    """Tokens in groups give what the inference model and NumPy's decoding give for the features."""
    trained = model_dir.load(model_folder)
    tokens = some_sentences(30, 40)
    corpus: FeaturizedCorpus = trained.inputs.corpus([Sentence(tuple(t or ["."])) for t in tokens], tmp_path)
    predictor = Predictor(trained.model, corpus.specs, trained.vocabulary.label_set, 7)
    outputs = extractor.from_tokens(padded(tokens), tf.constant(0.1))
    count = 0
    for row, (entities, relations) in enumerate(predictor.scored(corpus, 0.1)):
        if tokens[row]:
            texts = [" ".join(tokens[row][e.start : e.end]) for e, _ in entities]
            expected = (
                [
                    (e.type.encode(), e.start, e.end, text.encode(), score)
                    for (e, score), text in zip(entities, texts, strict=True)
                ],
                [(r.type.encode(), r.head, r.tail, score) for r, score in relations],
            )
            assert_alike(found(outputs, row), expected)
            count += len(relations)
    assert count > 10


def test_neighbours_order_and_grouping_change_nothing(
    extractor: Extractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = some_sentences(16, 60)
    together = extractor.from_tokens(padded(tokens), ALL)
    assert together["token"].numpy().tolist()[3] == padded(tokens).numpy().tolist()[3]
    reverse = extractor.from_tokens(padded(tokens[::-1]), ALL)
    monkeypatch.setattr(extractors, "_TOKENS_AT_ONCE", 100)
    groups: list[tuple[int, ...]] = []
    outputs = Extractor.outputs

    def watched(self: Extractor, tokens: tf.Tensor, names: tf.Tensor) -> dict[str, tf.Tensor]:
        tf.py_function(lambda shape: groups.append(tuple(shape.numpy())), [tf.shape(tokens)], [])
        return outputs(self, tokens, names)

    monkeypatch.setattr(Extractor, "outputs", watched)
    small = Extractor.find.python_function.__get__(extractor)(
        tf.RaggedTensor.from_tensor(padded(tokens), [len(t) for t in tokens]),
        tf.range(len(tokens)),
        [""] * len(tokens),
        ALL,
    )
    assert sum(rows for rows, _ in groups) == sum(map(bool, tokens))
    assert all(rows == 1 or rows * length <= 100 for rows, length in groups) and len(groups) > 4
    places = small.entities.numpy()
    for row in range(len(tokens)):
        expected = found(together, row)
        assert_alike(found(reverse, len(tokens) - 1 - row), expected)
        assert places[places[:, 0] == row][:, 1:3].tolist() == [[e[1], e[2]] for e in expected[0]]
        if tokens[row]:
            assert_alike(found(extractor.from_tokens(padded([tokens[row]]), ALL), 0), expected)


@hypothesis.given(
    strategies.lists(
        strategies.text(
            strategies.one_of(
                strategies.characters(exclude_categories=["Cs"]),
                strategies.sampled_from("A. \r\n\t\0\u0301\u05d0\u0627é😀👩‍👩‍👧\u2028\u00a0'\"(x)-"),
            ),
            max_size=60,
        ),
        max_size=4,
    )
)
@hypothesis.settings(max_examples=60)
def test_an_entity_is_its_place_in_any_text(extractor: Extractor, texts: list[str]) -> None:
    outputs = extractor.from_text(tf.constant(texts, tf.string), ALL)
    for row, text in enumerate(texts):
        entities, relations = found(outputs, row)
        last = 0
        for _, start, end, entity_text, score in entities:
            assert text[start:end] == entity_text.decode() and last <= start < end
            assert 0 <= score <= 1.0001
            last = end
        for _, head, tail, _ in relations:
            assert 0 <= head < len(entities) and 0 <= tail < len(entities) and head != tail
    assert all(len(values) == len(texts) for values in outputs.values())


@pytest.mark.parametrize(
    "text", [b"", b" \n\t ", b"A", b"\xff\xfe Rome \xc3", b"\0", b"Ann \xe2\x82 Lee lives in \xf0\x9f\x98"]
)
def test_odd_texts(extractor: Extractor, text: bytes) -> None:
    outputs = extractor.from_text(tf.constant([text, b"Rome"]), ALL)
    repaired = text.decode("utf-8", "replace")
    assert [token.decode() for token in outputs["token"].numpy()[0] if token] == repaired.split()
    for _, start, end, entity_text, _ in found(outputs, 0)[0]:
        assert repaired[start:end] == entity_text.decode()
    assert_alike(found(outputs, 1), found(extractor.from_text(tf.constant(["Rome"]), ALL), 0))


def test_large_requests(extractor: Extractor) -> None:
    sentence = "Ann Lee, born in Rome, lives in Oslo. "
    alone = found(extractor.from_text(tf.constant([sentence]), ALL), 0)
    assert alone[0] and alone[1]
    many = extractor.from_text(tf.constant([sentence] * 1000), ALL)
    for row in (0, 500, 999):
        assert_alike(found(many, row), alone)
    repeated = 1_000_000 // len(sentence)
    entities, relations = found(extractor.from_text(tf.constant([sentence * repeated]), ALL), 0)
    assert len(entities) == repeated * len(alone[0]) and len(relations) == repeated * len(alone[1])
    last = entities[-1]
    assert (last[1], last[2]) == tuple(x + len(sentence) * (repeated - 1) for x in alone[0][-1][1:3])
    assert relations[-1][1] == alone[1][-1][1] + len(alone[0]) * (repeated - 1)


def test_a_sentence_of_the_greatest_length_and_one_more(extractor: Extractor) -> None:
    text = "Rome. " + "Ann in Rome , " * (MAX_TOKENS // 4)  # the second sentence has the greatest length
    outputs = extractor.from_text(tf.constant([text + "Rome", "Rome."]), ALL)
    assert outputs["broken_at"].numpy().tolist() == [[len(text)], [-1]]
    (entities, relations), (first, _) = found(outputs, 0), found(outputs, 1)
    last, _ = found(extractor.from_text(tf.constant(["Rome"]), ALL), 0)
    moved = [(kind, start + len(text), end + len(text), *rest) for kind, start, end, *rest in last]
    assert first and last
    assert_alike((entities[: len(first)], []), (first, []))
    assert_alike((entities[-len(last) :], []), (moved, []))
    pieces = [(start >= 6) + (start >= len(text)) for _, start, *_ in entities]
    assert relations and all(pieces[head] == pieces[tail] for _, head, tail, _ in relations)
    for request, message in (
        ([["a"] * 2001], "sentence 0: 2001 tokens"),
        ([["a", "b"], ["", "b"]], "sentence 1: an empty token, expected"),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            extractor.from_tokens(tf.constant(request), ALL)


@pytest.mark.parametrize("factor", [1e5, float("nan")])
def test_what_training_refuses_of_an_encoder_is_refused(
    factor: float, extractor: Extractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in tests/features/test_cache.py: only the sentence with such a word, which the message names."""
    (encoder,) = extractor.encoders
    encode = encoder.encode

    def overflowing(tokens: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        scale = tf.where(tokens == "huge", factor, 1.0)[:, :, tf.newaxis, tf.newaxis]
        return tf.ones_like(encode(tokens, lengths)) * scale

    monkeypatch.setattr(encoder, "encode", overflowing)
    names = tf.constant(["text 0: sentence 0 has", "text 1: sentence 0 has", "text 1: sentence 1 has"])
    for sentences, number in (
        ([["Ann", "in"], ["a"], ["huge"]], 1),
        ([["b"], ["Rome", "huge"], ["huge"]], 0),
    ):
        message = f"text 1: sentence {number} has an encoder output too large for float16"
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            extractor.outputs(padded(sentences), names)
    assert extractor.outputs(padded([["Ann", "in"], ["a"]]), names[:2])["tag_ids"].shape == [2, 2]


def test_one_trace_and_no_file_whatever_the_texts(extractor: Extractor) -> None:
    opened: list[object] = []
    watching = [False]

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching[0] and event in ("open", "os.mkdir", "os.rename"):
            opened.append(arguments)

    sys.addaudithook(watch)
    extractor.from_text(tf.constant(["Ann lives in Rome."]), ALL)
    graphs = (extractor.from_text, extractor.find)
    traces = [graph.experimental_get_tracing_count() for graph in graphs]
    watching[0] = True
    for texts in (["Rome"], ["Ann Lee lives in Oslo, Rome and Lima. " * 9], ["Rome"] * 70, []):
        extractor.from_text(tf.constant(texts, tf.string), ALL)
    watching[0] = False
    assert not opened
    assert [graph.experimental_get_tracing_count() for graph in graphs] == traces
