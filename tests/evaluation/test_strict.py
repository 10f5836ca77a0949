from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.errors import InputError
from jner_re.evaluation import strict
from jner_re.schema import EntitySpan, LabelSet, RelationPair, Sentence

LABELS = LabelSet(("Loc", "Org", "Peop"), ("Kill", "Live_In", "Work_For"))
RATIOS = ("precision", "recall", "f1")
TOKENS = ("Ann", "Lee", "joined", "Acme", "in", "Oslo")
ANN, ACME, OSLO = EntitySpan(0, 2, "Peop"), EntitySpan(3, 4, "Org"), EntitySpan(5, 6, "Loc")
GOLD = Sentence(TOKENS, (ANN, ACME, OSLO), (RelationPair(0, 1, "Work_For"), RelationPair(0, 2, "Live_In")))


@st.composite
def sentences(draw: st.DrawFn) -> Sentence:
    """Anything goes: overlaps, entities and relations given twice, relations of an entity with itself."""
    spans = st.tuples(st.integers(0, 2), st.integers(1, 2)).map(lambda span: (span[0], span[0] + span[1]))
    types = st.sampled_from(LABELS.entity_types)
    entity = st.tuples(spans, types).map(lambda pair: EntitySpan(*pair[0], pair[1]))
    entities = draw(st.lists(entity, max_size=4))
    index = st.integers(0, len(entities) - 1)
    relation = st.builds(RelationPair, index, index, st.sampled_from(LABELS.relation_types))
    relations = draw(st.lists(relation, max_size=4)) if entities else []
    return Sentence(("a", "b", "c", "d"), tuple(entities), tuple(relations))


def reference(gold: list[Sentence], predicted: list[Sentence]) -> dict[str, Any]:
    """Sets of flat tuples over the whole corpus, the type to report under last."""

    def facts(sentences: list[Sentence], task: str, with_types: bool) -> set[tuple[Any, ...]]:
        def name(e: EntitySpan) -> tuple[Any, ...]:
            return (e.start, e.end, e.type) if with_types else (e.start, e.end, "")

        if task == "ner":
            return {(i, *name(e)) for i, s in enumerate(sentences) for e in s.entities}
        return {
            (i, *name(s.entities[r.head]), *name(s.entities[r.tail]), r.type)
            for i, s in enumerate(sentences)
            for r in s.relations
        }

    def prf(a: set[tuple[Any, ...]], b: set[tuple[Any, ...]]) -> dict[str, float]:
        p, r = (len(a & b) / len(x) if x else 0.0 for x in (b, a))
        counts = {"tp": len(a & b), "fp": len(b - a), "fn": len(a - b)}
        return {"precision": p, "recall": r, "f1": 2 * p * r / (p + r) if p + r else 0.0, **counts}

    result: dict[str, Any] = {}
    for task, types in (("ner", LABELS.entity_types), ("re", LABELS.relation_types)):
        for matching in ("strict", "boundaries"):
            a, b = (facts(sentences, task, matching == "strict") for sentences in (gold, predicted))
            present = {x[-1] for x in a | b}
            each = {t: prf(*({x for x in y if x[-1] == t} for y in (a, b))) for t in present | set(types)}
            macro = {k: sum(each[t][k] for t in present) / max(len(present), 1) for k in RATIOS}
            if (task, matching) == ("ner", "boundaries"):
                each = {}
            result.setdefault(task, {})[matching] = {"micro": prf(a, b), "macro": macro, "per_type": each}
    result["average_f1"] = sum(result[task]["strict"]["micro"]["f1"] for task in ("ner", "re")) / 2
    return result


def flatten(value: Any, path: str = "") -> dict[str, float]:
    """{"a": {"b": 1}} -> {"/a/b": 1}."""
    if isinstance(value, dict):
        return {k: x for key, inner in value.items() for k, x in flatten(inner, f"{path}/{key}").items()}
    return {path: value}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(sentences(), sentences()), max_size=4))
def test_equals_the_reference(pairs: list[tuple[Sentence, Sentence]]) -> None:
    gold, predicted = [a for a, _ in pairs], [b for _, b in pairs]
    report = strict.evaluate(gold, predicted, LABELS)
    assert report["ner"]["boundaries"]["per_type"] == {}
    assert flatten(report) == pytest.approx(flatten(reference(gold, predicted)), abs=1e-12)


def evaluate(*predicted: Sentence) -> dict[str, Any]:
    return strict.evaluate([GOLD] * len(predicted), predicted, LABELS)


def counts(scores: dict[str, Any]) -> tuple[int, int, int]:
    return scores["tp"], scores["fp"], scores["fn"]


