"""Arrays in place of objects: against the objects."""

from __future__ import annotations

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jner_re.evaluation.calibration import calibration
from jner_re.evaluation.pr_curve import pr_curve
from jner_re.evaluation.report.outcomes import outcomes
from jner_re.models.decode import scored_annotations, without_scores
from jner_re.models.scored_relations import ScoredRelations
from jner_re.schema import EntitySpan, LabelSet, RelationPair, Sentence

TYPES = ("Kill", "Live_In")
ENTITIES = [
    EntitySpan(0, 1, "Peop"),
    EntitySpan(1, 2, "Loc"),
    EntitySpan(0, 1, "Peop"),
    EntitySpan(0, 1, "Loc"),
]
RELATIONS = st.builds(RelationPair, st.integers(0, 3), st.integers(0, 3), st.sampled_from(TYPES))
SCORES = st.sampled_from([0.0, 0.05, float(np.float32(0.9)), 0.9, 1.0])


@given(
    st.lists(st.tuples(RELATIONS, SCORES), max_size=8),
    st.sampled_from([-1, 0.0, 0.05, 0.9]),
    st.sets(RELATIONS, max_size=4),
)
def test_equals_a_list(
    pairs: list[tuple[RelationPair, float]], threshold: float, gold: set[RelationPair]
) -> None:
    relations = ScoredRelations.of(pairs)
    assert list(relations) == pairs == [relations[i] for i in range(len(relations))]
    assert list(relations[1:]) == pairs[1:] and ScoredRelations.of(relations) is relations
    assert list(relations.above(threshold)) == [pair for pair in pairs if pair[1] > threshold]
    facts = {(ENTITIES[r.head], ENTITIES[r.tail], r.type) for r in gold}
    facts.add((EntitySpan(7, 9, "Org"), ENTITIES[0], "Kill"))
    assert relations.among(ENTITIES, facts).tolist() == [
        (ENTITIES[r.head], ENTITIES[r.tail], r.type) in facts for r, _ in pairs
    ]


def test_scoring_makes_no_object_for_every_pair_and_type() -> None:
    """On a dev set of many entities a sentence: what an epoch does, and the report."""
    sentences, count, types = 25, 60, [f"r{i}" for i in range(5)]
    random = np.random.default_rng(0)
    spans = np.stack([np.arange(count), np.arange(count) + 1], axis=-1)
    outputs = {
        "spans": np.tile(spans, [sentences, 1, 1]),
        "entity_types": np.zeros([sentences, count], int),
        "entity_scores": np.ones([sentences, count], np.float32),
        "relation_scores": random.uniform(0.2, 1, [sentences, count, count, len(types)]).astype(np.float32)
        ** 9,
    }
    entities = tuple(EntitySpan(i, i + 1, "Loc") for i in range(count))
    gold = Sentence(("a",) * count, entities, (RelationPair(3, 4, "r1"), RelationPair(5, 3, "r2")))
    start = time.process_time()
    scored = scored_annotations(outputs, LabelSet(("Loc",), tuple(types)), 0.0)
    predicted = without_scores([gold] * sentences, scored, 0.9)
    curve = pr_curve([gold] * sentences, scored, [0.0, 0.9])
    calibration([gold] * sentences, scored)
    found = outcomes(gold, scored[0], 0.99)
    assert time.process_time() - start < 2  # about 4 with objects
    assert curve.tp[0] == 2 * sentences and curve.tn[1] + curve.fp[1] == sentences * (count**2 * 5 - 2)
    assert sum(len(sentence.relations) for sentence in predicted) == curve.tp[1] + curve.fp[1]
    assert len([outcome for outcome in found if outcome.gold and outcome.task == "re"]) == 2
