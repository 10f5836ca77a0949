from __future__ import annotations

import itertools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.features import tags
from jner_re.models.decode import scored_annotations, spans_from_tags, well_formed, without_scores
from jner_re.schema import EntitySpan, LabelSet, RelationPair, Sentence

LABELS = LabelSet(("Loc", "Org", "Peop"), ("Kill", "Live_In"))


@st.composite
def tag_sequences(draw: st.DrawFn) -> list[int]:
    """Well-formed tags of up to 12 tokens."""
    sequence: list[int] = []
    for _ in range(draw(st.integers(0, 12))):
        before = sequence[-1] if sequence else 0
        inside = [] if before == 0 else [before + before % 2]  # I-x after B-x and after itself
        sequence.append(draw(st.sampled_from([0, 1, 3, 5, *inside])))
    return sequence


@settings(deadline=None)
@given(st.lists(tag_sequences(), min_size=1, max_size=5), st.integers(0, 2))
def test_spans_are_those_of_the_tags(sequences: list[list[int]], padding: int) -> None:
    length = max(len(sequence) for sequence in sequences) + padding
    tag_ids = np.array([sequence + [0] * (length - len(sequence)) for sequence in sequences], np.int32)
    spans, types = (tensor.numpy() for tensor in spans_from_tags(tf.constant(tag_ids)))
    assert spans.dtype == types.dtype == np.int32
    expected = [tags.decode(sequence, LABELS) for sequence in sequences]
    most = max(len(entities) for entities in expected)
    assert spans.shape == (len(sequences), most, 2)
    for b, entities in enumerate(expected):
        rest = most - len(entities)
        assert spans[b].tolist() == [[e.start, e.end] for e in entities] + [[0, 0]] * rest
        assert types[b].tolist() == [LABELS.entity_types.index(e.type) for e in entities] + [-1] * rest


@settings(deadline=None)
@given(st.lists(st.integers(0, 6), max_size=12))
def test_any_tags_are_read_as_conlleval_reads_them(sequence: list[int]) -> None:
    """An I-x begins an entity where none of its type goes on; well-formed tags stay what they are."""
    expected: list[int] = []
    for tag in sequence:
        begins = tag > 0 and tag % 2 == 0 and (expected[-1:] or [0])[0] not in (tag, tag - 1)
        expected.append(tag - 1 if begins else tag)
    if sequence:
        assert well_formed(tf.constant([sequence])).numpy().tolist() == [expected]


def test_spans_in_a_graph_of_unknown_shape() -> None:
    run = tf.function(spans_from_tags, input_signature=[tf.TensorSpec([None, None], tf.int32)])
    spans, types = run(tf.constant([[0, 1, 2, 3], [0, 0, 0, 0]]))
    assert spans.numpy().tolist() == [[[1, 3], [3, 4]], [[0, 0], [0, 0]]]
    assert types.numpy().tolist() == [[0, 1], [-1, -1]]
    assert run(tf.zeros([2, 3], tf.int32))[0].shape == (2, 0, 2)


def outputs() -> dict[str, np.ndarray]:
    """Three sentences: three entities, none, one."""
    random = np.random.default_rng(0)
    return {
        "spans": np.array([[[0, 2], [3, 4], [5, 8]], [[0, 0]] * 3, [[1, 2], [0, 0], [0, 0]]], np.int32),
        "entity_types": np.array([[2, 0, 2], [-1] * 3, [1, -1, -1]], np.int32),
        "entity_scores": random.uniform(size=(3, 3)).astype(np.float32),
        "relation_scores": random.uniform(size=(3, 3, 3, 2)).astype(np.float32),
    }


@pytest.mark.parametrize("threshold", [0.0, 0.4, 0.9, 1.0])
def test_scored_annotations(threshold: float) -> None:
    found = outputs()
    results = scored_annotations(found, LABELS, threshold)
    names = [["Peop", "Loc", "Peop"], [], ["Org"]]
    for b, (entities, relations) in enumerate(results):
        expected = [
            (EntitySpan(start, end, name), score)
            for name, (start, end), score in zip(
                names[b], found["spans"][b].tolist(), found["entity_scores"][b], strict=False
            )
        ]
        assert entities == expected
        scores = {
            RelationPair(head, tail, LABELS.relation_types[r]): found["relation_scores"][b, head, tail, r]
            for head, tail, r in itertools.product(range(len(expected)), range(len(expected)), range(2))
        }
        assert dict(relations) == {relation: s for relation, s in scores.items() if s > threshold}
        assert len(relations) == len(dict(relations))
    assert len(results) == 3


def test_a_relation_needs_more_than_the_threshold() -> None:
    found = outputs()
    found["relation_scores"][:] = 0.5
    assert [len(relations) for _, relations in scored_annotations(found, LABELS, 0.5)] == [0, 0, 0]
    assert [len(relations) for _, relations in scored_annotations(found, LABELS, 0.49)] == [18, 0, 2]


def test_numbers_are_pythons_own() -> None:
    (entities, relations), *_ = scored_annotations(outputs(), LABELS, 0.1)
    assert [type(value) for value in (entities[0][0].start, entities[0][0].end, entities[0][1])] == [
        int,
        int,
        float,
    ]
    assert [type(value) for value in (relations[0][0].head, relations[0][1])] == [int, float]


def test_without_scores() -> None:
    gold = Sentence(("a", "b", "c"), (EntitySpan(0, 3, "Org"),), id="s1")
    entities = [(EntitySpan(0, 1, "Loc"), 0.9), (EntitySpan(1, 2, "Peop"), 0.2)]
    relations = [
        (RelationPair(0, 1, "Kill"), 0.6),
        (RelationPair(1, 0, "Kill"), 0.3),
        (RelationPair(1, 0, "Live_In"), 0.0),
    ]
    found = tuple(entity for entity, _ in entities)
    kept = {-1: 3, 0.0: 2, 0.3: 1, 0.6: 0}
    for threshold, count in kept.items():
        (predicted,) = without_scores([gold], [(entities, relations)], threshold)
        assert predicted == Sentence(gold.tokens, found, tuple(r for r, _ in relations[:count]), "s1")
    assert len(without_scores([gold], [(entities, relations)])[0].relations) == 3
    with pytest.raises(ValueError, match="zip"):
        without_scores([gold], [])
