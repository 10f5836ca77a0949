"""What is right and what is wrong in a sentence, and in which way.

As in strict evaluation, the facts of a sentence are compared: entities by span and type, relations by type
and the spans and types of their arguments. Every fact that only one side has is in exactly one error. An
error pairs a predicted fact with a gold one that is near, and is then one false positive and one false
negative; else it is one of the two. So the errors add up to the counts of `strict.evaluate`.

A predicted and a gold entity are near each other, if they

- have the same span and another type: "type";
- share a token otherwise, whatever their types are: "boundary".

Two relations are near each other, if they

- have the same type and join the same spans the other way round: "direction";
- join the same spans in the same direction and have another type: "type";
- have the same type, and both arguments share a token with their counterparts: "argument wrong" (by its
  span, or by the type of the entity alone).

Wrong facts are paired in the order of these kinds; within a kind, those that share most tokens come first,
then those of the same type, then those that come first in the sentence. Each fact is paired once. A wrong
fact that is left, but near one of the other side (paired already, or right), has that kind too, alone: the
second half of a split entity, or the reverse of a relation that was found as well. What is near nothing is
"spurious" if predicted, "missed" if gold. Exchanging gold and prediction exchanges these two words and
changes nothing else.
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, TypeVar

from jner_re.corpora.dropping import overlap
from jner_re.models.scored_relations import ScoredRelations
from jner_re.schema import EntitySpan, Scored, Sentence

RIGHT = "right"
KINDS = {
    "ner": ("type", "boundary", "spurious", "missed"),
    "re": ("direction", "type", "argument wrong", "spurious", "missed"),
}
Task = Literal["ner", "re"]


@dataclasses.dataclass(frozen=True, order=True)
class RelationFact:
    """A relation by the entities that it joins."""

    head: EntitySpan
    tail: EntitySpan
    type: str


_Fact = TypeVar("_Fact", EntitySpan, RelationFact)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """A right fact, or an error.

    Attributes:
      task: "ner" or "re".
      kind: "right" or one of KINDS[task].
      gold: what is annotated; None if nothing that is not in another outcome.
      predicted: what was predicted; likewise.
      score: the model's of the predicted fact; without one, that of the missed gold fact, which is not above
        the threshold; None if the model gave none.
    """

    task: Task
    kind: str
    gold: EntitySpan | RelationFact | None
    predicted: EntitySpan | RelationFact | None
    score: float | None


def outcomes(sentence: Sentence, scored: Scored, threshold: float) -> list[Outcome]:
    """Everything right and wrong in a sentence: entities, then relations, each in the order of the sentence.

    Args:
      sentence: with its gold annotation.
      scored: what was found in it, relations of any score.
      threshold: a relation is predicted if its score exceeds it.
    """
    entities, relations = scored
    entity_scores = dict(sorted(entities, key=lambda pair: pair[1]))  # of one given twice, the greater
    candidates = ScoredRelations.of(relations)
    is_gold = candidates.among([entity for entity, _ in entities], sentence.relation_facts())
    relevant = candidates.where(is_gold | (candidates.scores > threshold))
    relation_scores = {
        RelationFact(entities[relation.head][0], entities[relation.tail][0], relation.type): score
        for relation, score in sorted(relevant, key=lambda pair: pair[1])
    }
    gold_relations = {RelationFact(*fact) for fact in sentence.relation_facts()}
    predicted = {fact for fact, score in relation_scores.items() if score > threshold}
    return [
        *_compared("ner", set(sentence.entities), set(entity_scores), entity_scores, _entity_kind, _shared),
        *_compared("re", gold_relations, predicted, relation_scores, _relation_kind, _shared_of_arguments),
    ]


def _compared(
    task: Task,
    gold: set[_Fact],
    predicted: set[_Fact],
    scores: Mapping[_Fact, float],
    kind: Callable[[_Fact, _Fact], str],
    shared: Callable[[_Fact, _Fact], int],
) -> list[Outcome]:
    """The outcomes of one task.

    Args:
      task: of all of them.
      gold: the annotated facts.
      predicted: the predicted facts.
      scores: of the predicted facts and perhaps others.
      kind: of an error that pairs two different facts; "" if they are not near each other.
      shared: the number of tokens that two facts share.
    """

    def place(pair: tuple[_Fact, _Fact]) -> tuple[object, ...]:
        a, b = pair
        return KINDS[task].index(kind(a, b)), -shared(a, b), a.type != b.type, min(a, b), max(a, b)

    near = sorted(((a, b) for a, b in _touching(gold, predicted) if a != b and kind(a, b)), key=place)
    found = [Outcome(task, RIGHT, fact, fact, scores[fact]) for fact in gold & predicted]
    missed, spurious = gold - predicted, predicted - gold
    for a, b in near:
        if a in missed and b in spurious:
            missed.remove(a)
            spurious.remove(b)
            found.append(Outcome(task, kind(a, b), a, b, scores[b]))
    for fact in missed:
        of_kind = next((kind(a, b) for a, b in near if a == fact), "missed")
        found.append(Outcome(task, of_kind, fact, None, scores.get(fact)))
    for fact in spurious:
        of_kind = next((kind(a, b) for a, b in near if b == fact), "spurious")
        found.append(Outcome(task, of_kind, None, fact, scores[fact]))
    return sorted(found, key=_order)


def _touching(gold: Iterable[_Fact], predicted: Iterable[_Fact]) -> set[tuple[_Fact, _Fact]]:
    """The pairs that share a token at all, which facts that are near each other do."""
    facts_at = collections.defaultdict(set)
    for fact in predicted:
        for place in _all_tokens(fact):
            facts_at[place].add(fact)
    return {(fact, other) for fact in gold for place in _all_tokens(fact) for other in facts_at[place]}


def _all_tokens(fact: EntitySpan | RelationFact) -> Iterator[int]:
    entities = (fact,) if isinstance(fact, EntitySpan) else (fact.head, fact.tail)
    return itertools.chain.from_iterable(range(entity.start, entity.end) for entity in entities)


def _order(outcome: Outcome) -> tuple[object, ...]:
    facts = [fact for fact in (outcome.gold, outcome.predicted) if fact is not None]
    return min(facts), outcome.predicted is None


def _entity_kind(a: EntitySpan, b: EntitySpan) -> str:
    if _same_span(a, b):
        return "type"
    return "boundary" if overlap(a, b) else ""


def _relation_kind(a: RelationFact, b: RelationFact) -> str:
    same_type = a.type == b.type
    if _same_span(a.head, b.head) and _same_span(a.tail, b.tail):
        return "argument wrong" if same_type else "type"
    if same_type and _same_span(a.head, b.tail) and _same_span(a.tail, b.head):
        return "direction"
    return "argument wrong" if same_type and overlap(a.head, b.head) and overlap(a.tail, b.tail) else ""


def _same_span(a: EntitySpan, b: EntitySpan) -> bool:
    return (a.start, a.end) == (b.start, b.end)


def _shared(a: EntitySpan, b: EntitySpan) -> int:
    return max(0, min(a.end, b.end) - max(a.start, b.start))


def _shared_of_arguments(a: RelationFact, b: RelationFact) -> int:
    return _shared(a.head, b.head) + _shared(a.tail, b.tail)
