"""The data that every part of the package exchanges: sentences with entities and relations."""

from __future__ import annotations

import collections
import dataclasses
import itertools
import logging
from collections.abc import Iterable, Sequence
from typing import Any

_LOGGER = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, order=True)
class EntitySpan:
    """A typed span of tokens, `tokens[start:end]` (end exclusive)."""

    start: int
    end: int
    type: str


@dataclasses.dataclass(frozen=True, order=True)
class RelationPair:
    """A directed, typed pair: `head` and `tail` index the sentence's entities."""

    head: int
    tail: int
    type: str


@dataclasses.dataclass(frozen=True)
class Sentence:
    """A tokenized sentence and its annotation; or, for models that read several, those of a document.

    Attributes:
      tokens: the words, none of them empty.
      entities: in the order of the corpus; relations refer to this order.
      relations: pairs of entities.
      id: where the sentence came from; "" if unknown.
      document: what the sentences of one document share, by which splits keep them together; "" for none.
      breaks: of the sentences of a document, the tokens that the second and the following ones begin with; no
        entity goes on over one.
    """

    tokens: tuple[str, ...]
    entities: tuple[EntitySpan, ...] = ()
    relations: tuple[RelationPair, ...] = ()
    id: str = ""
    document: str = dataclasses.field(default="", compare=False)
    breaks: tuple[int, ...] = ()

    def parts(self) -> list[tuple[str, ...]]:
        """The tokens of each sentence: of one alone, or of a document's."""
        bounds = (0, *self.breaks, len(self.tokens))
        return [self.tokens[begin:end] for begin, end in itertools.pairwise(bounds)]

    def relation_facts(self) -> set[tuple[EntitySpan, EntitySpan, str]]:
        """Each relation by the entities that it joins, and its type."""
        return {(self.entities[r.head], self.entities[r.tail], r.type) for r in self.relations}

    def entity_text(self, entity: EntitySpan) -> str:
        """The tokens of `entity`, joined by spaces."""
        return " ".join(self.tokens[entity.start : entity.end])

    def to_spert(self) -> dict[str, Any]:
        """The record of SpERT's JSON, which has no id.

        {"tokens": [str], "entities": [{"type", "start", "end"}], "relations": [{"type", "head", "tail"}]}
        """
        return {
            "tokens": list(self.tokens),
            "entities": [{"type": e.type, "start": e.start, "end": e.end} for e in self.entities],
            "relations": [{"type": r.type, "head": r.head, "tail": r.tail} for r in self.relations],
        }


def keep_entities(sentence: Sentence, kept: Sequence[int]) -> Sentence:
    """The sentence with only the entities of the given indexes, and the relations between them."""
    index = {old: new for new, old in enumerate(kept)}
    return dataclasses.replace(
        sentence,
        entities=tuple(sentence.entities[i] for i in kept),
        relations=tuple(
            RelationPair(index[relation.head], index[relation.tail], relation.type)
            for relation in sentence.relations
            if relation.head in index and relation.tail in index
        ),
    )


def cut_out(sentence: Sentence, begin: int, end: int, inside: Sequence[int]) -> Sentence:
    """Some tokens of a sentence, with the entities of the given indexes, which are among them."""
    kept = keep_entities(sentence, inside)
    entities = (EntitySpan(e.start - begin, e.end - begin, e.type) for e in kept.entities)
    tokens = sentence.tokens[begin:end]
    return dataclasses.replace(kept, tokens=tokens, entities=tuple(entities), breaks=())


def apart(sentence: Sentence) -> list[Sentence]:
    """The sentences of a document with what is inside each; a sentence alone as it is."""
    bounds = (0, *sentence.breaks, len(sentence.tokens))
    found = []
    for begin, end in itertools.pairwise(bounds):
        inside = [i for i, entity in enumerate(sentence.entities) if begin <= entity.start < end]
        found.append(cut_out(sentence, begin, end, inside))
    return found


# Found in a sentence, with scores.
Scored = tuple[list[tuple[EntitySpan, float]], Sequence[tuple[RelationPair, float]]]


@dataclasses.dataclass(frozen=True)
class Problem:
    """One fault of one record.

    Attributes:
      record: position of the sentence in its corpus, from 0.
      field: what is wrong, e.g. "entities[2].end" or "relations[0].head".
      value: the offending value as text.
      expected: what was expected instead.
    """

    record: int
    field: str
    value: str
    expected: str

    def __str__(self) -> str:
        return f"record {self.record}: {self.field} is {self.value}, expected {self.expected}"


