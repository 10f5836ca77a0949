from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.features import dataset
from jner_re.features.cache import CachedLayers
from jner_re.features.chars import CharTable
from jner_re.features.featurizer import Featurizer
from jner_re.features.specs import InputSizes, feature_specs
from jner_re.schema import EntitySpan, LabelSet, RelationPair, Sentence

LABELS = LabelSet(("Loc", "Org", "Peop"), ("Live_In", "Work_For"))
SENTENCES = (
    Sentence(
        ("Ann", "Lee", "of", "Acme", "lives", "here"),
        (EntitySpan(3, 4, "Org"), EntitySpan(0, 2, "Peop"), EntitySpan(5, 6, "Loc")),
        (RelationPair(1, 0, "Work_For"), RelationPair(1, 2, "Live_In")),
    ),
    Sentence(("No", "entity", "inside")),
    Sentence(("Rome",), (EntitySpan(0, 1, "Loc"),)),
    Sentence(("Bob", "extraordinarily", "Oslo"), (EntitySpan(0, 1, "Peop"), EntitySpan(2, 3, "Loc"))),
)


SPECS = feature_specs(InputSizes(encoders=((2, 3),), num_chars=17))


@functools.cache
def make_featurizer() -> Featurizer:
    return Featurizer(CharTable("abcdefghijklmno", 40), None, casing=True)


def make_corpus(sentences: tuple[Sentence, ...] = SENTENCES) -> dataset.FeaturizedCorpus:
    """Characters, casing, and layers [T, 2, 3] that hold the number of the sentence and the token."""
    lengths = [len(sentence.tokens) for sentence in sentences]
    offsets = np.array([0, *itertools.accumulate(lengths)])
    places = [[i + 1, t] for i, length in enumerate(lengths) for t in range(length)]
    layers = np.tile(np.array(places, np.float16)[:, :, None], [1, 1, 3])
    features = dataset.featurize(sentences, make_featurizer())
    spans = list(zip(offsets, lengths, strict=False))
    examples = dataset.whole(sentences)
    return dataset.FeaturizedCorpus(sentences, examples, features, [CachedLayers(layers, spans)], SPECS)


def numbered(count: int) -> tuple[Sentence, ...]:
    """Sentences of 1 to 9 tokens whose first token tells them apart."""
    return tuple(Sentence((f"w{i}", *["a"] * (i * 7 % 9))) for i in range(count))


def test_features_of_a_sentence_are_not_padded() -> None:
    corpus = make_corpus()
    for i, sentence in enumerate(SENTENCES):
        arrays = corpus.arrays(i)
        longest = max(len(token) for token in sentence.tokens)
        assert arrays["char_ids"].shape == (len(sentence.tokens), longest)
        assert arrays["casing_ids"].shape == (len(sentence.tokens),)
        assert arrays["encoder_layers"].shape == (len(sentence.tokens), 2, 3)
        alone = dataset.featurize([sentence], make_featurizer())
        np.testing.assert_array_equal(arrays["char_ids"], alone[0]["char_ids"])
        np.testing.assert_array_equal(arrays["casing_ids"], alone[0]["casing_ids"])
    assert corpus.arrays(2)["encoder_layers"].dtype == np.float16
    assert (corpus.arrays(2)["encoder_layers"][:, 0] == 3).all()


def test_featurizing_many_sentences_keeps_their_order() -> None:
    sentences = numbered(600)  # more than are looked up at once
    featurizer = Featurizer(CharTable("w0123456789a", 40), None, casing=False)
    for sentence, features in zip(sentences, dataset.featurize(sentences, featurizer), strict=True):
        expected = ["w0123456789a".index(char) + 2 for char in sentence.tokens[0]]
        assert features["char_ids"][0, : len(expected)].tolist() == expected
        assert len(features["char_ids"]) == len(sentence.tokens)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=5), st.integers(0, 100))
