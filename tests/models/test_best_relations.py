"""At most n relations for a head or tail: compared with taking them one by one."""

from __future__ import annotations

import collections

import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.models.best_relations import Limits, is_kept, of_found, of_scored
from jner_re.models.decode import Found
from jner_re.schema import EntitySpan, RelationPair, Scored

KINDS = ("A", "B", "C")
Relation = tuple[int, int, int, float]  # head, tail, kind, score

numbers = st.sampled_from([-1, 1, 1, 2, 3])
three = st.tuples(numbers, numbers, numbers)
limits_of_three = st.builds(Limits, three, three)
relations_of_five = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.integers(0, 4),
        st.integers(0, 2),
        st.sampled_from([0.25, 0.5, 0.625, 0.75, 0.875, 1.0]),  # often equal
    ),
    max_size=25,
    unique_by=lambda relation: relation[:3],
)


def one_by_one(relations: list[Relation], limits: Limits) -> list[Relation]:
    """The reference."""
    as_head: collections.Counter[tuple[int, int]] = collections.Counter()
    as_tail: collections.Counter[tuple[int, int]] = collections.Counter()
    kept = []
    for head, tail, kind, score in sorted(relations, key=lambda r: (-r[3], r[0], r[1])):
        fits_head = limits.per_head[kind] < 0 or as_head[head, kind] < limits.per_head[kind]
        fits_tail = limits.per_tail[kind] < 0 or as_tail[tail, kind] < limits.per_tail[kind]
        if fits_head and fits_tail:
            as_head[head, kind] += 1
            as_tail[tail, kind] += 1
            kept.append((head, tail, kind, score))
    return kept


def kept(relations: list[Relation], limits: Limits) -> list[Relation]:
    heads, tails, kinds, scores = np.array(relations, float).reshape(-1, 4).T
    columns = (tf.constant(column, tf.int32) for column in (heads, tails, kinds))
    mask = is_kept(*columns, tf.constant(scores, tf.float32), limits).numpy()
    return [relation for relation, is_one in zip(relations, mask, strict=True) if is_one]


@settings(max_examples=40)
@given(relations_of_five, limits_of_three)
def test_as_taking_them_one_by_one(relations: list[Relation], limits: Limits) -> None:
    assert sorted(kept(relations, limits)) == sorted(one_by_one(relations, limits))


@settings(max_examples=20)
@given(relations_of_five, limits_of_three, st.sampled_from([0.3, 0.5, 0.7]))
def test_a_threshold_before_or_after_is_the_same(
    relations: list[Relation], limits: Limits, threshold: float
) -> None:
    above = [relation for relation in relations if relation[3] > threshold]
    after = [relation for relation in kept(relations, limits) if relation[3] > threshold]
    assert kept(above, limits) == after


@settings(max_examples=20)
@given(st.lists(st.sampled_from([0.25, 0.5, 0.75]), min_size=10, max_size=10), st.integers(1, 3))
def test_what_has_equal_scores_in_both_directions_is_kept_in_both_or_none(
    scores: list[float], number: int
) -> None:
    pairs = [(i, j) for i in range(5) for j in range(i)]
    both = [(i, j, 0, s) for (i, j), s in zip(pairs, scores, strict=True)]
    both += [(j, i, 0, s) for i, j, _, s in both]
    limits = Limits((number,), (number,))
    found = {(i, j) for i, j, _, _ in kept(both, limits)}
    assert found and found == {(j, i) for i, j in found}


def test_a_long_chain() -> None:
    """Each relation depends on what became of the one before."""
    chain = [(i // 2, (i + 1) // 2, 0, 1 - i / 1000) for i in range(200)]
    limits = Limits((1, -1, -1), (1, -1, -1))
    assert kept(chain, limits) == chain[::2] == one_by_one(chain, limits)


def test_of_found_numbers_entities_over_passages() -> None:
    """The second passage's head -1 is the last entity of the first passage."""
    entities = tf.constant([[0, 0, 1, 0], [0, 2, 3, 0], [2, 0, 1, 0], [5, 0, 1, 0]])
    relations = tf.constant([[0, 1, 0, 0], [2, -1, 0, 0], [2, 0, -2, 0], [5, 0, 0, 1]])
    found = Found(entities, tf.ones([4]), relations, tf.constant([0.6, 0.7, 0.5, 0.1]))
    left = of_found(found, tf.constant(6), Limits((1, -1), (-1, -1)))
    assert left.relations.numpy().tolist() == [[2, -1, 0, 0], [2, 0, -2, 0], [5, 0, 0, 1]]
    np.testing.assert_array_equal(left.relation_scores, np.array([0.7, 0.5, 0.1], np.float32))


def test_of_scored_keeps_sentences_apart() -> None:
    entities = [(EntitySpan(i, i + 1, "E"), 1.0) for i in range(3)]
    sentence: Scored = entities, [(RelationPair(0, 1, "A"), 0.5), (RelationPair(0, 2, "A"), 0.6)]
    nothing: Scored = [], []
    left = of_scored([sentence, nothing, sentence], Limits((1,), (-1,)))
    assert [list(relations) for _, relations in left] == [
        [(RelationPair(0, 2, "A"), 0.6)],
        [],
        [(RelationPair(0, 2, "A"), 0.6)],
    ]
    assert of_scored([sentence], None) == [sentence]
