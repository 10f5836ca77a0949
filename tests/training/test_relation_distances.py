"""How rare relations of each distance are, against a count pair by pair."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jner_re.schema import EntitySpan, RelationPair, Sentence
from jner_re.training.relation_distances import log_odds

_FARTHEST = 3


@st.composite
def _documents(draw: st.DrawFn) -> Sentence:
    """Tokens that are entities, some sentences, some relations of any distance, some twice."""
    count = draw(st.integers(1, 12))
    breaks = tuple(sorted(draw(st.sets(st.integers(1, count - 1), max_size=5)) if count > 1 else ()))
    starts = sorted(draw(st.sets(st.integers(0, count - 1))))
    numbers = range(len(starts))
    pairs = [(i, j) for i in numbers for j in numbers if i != j]
    chosen = draw(st.lists(st.tuples(st.sampled_from(pairs), st.sampled_from("ab")))) if pairs else []
    return Sentence(
        ("x",) * count,
        tuple(EntitySpan(start, start + 1, "E") for start in starts),
        tuple(RelationPair(head, tail, kind) for (head, tail), kind in chosen),
        breaks=breaks,
    )


@given(st.lists(_documents(), max_size=4))
def test_against_pairs_one_by_one(documents: list[Sentence]) -> None:
    yes, no = [0.5] * (_FARTHEST + 1), [0.5] * (_FARTHEST + 1)
    for document in documents:
        numbers = [sum(e.start >= begin for begin in document.breaks) for e in document.entities]
        joined = {(r.head, r.tail) for r in document.relations}
        for head, a in enumerate(numbers):
            for tail, b in enumerate(numbers):
                if head != tail and abs(a - b) <= _FARTHEST:
                    (yes if (head, tail) in joined else no)[abs(a - b)] += 1
    odds = [math.log(a / b) for a, b in zip(yes, no, strict=True)]
    found = log_odds(documents, _FARTHEST)
    np.testing.assert_allclose(found, np.array(odds) - odds[0], atol=1e-5)
    assert found[0] == 0
