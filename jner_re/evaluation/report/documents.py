"""Sentences as documents, which can be drawn."""

from __future__ import annotations

import math

from jner_re.document import Document, Entity, Relation
from jner_re.schema import Scored, Sentence


def annotation(sentence: Sentence) -> Scored:
    """The sentence's own entities and relations, without scores (NaN)."""
    entities = [(entity, math.nan) for entity in sentence.entities]
    return entities, [(relation, math.nan) for relation in sentence.relations]


def document(sentence: Sentence, scored: Scored) -> Document:
    """The tokens, joined by spaces, with these entities and relations in the same order."""
    starts, place = [], 0
    for token in sentence.tokens:
        starts.append(place)
        place += len(token) + 1
    entities = []
    for entity, score in scored[0]:
        text, start = sentence.entity_text(entity), starts[entity.start]
        entities.append(Entity(entity.type, start, start + len(text), text, score))
    relations = [
        Relation(relation.type, relation.head, relation.tail, score) for relation, score in scored[1]
    ]
    return Document(" ".join(sentence.tokens), (), tuple(entities), tuple(relations))