def find_problems(sentence: Sentence, record: int = 0) -> list[Problem]:
    """All faults of a sentence: the model's conditions on its input.

    Entities must be non-empty spans inside the sentence that do not overlap; relations must join two
    different entities of the sentence; nothing may be given twice.
    """
    problems: list[Problem] = []

    def report(field: str, value: object, expected: str) -> None:
        problems.append(Problem(record, field, repr(value), expected))

    if not sentence.tokens:
        report("tokens", list(sentence.tokens), "at least one token")
    for i, token in enumerate(sentence.tokens):
        if not token:
            report(f"tokens[{i}]", token, "a non-empty string")

    length = len(sentence.tokens)
    for i, (before, place) in enumerate(itertools.pairwise((0, *sentence.breaks))):
        if not before < place < length:
            report(f"breaks[{i}]", place, f"a token index from {before + 1} to {length - 1}")
    owners: dict[int, list[int]] = collections.defaultdict(list)  # of tokens
    for i, entity in enumerate(sentence.entities):
        if not entity.type:
            report(f"entities[{i}].type", entity.type, "a non-empty string")
        if not 0 <= entity.start < length:
            report(f"entities[{i}].start", entity.start, f"a token index from 0 to {length - 1}")
        elif not entity.start < entity.end <= length:
            report(f"entities[{i}].end", entity.end, f"an exclusive end from {entity.start + 1} to {length}")
        else:
            for j in sorted({j for place in range(entity.start, entity.end) for j in owners[place]}):
                other = sentence.entities[j]
                if entity == other:
                    report(f"entities[{i}]", _span(entity), f"no entity twice (the same as entities[{j}])")
                else:
                    report(f"entities[{i}]", _span(entity), f"no overlap with entities[{j}] {_span(other)}")
            for place in range(entity.start, entity.end):
                owners[place].append(i)
        for place in sentence.breaks:
            if entity.start < place < entity.end:
                report(f"entities[{i}].end", entity.end, f"at most {place}, where its sentence ends")

    count = len(sentence.entities)
    seen: dict[RelationPair, int] = {}
    for i, relation in enumerate(sentence.relations):
        if not relation.type:
            report(f"relations[{i}].type", relation.type, "a non-empty string")
        for name, index in (("head", relation.head), ("tail", relation.tail)):
            if not 0 <= index < count:
                report(f"relations[{i}].{name}", index, f"an index of one of the {count} entities, from 0")
        if relation.head == relation.tail:
            report(f"relations[{i}].tail", relation.tail, "another entity than the head")
        if relation in seen:
            report(f"relations[{i}]", relation.type, f"no second relations[{seen[relation]}]")
        seen.setdefault(relation, i)
    return problems


def _span(entity: EntitySpan) -> str:
    return f"{entity.type} [{entity.start}, {entity.end})"


@dataclasses.dataclass(frozen=True)
class LabelSet:
    """The entity and relation types of a corpus, each sorted, and the BIO tags that follow from them."""

    entity_types: tuple[str, ...]
    relation_types: tuple[str, ...]

    @classmethod
    def of(cls, sentences: Iterable[Sentence]) -> LabelSet:
        """The types that occur in `sentences`."""
        entity_types: set[str] = set()
        relation_types: set[str] = set()
        for sentence in sentences:
            entity_types.update(entity.type for entity in sentence.entities)
            relation_types.update(relation.type for relation in sentence.relations)
        return cls(tuple(sorted(entity_types)), tuple(sorted(relation_types)))

    @property
    def tags(self) -> tuple[str, ...]:
        """The 2|E|+1 tags: "O", then "B-x" and "I-x" of each type; type e has ids 2e+1 and 2e+2."""
        return ("O", *(f"{prefix}-{name}" for name in self.entity_types for prefix in "BI"))

    def unknown(self, sentences: Iterable[Sentence]) -> dict[str, int]:
        """How often types occur in `sentences` that are not in the set: "entity type 'Loc'" -> count."""
        counts: collections.Counter[str] = collections.Counter()
        for sentence in sentences:
            counts.update(
                f"entity type {entity.type!r}"
                for entity in sentence.entities
                if entity.type not in self.entity_types
            )
            counts.update(
                f"relation type {relation.type!r}"
                for relation in sentence.relations
                if relation.type not in self.relation_types
            )
        return dict(sorted(counts.items()))

    def known_part(self, sentence: Sentence) -> Sentence:
        """The sentence with only the annotation that the set can express."""
        known = [i for i, entity in enumerate(sentence.entities) if entity.type in self.entity_types]
        kept = keep_entities(sentence, known)
        relations = (relation for relation in kept.relations if relation.type in self.relation_types)
        return dataclasses.replace(kept, relations=tuple(relations))

    def extended_with(self, sentences: Sequence[Sentence], source: str) -> LabelSet:
        """The set with the types of `sentences` added, for evaluation on them.

        Types that the model was not trained on count as missed; one warning names them and their counts.
        """
        if unknown := self.unknown(sentences):
            counts = ", ".join(f"{name} ({count})" for name, count in unknown.items())
            _LOGGER.warning("%s: not in the training sentences, so scored as missed: %s", source, counts)
        theirs = LabelSet.of(sentences)
        return LabelSet(
            tuple(sorted({*self.entity_types, *theirs.entity_types})),
            tuple(sorted({*self.relation_types, *theirs.relation_types})),
        )
