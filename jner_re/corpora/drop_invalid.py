"""Drops invalid annotation from a sentence: only where the user asked for it."""

from __future__ import annotations

import dataclasses

from jner_re.corpora.overlaps import keep_entities, resolve_overlaps
from jner_re.schema import Entity, Sentence


def drop_invalid(sentence: Sentence) -> Sentence | None:
    """The sentence with only its valid entities and relations; None if its tokens are not valid.

    Dropped are entities without a type or with an impossible span, the second of two equal ones (its
    relations move to the first), the shorter of two that overlap; relations without a type or an argument, of
    an entity with itself, given twice, or with a dropped entity.
    """
    if not sentence.tokens or not all(sentence.tokens):
        return None
    entities, length = sentence.entities, len(sentence.tokens)
    first = {entity: i for i, entity in reversed(list(enumerate(entities)))}
    relations = []
    for relation in sentence.relations:
        if relation.type and 0 <= relation.head < len(entities) and 0 <= relation.tail < len(entities):
            head, tail = first[entities[relation.head]], first[entities[relation.tail]]
            if head != tail:
                relations.append(dataclasses.replace(relation, head=head, tail=tail))
    possible = [i for i in sorted(first.values()) if entities[i].type and _inside(entities[i], length)]
    sentence = dataclasses.replace(sentence, relations=tuple(dict.fromkeys(relations)))
    return resolve_overlaps(keep_entities(sentence, possible))[0]


def _inside(entity: Entity, length: int) -> bool:
    return 0 <= entity.start < entity.end <= length
