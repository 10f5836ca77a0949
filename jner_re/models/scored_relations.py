"""Relations with scores as arrays: every pair and type of a sentence is a candidate, few are looked at."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import numpy as np

from jner_re.schema import EntitySpan, RelationPair

Pair = tuple[RelationPair, float]


@dataclasses.dataclass(frozen=True, eq=False)
class ScoredRelations(Sequence[Pair]):
    """N relations of a sentence, each with its score; objects are made of those that are asked for.

    Attributes:
      types: names.
      heads: int [N], indexes of the sentence's entities.
      tails: likewise.
      kinds: int [N], indexes of `types`.
      scores: float [N].
    """

    types: Sequence[str]
    heads: np.ndarray
    tails: np.ndarray
    kinds: np.ndarray
    scores: np.ndarray

    @classmethod
    def of(cls, relations: Sequence[Pair]) -> ScoredRelations:
        """Any relations with scores."""
        if isinstance(relations, cls):
            return relations
        types = sorted({relation.type for relation, _ in relations})
        index = {name: kind for kind, name in enumerate(types)}
        places = [(relation.head, relation.tail, index[relation.type]) for relation, _ in relations]
        heads, tails, kinds = np.array(places, int).reshape(-1, 3).T
        return cls(types, heads, tails, kinds, np.array([score for _, score in relations], float))

    def __len__(self) -> int:
        return len(self.scores)

    def __iter__(self) -> Iterator[Pair]:
        columns = (self.heads, self.tails, self.kinds, self.scores)
        for head, tail, kind, score in zip(*(column.tolist() for column in columns), strict=True):
            yield RelationPair(head, tail, self.types[kind]), score

    @overload
    def __getitem__(self, index: int) -> Pair: ...

    @overload
    def __getitem__(self, index: slice) -> ScoredRelations: ...

    def __getitem__(self, index: int | slice) -> Pair | ScoredRelations:
        if isinstance(index, slice):
            return self.where(index)
        relation = RelationPair(int(self.heads[index]), int(self.tails[index]), self.types[self.kinds[index]])
        return relation, float(self.scores[index])

    def where(self, chosen: np.ndarray | slice) -> ScoredRelations:
        """Those at the places of a bool array [N], or of a slice."""
        columns = (column[chosen] for column in (self.heads, self.tails, self.kinds, self.scores))
        return ScoredRelations(self.types, *columns)

    def above(self, threshold: float) -> ScoredRelations:
        """Those that score more."""
        return self.where(self.scores > np.float64(threshold))

    def among(
        self, entities: Sequence[EntitySpan], facts: Iterable[tuple[EntitySpan, EntitySpan, str]]
    ) -> np.ndarray:
        """Which relations are facts: bool [N].

        Args:
          entities: of the sentence, to which heads and tails refer.
          facts: head, tail and type.
        """
        places: dict[EntitySpan, list[int]] = {}
        for place, entity in enumerate(entities):
            places.setdefault(entity, []).append(place)
        found = np.zeros(len(self), bool)
        for head, tail, type in facts:
            if head in places and tail in places and type in self.types:
                is_pair = np.isin(self.heads, places[head]) & np.isin(self.tails, places[tail])
                found |= is_pair & (self.kinds == self.types.index(type))
        return found