def test_collate_pads_with_zeros(sizes: list[tuple[int, int]], seed: int) -> None:
    random = np.random.default_rng(seed)
    examples: list[dataset.Arrays] = [
        {
            "casing_ids": random.integers(1, 9, (t,)).astype(np.int32),
            "relations": random.integers(1, 9, (m, m, 2)).astype(np.uint8),
            "encoder_layers": random.normal(size=(t, 3, 2)).astype(np.float16),
        }
        for t, m in sizes
    ]
    batch = dataset.collate(examples, [t for t, _ in sizes])
    assert batch["lengths"].tolist() == [t for t, _ in sizes]
    assert batch["lengths"].dtype == np.int32
    t, m = (max(column) for column in zip(*sizes, strict=True))
    wanted: dict[str, tuple[int, ...]] = {
        "casing_ids": (t,),
        "relations": (m, m, 2),
        "encoder_layers": (t, 3, 2),
    }
    for name, shape in wanted.items():
        assert batch[name].shape == (len(sizes), *shape)
        assert batch[name].dtype == examples[0][name].dtype
        for index in np.ndindex(*batch[name].shape):
            own = examples[index[0]][name]
            inside = all(i < size for i, size in zip(index[1:], own.shape, strict=True))
            assert batch[name][index] == (own[index[1:]] if inside else 0)


def test_gold_annotation_by_hand() -> None:
    gold = dataset.gold_arrays(SENTENCES[0], LABELS)
    assert gold["tag_ids"].tolist() == [5, 6, 0, 3, 0, 1]
    assert gold["spans"].tolist() == [[3, 4], [0, 2], [5, 6]]
    relations = np.zeros((3, 3, 2))
    relations[1, 0, 1] = relations[1, 2, 0] = 1
    np.testing.assert_array_equal(gold["relations"], relations)


def test_gold_annotation_of_unknown_types_is_left_out() -> None:
    gold = dataset.gold_arrays(SENTENCES[0], LabelSet(("Loc", "Peop"), ("Live_In",)))
    assert gold["tag_ids"].tolist() == [3, 4, 0, 0, 0, 1]
    assert gold["spans"].tolist() == [[0, 2], [5, 6]]
    assert gold["relations"][:, :, 0].tolist() == [[0, 1], [0, 0]]


