"""Entities that overlap, and the paper's rule (section 4, ADE): the longer span stays."""

from __future__ import annotations

import dataclasses

from jner_re.schema import Entity, Sentence


@dataclasses.dataclass(frozen=True)
class Removal:
    """An entity that was removed.

    Attributes:
      entity: the removed entity.
      kept: the longer entity that it overlaps.
      relations: how many relations involved it and were removed with it.
    """

    entity: Entity
    kept: Entity
    relations: int


def overlap(a: Entity, b: Entity) -> bool:
    """Whether two entities share a token."""
    return a.start < b.end and b.start < a.end


def overlapping_pairs(sentence: Sentence) -> list[tuple[Entity, Entity]]:
    """All pairs of entities that share a token."""
    entities = sentence.entities
    return [(a, b) for i, a in enumerate(entities) for b in entities[i + 1 :] if overlap(a, b)]


def resolve_overlaps(sentence: Sentence) -> tuple[Sentence, list[Removal]]:
    """Removes overlapping entities, the shorter of each pair, and every relation that involves a removed one.

    Entities are taken from the longest to the shortest, the first one given where two are equally long; each
    stays if it overlaps none that stays already.
    """
    entities = sentence.entities
    kept: list[int] = []
    blockers: dict[int, int] = {}
    for i in sorted(range(len(entities)), key=lambda i: entities[i].start - entities[i].end):
        blocker = next((k for k in kept if overlap(entities[i], entities[k])), None)
        if blocker is None:
            kept.append(i)
        else:
            blockers[i] = blocker
    removals = [
        Removal(
            entities[i],
            entities[blockers[i]],
            sum(i in (relation.head, relation.tail) for relation in sentence.relations),
        )
        for i in sorted(blockers)
    ]
    return keep_entities(sentence, sorted(kept)), removals


def keep_entities(sentence: Sentence, kept: list[int]) -> Sentence:
    """The sentence with only the entities of the given indices, and the relations between them."""
    new_index = {old: new for new, old in enumerate(kept)}
    return dataclasses.replace(
        sentence,
        entities=tuple(sentence.entities[i] for i in kept),
        relations=tuple(
            dataclasses.replace(relation, head=new_index[relation.head], tail=new_index[relation.tail])
            for relation in sentence.relations
            if relation.head in new_index and relation.tail in new_index
        ),
    )
