"""Drops invalid annotation from a sentence: only where the user asked for it."""

from __future__ import annotations

import dataclasses

from jner_re.corpora.losses import Loss, by_reason
from jner_re.corpora.overlaps import keep_entities, resolve_overlaps
from jner_re.schema import Entity, Relation, Sentence


def drop_invalid(sentence: Sentence) -> tuple[Sentence | None, list[Loss]]:
    """The sentence with only its valid entities and relations, and what was dropped, by reason.

    Dropped are entities without a type or with an impossible span, the second of two equal ones (its
    relations move to the first), the shorter of two that overlap; relations without a type or an argument, of
    an entity with itself, given twice, or with a dropped entity. None if its tokens are not valid.
    """
    if not sentence.tokens or not all(sentence.tokens):
        counts = len(sentence.entities), len(sentence.relations)
        return None, [Loss("no valid tokens", 1, *counts)]
    relations, losses = _valid_relations(sentence)
    kept: list[int] = []
    seen: set[Entity] = set()
    for i, entity in enumerate(sentence.entities):
        if not entity.type or not _inside(entity, len(sentence.tokens)):
            losses.append(Loss("no type or no span", entities=1))
        elif entity in seen:
            losses.append(Loss("given twice", entities=1))
        else:
            seen.add(entity)
            kept.append(i)
    possible = keep_entities(dataclasses.replace(sentence, relations=relations), kept)
    resolved, removals = resolve_overlaps(possible)
    losses.append(Loss("overlapping", entities=len(removals)))
    losses.append(Loss("of a lost entity", relations=len(relations) - len(resolved.relations)))
    return resolved, by_reason(losses)


def _valid_relations(sentence: Sentence) -> tuple[tuple[Relation, ...], list[Loss]]:
    """The relations between two entities, each once; of equal entities the first is the argument."""
    entities = sentence.entities
    first = {entity: i for i, entity in reversed(list(enumerate(entities)))}
    relations: dict[Relation, None] = {}
    losses = []
    for relation in sentence.relations:
        if not (relation.type and 0 <= relation.head < len(entities) and 0 <= relation.tail < len(entities)):
            losses.append(Loss("no type or no argument", relations=1))
            continue
        head, tail = first[entities[relation.head]], first[entities[relation.tail]]
        moved = dataclasses.replace(relation, head=head, tail=tail)
        if head == tail:
            losses.append(Loss("of an entity with itself", relations=1))
        elif moved in relations:
            losses.append(Loss("given twice", relations=1))
        else:
            relations[moved] = None
    return tuple(relations), losses


def _inside(entity: Entity, length: int) -> bool:
    return 0 <= entity.start < entity.end <= length
