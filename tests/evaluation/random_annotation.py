"""Random sentences with gold annotation, and random scored predictions of them."""

from __future__ import annotations

import itertools

import numpy as np

from jner_re.schema import EntitySpan, RelationPair, Scored, Sentence

ENTITY_TYPES = ("Loc", "Org", "Peop")
RELATION_TYPES = ("Kill", "Live_In")


def random_entities(random: np.random.Generator, length: int) -> list[EntitySpan]:
    """Short spans that do not overlap."""
    bounds = [0, *sorted(random.choice(np.arange(1, length), 3, replace=False)), length]
    return [
        EntitySpan(int(start), int(end), str(random.choice(ENTITY_TYPES)))
        for start, end in itertools.pairwise(bounds)
        if random.random() < 0.8
    ]


def random_relations(random: np.random.Generator, count: int, share: float) -> list[RelationPair]:
    """A share of all that is possible."""
    return [
        RelationPair(head, tail, kind)
        for head in range(count)
        for tail in range(count)
        for kind in RELATION_TYPES
        if head != tail and random.random() < share
    ]


def random_annotation(random: np.random.Generator, count: int) -> tuple[list[Sentence], list[Scored]]:
    """`count` sentences; scores of relations are tenths, so that some are equal."""
    gold: list[Sentence] = []
    scored: list[Scored] = []
    for number in range(count):
        tokens = tuple(f"{number}.{i}" for i in range(5))
        entities = random_entities(random, len(tokens))
        gold.append(Sentence(tokens, tuple(entities), tuple(random_relations(random, len(entities), 0.3))))
        found = entities if random.random() < 0.5 else random_entities(random, len(tokens))
        relations = random_relations(random, len(found), 0.7)
        scores = (random.integers(1, 11, len(relations)) / 10).tolist()
        scored.append(([(entity, 1.0) for entity in found], list(zip(relations, scores, strict=True))))
    return gold, scored
