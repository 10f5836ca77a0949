"""Strict evaluation of entities and relations (the paper's section 4): precision, recall and F1.

A predicted entity is right if its span and type are those of a gold entity; a predicted relation if its
direction and type are, and its two entities are right. "boundaries" is the lenient variant that leaves the
types of entities aside.

What counts, for both gold and predicted sentences, is the set of facts of a sentence: a fact that is given
twice counts once. Relations are compared by the spans (and types) they join, never by entity indexes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from typing import Any

from jner_re.errors import InputError
from jner_re.schema import EntitySpan, LabelSet, RelationPair, Sentence

Fact = tuple[str, Hashable]  # the type it is reported under, and what must match beside it


def evaluate(gold: Sequence[Sentence], predicted: Sequence[Sentence], label_set: LabelSet) -> dict[str, Any]:
    """Scores predicted against gold annotation of the same sentences.

    Args:
      gold: annotated sentences.
      predicted: the same sentences in the same order with predicted entities and relations.
      label_set: the types to report, in this order.

    Returns:
      {"ner": {"strict": S, "boundaries": S}, "re": {"strict": S, "boundaries": S}, "average_f1": float} with
      S = {"micro": P, "macro": P, "per_type": {type: P}} and
      P = {"precision", "recall", "f1", "tp", "fp", "fn"}, from 0 to 1; macro has no counts.
      A ratio with denominator 0 is 0.
      "macro" is the mean over the types that occur in gold or prediction (as SpERT's evaluation has it); its
      F1 is the mean of the types' F1. "per_type" lists all types of the label set.
      "boundaries" of ner knows no types: "per_type" is empty and "macro" repeats "micro".
      "average_f1" is the mean of the strict micro F1 of ner and re.

    Raises:
      InputError: the two are not the same sentences, or a type is not in the label set.
    """
    _check_same_sentences(gold, predicted)
    for name, sentences in (("gold", gold), ("predicted", predicted)):
        if unknown := label_set.unknown(sentences):
            raise InputError(f"{name} sentences: {', '.join(unknown)}: not among the types to report")

    def score(facts: Callable[[Sentence], set[Fact]], types: Collection[str]) -> dict[str, Any]:
        return _score(
            [facts(sentence) for sentence in gold], [facts(sentence) for sentence in predicted], types
        )

    ner = {
        "strict": score(entity_facts, label_set.entity_types),
        "boundaries": score(_spans, ()),
    }
    re = {
        "strict": score(relation_facts, label_set.relation_types),
        "boundaries": score(_relations_of_spans, label_set.relation_types),
    }
    average_f1 = (ner["strict"]["micro"]["f1"] + re["strict"]["micro"]["f1"]) / 2
    return {"ner": ner, "re": re, "average_f1": average_f1}


def _check_same_sentences(gold: Sequence[Sentence], predicted: Sequence[Sentence]) -> None:
    if len(gold) != len(predicted):
        raise InputError(f"predicted: {len(predicted)} sentences, expected {len(gold)} as in gold")
    for record, (expected, found) in enumerate(zip(gold, predicted, strict=True)):
        if expected.tokens != found.tokens:
            raise InputError(
                f"predicted: record {record}: tokens is {' '.join(found.tokens)!r}, "
                f"expected the gold sentence's {' '.join(expected.tokens)!r}"
            )


def entity_facts(sentence: Sentence) -> set[Fact]:
    """Type, and start and end, of each entity."""
    return {(entity.type, (entity.start, entity.end)) for entity in sentence.entities}


def _spans(sentence: Sentence) -> set[Fact]:
    return {("", (entity.start, entity.end)) for entity in sentence.entities}


def relation_facts(sentence: Sentence) -> set[Fact]:
    """Type, and head and tail as entities, of each relation."""
    return {(relation.type, _arguments(sentence, relation)) for relation in sentence.relations}


def _relations_of_spans(sentence: Sentence) -> set[Fact]:
    return {
        (relation.type, tuple((entity.start, entity.end) for entity in _arguments(sentence, relation)))
        for relation in sentence.relations
    }


def _arguments(sentence: Sentence, relation: RelationPair) -> tuple[EntitySpan, EntitySpan]:
    return sentence.entities[relation.head], sentence.entities[relation.tail]


def micro(gold: Sequence[set[Fact]], predicted: Sequence[set[Fact]]) -> dict[str, float]:
    """P of `evaluate`, of all facts.

    Args:
      gold: the facts of each sentence.
      predicted: likewise.
    """
    right = [a & b for a, b in zip(gold, predicted, strict=True)]
    return _prf(_count(right), _count(predicted), _count(gold))


def _score(gold: list[set[Fact]], predicted: list[set[Fact]], types: Collection[str]) -> dict[str, Any]:
    """S of `evaluate`, from the facts of each sentence."""
    right = [a & b for a, b in zip(gold, predicted, strict=True)]
    per_type = {name: _prf(*(_count(facts, name) for facts in (right, predicted, gold))) for name in types}
    occurring = [scores for scores in per_type.values() if scores["tp"] or scores["fp"] or scores["fn"]]
    ratios = ("precision", "recall", "f1")
    overall = micro(gold, predicted)
    if types:
        macro = {ratio: _divide(sum(s[ratio] for s in occurring), len(occurring)) for ratio in ratios}
    else:
        macro = {ratio: overall[ratio] for ratio in ratios}
    return {"micro": overall, "macro": macro, "per_type": per_type}


def _count(sentences: Sequence[set[Fact]], name: str | None = None) -> int:
    """How many facts there are, of type `name` if given."""
    return sum(name is None or fact[0] == name for facts in sentences for fact in facts)


def _prf(num_right: int, num_predicted: int, num_gold: int) -> dict[str, float]:
    """P of `evaluate`."""
    return {
        "precision": _divide(num_right, num_predicted),
        "recall": _divide(num_right, num_gold),
        "f1": _divide(2 * num_right, num_predicted + num_gold),
        "tp": num_right,
        "fp": num_predicted - num_right,
        "fn": num_gold - num_right,
    }


def _divide(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else 0.0
