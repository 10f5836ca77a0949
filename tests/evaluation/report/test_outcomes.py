from __future__ import annotations

import collections

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.evaluation import strict
from jner_re.evaluation.report.outcomes import KINDS, RIGHT, Outcome, outcomes
from jner_re.schema import EntitySpan, LabelSet, RelationPair, Scored, Sentence

LABELS = LabelSet(("Loc", "Peop"), ("Kill", "Live_In"))
TOKENS = ("a", "b", "c", "d", "e", "f")
A, B, C = EntitySpan(0, 2, "Peop"), EntitySpan(3, 4, "Loc"), EntitySpan(5, 6, "Peop")


def scored(sentence: Sentence, score: float = 0.95) -> Scored:
    """Its annotation as if it was found."""
    return [(entity, score) for entity in sentence.entities], [(r, score) for r in sentence.relations]


def sentence(
    *entities: EntitySpan, relations: tuple[tuple[EntitySpan, EntitySpan, str], ...] = ()
) -> Sentence:
    found = tuple(RelationPair(entities.index(h), entities.index(t), kind) for h, t, kind in relations)
    return Sentence(TOKENS, entities, found)


def kinds(gold: Sentence, predicted: Sentence, task: str) -> list[tuple[str, bool, bool]]:
    """Each outcome's kind, and whether it has a gold and a predicted side."""
    found = outcomes(gold, scored(predicted), 0.5)
    return [(o.kind, o.gold is not None, o.predicted is not None) for o in found if o.task == task]


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ([A, B], [A, B], [("right", True, True)] * 2),
        ([A], [EntitySpan(0, 2, "Loc")], [("type", True, True)]),
        ([A], [EntitySpan(0, 1, "Peop")], [("boundary", True, True)]),
        ([A], [EntitySpan(1, 3, "Loc")], [("boundary", True, True)]),
        ([A], [EntitySpan(2, 3, "Peop")], [("missed", True, False), ("spurious", False, True)]),
        ([A], [], [("missed", True, False)]),
        ([], [A], [("spurious", False, True)]),
        # One that was split: its parts are two false positives and one false negative.
        ([A], [EntitySpan(0, 1, "Peop"), EntitySpan(1, 2, "Peop")],
         [("boundary", True, True), ("boundary", False, True)]),
        # Two that were joined: the one that shares more is paired.
        ([A, EntitySpan(2, 3, "Peop")], [EntitySpan(0, 3, "Peop")],
         [("boundary", True, True), ("boundary", True, False)]),
    ],
)  # fmt: skip
def test_entities(
    gold: list[EntitySpan], predicted: list[EntitySpan], expected: list[tuple[str, bool, bool]]
) -> None:
    assert kinds(sentence(*gold), sentence(*predicted), "ner") == expected


SHORT_A, A_AS_LOC = EntitySpan(0, 1, "Peop"), EntitySpan(0, 2, "Loc")
GOLD = sentence(A, B, C, relations=((A, B, "Live_In"),))


@pytest.mark.parametrize(
    ("predicted", "expected"),
    [
        (((A, B, "Live_In"),), [("right", True, True)]),
        (((B, A, "Live_In"),), [("direction", True, True)]),
        (((A, B, "Kill"),), [("type", True, True)]),
        (((SHORT_A, B, "Live_In"),), [("argument wrong", True, True)]),
        (((A_AS_LOC, B, "Live_In"),), [("argument wrong", True, True)]),
        (((C, B, "Live_In"),), [("missed", True, False), ("spurious", False, True)]),
        (((SHORT_A, B, "Kill"),), [("spurious", False, True), ("missed", True, False)]),
        (((B, A, "Kill"),), [("missed", True, False), ("spurious", False, True)]),
        ((), [("missed", True, False)]),
        # Beside the right one: near to it, but it has its partner.
        (((A, B, "Live_In"), (B, A, "Live_In")), [("right", True, True), ("direction", False, True)]),
        # The reversed one is the partner, before that of another type.
        (((A, B, "Kill"), (B, A, "Live_In")), [("type", False, True), ("direction", True, True)]),
    ],
)
def test_relations(
    predicted: tuple[tuple[EntitySpan, EntitySpan, str], ...], expected: list[tuple[str, bool, bool]]
) -> None:
    entities = {entity: None for head, tail, _ in predicted for entity in (head, tail)}
    found = kinds(GOLD, sentence(*entities, relations=predicted), "re")
    assert sorted(found) == sorted(expected)


def test_scores_and_the_threshold() -> None:
    gold = sentence(A, B, relations=((A, B, "Live_In"), (B, A, "Live_In"), (A, B, "Kill")))
    found = (
        [(A, 0.9), (B, 0.8)],
        [(RelationPair(0, 1, "Live_In"), 0.5), (RelationPair(1, 0, "Live_In"), 0.51)],
    )
    result = {(o.kind, o.score) for o in outcomes(gold, found, 0.5)}
    # Not above the threshold: missed, with the score that it has; it is no candidate: without.
    assert result == {("right", 0.9), ("right", 0.8), ("right", 0.51), ("direction", 0.5), ("missed", None)}


@st.composite
def sentences(draw: st.DrawFn) -> Sentence:
    """Anything goes: overlaps, entities and relations given twice, relations of an entity with itself."""
    spans = st.tuples(st.integers(0, 3), st.integers(1, 3)).map(lambda span: (span[0], span[0] + span[1]))
    types = st.sampled_from(LABELS.entity_types)
    entity = st.builds(lambda span, name: EntitySpan(*span, name), spans, types)
    entities = draw(st.lists(entity, max_size=5))
    index = st.integers(0, len(entities) - 1)
    relation = st.builds(RelationPair, index, index, st.sampled_from(LABELS.relation_types))
    relations = draw(st.lists(relation, max_size=6)) if entities else []
    return Sentence(TOKENS, tuple(entities), tuple(relations))


@settings(max_examples=100)
@given(sentences(), sentences())
def test_counts_agree_with_strict_evaluation(gold: Sentence, predicted: Sentence) -> None:
    found = outcomes(gold, scored(predicted), 0.5)
    report = strict.evaluate([gold], [predicted], LABELS)
    for task, types in (("ner", LABELS.entity_types), ("re", LABELS.relation_types)):
        of_task = [outcome for outcome in found if outcome.task == task]
        for name in types:
            scores = report[task]["strict"]["per_type"][name]
            right, wrong = ([o for o in of_task if (o.kind == RIGHT) is wanted] for wanted in (True, False))
            assert all(o.gold == o.predicted is not None for o in right)
            counts = (
                sum(o.gold is not None and o.gold.type == name for o in right),
                sum(o.predicted is not None and o.predicted.type == name for o in wrong),
                sum(o.gold is not None and o.gold.type == name for o in wrong),
            )
            assert counts == (scores["tp"], scores["fp"], scores["fn"])
        assert {outcome.kind for outcome in of_task} <= {RIGHT, *KINDS[task]}  # type: ignore[index]


@settings(max_examples=100)
@given(sentences(), sentences())
def test_gold_and_prediction_can_be_exchanged(gold: Sentence, predicted: Sentence) -> None:
    exchanged = {"missed": "spurious", "spurious": "missed"}

    def counted(found: list[Outcome]) -> collections.Counter[tuple[object, ...]]:
        return collections.Counter((o.task, o.kind, o.gold, o.predicted) for o in found)

    forth = counted(outcomes(gold, scored(predicted), 0.5))
    back = counted(outcomes(predicted, scored(gold), 0.5))
    assert forth == {(t, exchanged.get(k, k), p, g): n for (t, k, g, p), n in back.items()}