def test_gold_annotation_without_entities() -> None:
    gold = dataset.gold_arrays(SENTENCES[1], LABELS)
    assert gold["tag_ids"].tolist() == [0, 0, 0]
    assert gold["spans"].shape == (0, 2)
    assert gold["relations"].shape == (0, 0, 2)


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=80),
    st.integers(1, 9),
    st.integers(0, 9),
    st.integers(0, 9),
)
def test_every_sentence_once_an_epoch(lengths: list[int], batch_size: int, seed: int, epoch: int) -> None:
    batches = dataset.batch_order(lengths, batch_size, seed, epoch)
    assert sorted(itertools.chain(*batches)) == list(range(len(lengths)))
    assert sorted(map(len, batches), reverse=True)[:-1] == [batch_size] * (len(batches) - 1)
    assert len(batches) == -(-len(lengths) // batch_size)
    assert batches == dataset.batch_order(lengths, batch_size, seed, epoch)


def test_order_differs_between_epochs_and_seeds() -> None:
    lengths = list(np.random.default_rng(0).integers(1, 40, 50))
    orders = [dataset.batch_order(lengths, 4, seed, epoch) for seed in range(3) for epoch in range(3)]
    assert all(one != other for one, other in itertools.combinations(orders, 2))


def test_sentences_of_a_batch_are_of_similar_length() -> None:
    lengths = np.random.default_rng(0).integers(1, 60, 900).tolist()

    def padding(batches: list[list[int]]) -> float:
        """Share of padding among the tokens of padded batches."""
        padded = sum(len(batch) * max(lengths[i] for i in batch) for batch in batches)
        return 1 - sum(lengths) / padded

    batches = dataset.batch_order(lengths, 8, 1, 0)
    unsorted = np.random.default_rng(1).permutation(900)
    assert padding(batches) < 0.15
    assert padding([unsorted[k : k + 8].tolist() for k in range(0, 900, 8)]) > 0.4


def test_short_sentences_do_not_all_come_first() -> None:
    lengths = np.random.default_rng(0).integers(1, 60, 100).tolist()  # all are sorted together
    longest = [max(lengths[i] for i in batch) for batch in dataset.batch_order(lengths, 8, 1, 0)]
    assert longest != sorted(longest)


def same(one: object, other: object) -> bool:
    pairs = zip(tf.nest.flatten(one), tf.nest.flatten(other), strict=True)
    return all(np.array_equal(x, y) for x, y in pairs)


def take(batches: tf.data.Dataset, count: int) -> list[tuple[dataset.Arrays, np.ndarray]]:
    return list(batches.take(count).as_numpy_iterator())


def test_a_later_epoch_is_the_same_whether_training_started_there_or_not() -> None:
    corpus = make_corpus(numbered(21))
    whole, steps = dataset.training_batches(corpus, LABELS, 2, seed=3, first_epoch=0)
    assert steps == 11
    seen = take(whole, 3 * steps)
    for epoch in (1, 2):
        resumed, again = dataset.training_batches(corpus, LABELS, 2, seed=3, first_epoch=epoch)
        assert again == steps
        assert same(take(resumed, steps), seen[epoch * steps : (epoch + 1) * steps])
    assert not same(seen[:steps], seen[steps : 2 * steps])


def test_a_training_batch_holds_inputs_and_gold_of_its_sentences() -> None:
    corpus = make_corpus()
    batches, steps = dataset.training_batches(corpus, LABELS, 2, seed=1, first_epoch=0)
    order = dataset.batch_order([len(s.tokens) for s in SENTENCES], 2, 1, 0)
    for batch, (inputs, relations) in zip(order, take(batches, steps), strict=True):
        assert set(inputs) == {*SPECS, "tag_ids", "spans"}
        for row, i in enumerate(batch):
            sentence, gold = SENTENCES[i], dataset.gold_arrays(SENTENCES[i], LABELS)
            t, m = len(sentence.tokens), len(sentence.entities)
            assert inputs["lengths"][row] == t
            np.testing.assert_array_equal(inputs["tag_ids"][row, :t], gold["tag_ids"])
            np.testing.assert_array_equal(inputs["spans"][row, :m], gold["spans"])
            assert (inputs["spans"][row, m:] == 0).all()
            np.testing.assert_array_equal(relations[row, :m, :m], gold["relations"])
            assert relations[row].sum() == len(sentence.relations)
            np.testing.assert_array_equal(
                inputs["encoder_layers"][row, :t], corpus.arrays(i)["encoder_layers"]
            )


def test_shapes_leave_open_what_batches_differ_in() -> None:
    inputs, relations = dataset.training_batches(make_corpus(), LABELS, 2, 1, 0)[0].element_spec
    assert relations.shape.as_list() == [None, None, None, 2]
    assert {name: spec.shape.as_list() for name, spec in inputs.items()} == {
        "lengths": [None],
        "tag_ids": [None, None],
        "spans": [None, None, 2],
        "char_ids": [None, None, None],
        "casing_ids": [None, None],
        "encoder_layers": [None, None, 2, 3],
    }


@pytest.mark.parametrize("batch_size", [1, 3, 4, 9])
def test_evaluation_batches_keep_the_order_of_the_corpus(batch_size: int) -> None:
    batches = list(dataset.evaluation_batches(make_corpus(), LABELS, batch_size).as_numpy_iterator())
    assert [n for inputs, _ in batches for n in inputs["lengths"]] == [6, 3, 1, 3]
    assert [len(inputs["lengths"]) for inputs, _ in batches] == [
        min(batch_size, 4 - at) for at in range(0, 4, batch_size)
    ]
    assert sum(relations.sum() for _, relations in batches) == 2


@pytest.mark.parametrize("batch_size", [1, 3, 50])
def test_inference_batches_cover_all_sentences_without_gold(batch_size: int) -> None:
    corpus = make_corpus(numbered(20))
    batches = list(dataset.inference_batches(corpus, batch_size))
    assert sorted(itertools.chain(*(indexes for indexes, _ in batches))) == list(range(20))
    for indexes, inputs in batches:
        assert set(inputs) == {"lengths", "char_ids", "casing_ids", "encoder_layers"}
        assert same(
            inputs,
            dataset.collate(
                [corpus.arrays(i) for i in indexes], [len(corpus.sentences[i].tokens) for i in indexes]
            ),
        )
    longest = [inputs["lengths"].max() for _, inputs in batches]
    assert longest == sorted(longest)


def test_without_an_encoder() -> None:
    made = make_corpus()
    corpus = dataset.FeaturizedCorpus(SENTENCES, made.examples, made.features, [], {})
    assert set(corpus.arrays(0)) == {"char_ids", "casing_ids"}
    (_, inputs), *_ = dataset.inference_batches(corpus, 4)
    assert set(inputs) == {"lengths", "char_ids", "casing_ids"}