def test_example_by_hand() -> None:
    """Two sentences; the second prediction has one type wrong and one relation too many."""
    wrong_type = dataclasses.replace(
        GOLD,
        entities=(OSLO, ANN, EntitySpan(3, 4, "Loc")),
        relations=(
            RelationPair(1, 0, "Live_In"),
            RelationPair(1, 2, "Work_For"),
            RelationPair(2, 0, "Live_In"),
        ),
    )
    report = evaluate(GOLD, wrong_type)
    ner, re = report["ner"]["strict"], report["re"]["strict"]
    assert ner["micro"] == pytest.approx(
        {"precision": 5 / 6, "recall": 5 / 6, "f1": 5 / 6, "tp": 5, "fp": 1, "fn": 1}
    )
    assert {name: counts(scores) for name, scores in ner["per_type"].items()} == {
        "Loc": (2, 1, 0),
        "Org": (1, 0, 1),
        "Peop": (2, 0, 0),
    }
    assert ner["macro"] == pytest.approx(
        {"precision": (2 / 3 + 1 + 1) / 3, "recall": (1 + 1 / 2 + 1) / 3, "f1": (4 / 5 + 2 / 3 + 1) / 3}
    )
    assert re["micro"] == pytest.approx(
        {"precision": 3 / 5, "recall": 3 / 4, "f1": 2 / 3, "tp": 3, "fp": 2, "fn": 1}
    )
    assert report["average_f1"] == pytest.approx((5 / 6 + 2 / 3) / 2)
    assert counts(report["ner"]["boundaries"]["micro"]) == (6, 0, 0)
    assert counts(report["re"]["boundaries"]["micro"]) == (4, 1, 0)


def test_right_answers_in_another_order_score_one() -> None:
    shuffled = Sentence(
        TOKENS, (OSLO, ANN, ACME), (RelationPair(1, 0, "Live_In"), RelationPair(1, 2, "Work_For"))
    )
    assert evaluate(shuffled)["average_f1"] == 1.0


def test_duplicates_count_once() -> None:
    doubled = Sentence(TOKENS, (*GOLD.entities, ANN), (*GOLD.relations, RelationPair(3, 1, "Work_For")))
    assert evaluate(doubled) == evaluate(GOLD)
    wrong = Sentence(TOKENS, (EntitySpan(4, 5, "Loc"), EntitySpan(4, 5, "Loc")), ())
    assert counts(evaluate(wrong)["ner"]["strict"]["micro"]) == (0, 1, 3)


def test_direction_matters() -> None:
    reverse = tuple(RelationPair(relation.tail, relation.head, relation.type) for relation in GOLD.relations)
    report = evaluate(dataclasses.replace(GOLD, relations=reverse))
    for matching in ("strict", "boundaries"):
        assert counts(report["re"][matching]["micro"]) == (0, 2, 2)


def test_wrong_entity_type_under_right_spans() -> None:
    report = evaluate(dataclasses.replace(GOLD, entities=(ANN, EntitySpan(3, 4, "Loc"), OSLO)))
    assert counts(report["ner"]["strict"]["micro"]) == (2, 1, 1)
    assert counts(report["ner"]["boundaries"]["micro"]) == (3, 0, 0)
    assert counts(report["re"]["strict"]["micro"]) == (1, 1, 1)
    assert counts(report["re"]["boundaries"]["micro"]) == (2, 0, 0)


def test_same_spans_in_another_sentence_are_wrong() -> None:
    other = Sentence(("No", "one", "was", "there", "at", "all"))
    report = strict.evaluate(
        [GOLD, other], [Sentence(TOKENS), dataclasses.replace(GOLD, tokens=other.tokens)], LABELS
    )
    assert counts(report["ner"]["strict"]["micro"]) == (0, 3, 3)
    assert counts(report["re"]["boundaries"]["micro"]) == (0, 2, 2)


def test_macro_regards_types_of_gold_or_prediction_only() -> None:
    without_kill = evaluate(GOLD)["re"]["strict"]
    assert without_kill["macro"]["f1"] == 1.0
    assert counts(without_kill["per_type"]["Kill"]) == (0, 0, 0)
    only_predicted = dataclasses.replace(GOLD, relations=(*GOLD.relations, RelationPair(1, 2, "Kill")))
    assert evaluate(only_predicted)["re"]["strict"]["macro"]["f1"] == pytest.approx(2 / 3)
    only_gold = dataclasses.replace(GOLD, relations=GOLD.relations[:1])
    assert evaluate(only_gold)["re"]["strict"]["macro"]["f1"] == pytest.approx(1 / 2)


def test_nothing_at_all_scores_zero() -> None:
    for report in (
        strict.evaluate([], [], LABELS),
        strict.evaluate([Sentence(("a",))], [Sentence(("a",))], LABELS),
    ):
        assert report["average_f1"] == 0.0
        assert report["ner"]["strict"]["macro"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0}


@pytest.mark.parametrize(
    ("predicted", "message"),
    [
        ([], "predicted: 0 sentences, expected 1 as in gold"),
        ([Sentence(TOKENS[:-1])], "predicted: record 0: tokens is 'Ann Lee joined Acme in'"),
        (
            [dataclasses.replace(GOLD, entities=(EntitySpan(0, 1, "Drug"),), relations=())],
            "predicted sentences: entity type 'Drug': not among the types to report",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(predicted: list[Sentence], message: str) -> None:
    with pytest.raises(InputError, match=message):
        strict.evaluate([GOLD], predicted, LABELS)
