"""What is dropped from a sentence.

Of entities that overlap the longer one stays (paper, section 4, ADE); other invalid annotation is dropped
only where the user asked for it.
"""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence

from jner_re.corpora.corpus import Loss, by_reason
from jner_re.document import Document, Relation
from jner_re.schema import EntitySpan, RelationPair, Sentence, keep_entities


@dataclasses.dataclass(frozen=True)
class Removal:
    """An entity that was removed.

    Attributes:
      entity: the removed entity.
      kept: the longer entity that it overlaps.
      relations: how many relations involved it and were removed with it.
    """

    entity: EntitySpan
    kept: EntitySpan
    relations: int


def overlap(a: EntitySpan, b: EntitySpan) -> bool:
    """Whether two entities share a token."""
    return a.start < b.end and b.start < a.end


def overlapping_pairs(sentence: Sentence) -> list[tuple[EntitySpan, EntitySpan]]:
    """All pairs of entities that share a token."""
    entities = sentence.entities
    return [(a, b) for i, a in enumerate(entities) for b in entities[i + 1 :] if overlap(a, b)]


def resolve_overlaps(sentence: Sentence) -> tuple[Sentence, list[Removal]]:
    """Removes overlapping entities, the shorter of each pair, and every relation that involves a removed one.

    Entities are taken from the longest to the shortest, the first one given where two are equally long; each
    stays if it overlaps none that stays already.
    """
    entities = sentence.entities
    kept, blockers = longest(entities, sorted(range(len(entities)), key=lambda i: -_length(entities[i])))
    removals = [
        Removal(
            entities[i],
            entities[blockers[i]],
            sum(i in (relation.head, relation.tail) for relation in sentence.relations),
        )
        for i in sorted(blockers)
    ]
    return keep_entities(sentence, kept), removals


def longest(entities: Sequence[EntitySpan], order: Iterable[int]) -> tuple[list[int], dict[int, int]]:
    """Takes entities one after the other; each stays if it overlaps none that stays already.

    Args:
      entities: with places in tokens or characters.
      order: the index of each.

    Returns:
      The indexes of those that stay, sorted; and by the index of each other that of the first it overlaps.
    """
    places: list[tuple[int, int]] = []  # (start, index) of those that stay, sorted: they are disjoint
    rank: dict[int, int] = {}
    blockers = {}
    for i in order:
        at = bisect.bisect_left(places, (entities[i].start, -1))
        around = places[max(at - 1, 0) : bisect.bisect_left(places, (entities[i].end, -1))]
        others = [other for _, other in around if overlap(entities[i], entities[other])]
        if others:
            blockers[i] = min(others, key=rank.__getitem__)
        else:
            places.insert(at, (entities[i].start, i))
            rank[i] = len(rank)
    return sorted(rank), blockers


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
    seen: set[EntitySpan] = set()
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


def drop_invalid_annotation(document: Document, outside: Collection[int] = ()) -> tuple[Document, list[Loss]]:
    """The document with only its valid entities and relations, and what was dropped (as `drop_invalid`).

    Args:
      document: a text with its annotation.
      outside: indexes of entities that no sentence has, such as one across the end of a sentence: whatever
        their length is, they go if they overlap others.
    """
    spans = [EntitySpan(entity.start, entity.end, entity.type) for entity in document.entities]
    first = {span: i for i, span in reversed(list(enumerate(spans)))}
    order = sorted(first.values(), key=lambda i: (i in outside, -_length(spans[i])))
    kept, blockers = longest(spans, order)
    index = {i: new for new, i in enumerate(kept)}
    relations: dict[tuple[str, int, int], Relation] = {}
    losses = [
        Loss("given twice", entities=len(spans) - len(first)),
        Loss("overlapping", entities=len(blockers)),
    ]
    for relation in document.relations:
        head, tail = first[spans[relation.head]], first[spans[relation.tail]]
        if head == tail:
            losses.append(Loss("of an entity with itself", relations=1))
        elif head not in index or tail not in index:
            losses.append(Loss("of a lost entity", relations=1))
        elif (key := (relation.type, index[head], index[tail])) in relations:
            losses.append(Loss("given twice", relations=1))
        else:
            relations[key] = Relation(*key, relation.score)
    entities = tuple(document.entities[i] for i in kept)
    found = dataclasses.replace(
        document,
        entities=entities,
        relations=tuple(relations.values()),
        clusters=renumbered(document.clusters, {i: index.get(first[span]) for i, span in enumerate(spans)}),
    )
    return found, by_reason(losses)


def renumbered(
    clusters: Iterable[Sequence[int]], index: Mapping[int, int | None]
) -> tuple[tuple[int, ...], ...]:
    """Clusters of entities that have other numbers now, or none; those without an entity go."""
    places = (dict.fromkeys(index[i] for i in cluster) for cluster in clusters)
    kept = (tuple(place for place in cluster if place is not None) for cluster in places)
    return tuple(cluster for cluster in kept if cluster)


def _length(entity: EntitySpan) -> int:
    return entity.end - entity.start


def _valid_relations(sentence: Sentence) -> tuple[tuple[RelationPair, ...], list[Loss]]:
    """The relations between two entities, each once; of equal entities the first is the argument."""
    entities = sentence.entities
    first = {entity: i for i, entity in reversed(list(enumerate(entities)))}
    relations: dict[RelationPair, None] = {}
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


def _inside(entity: EntitySpan, length: int) -> bool:
    return 0 <= entity.start < entity.end <= length
