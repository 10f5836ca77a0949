"""Declared constraints (constraints.py) in the numbers of a model's types, as decoding reads them."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Collection

import tensorflow as tf

from jner_re.constraints import NONE, ONCE, Constraints
from jner_re.layers.joined_directions import JoinedDirections
from jner_re.models.best_relations import Limits
from jner_re.schema import LabelSet

AllowedPairs = list[list[list[bool]]]
Triple = tuple[str, str, str]  # of the types of head, tail and relation


def allowed_pairs(label_set: LabelSet, triples: Collection[Triple]) -> AllowedPairs:
    """The table of `PairMask` from (head type, tail type, relation type) triples."""
    seen = set(triples)
    return [
        [
            [(head, tail, relation) in seen for relation in label_set.relation_types]
            for tail in label_set.entity_types
        ]
        for head in label_set.entity_types
    ]


@dataclasses.dataclass(frozen=True)
class Declared:
    """What is declared of a model's types.

    Attributes:
      label_set: the model's.
      constraints: all of whose types are in it.
    """

    label_set: LabelSet
    constraints: Constraints

    def allowed(self, learned: AllowedPairs | None) -> AllowedPairs | None:
        """The table of `PairMask`: argument types that are declared and, if these count, learned.

        Of a type that is given in both directions the other direction's argument types count as learned, too.

        Args:
          learned: bool [E, E, R], the argument types seen together in training; None where any may be.

        Returns:
          bool [E, E, R]; None if any may be.
        """
        partners = self._partners()
        if not self.constraints.argument_types and (learned is None or not partners):
            return learned
        names, kinds = self.label_set.entity_types, self.label_set.relation_types
        table = [[[True for _ in kinds] for _ in names] for _ in names]
        for (i, head), (j, tail) in itertools.product(enumerate(names), repeat=2):
            for r, kind in enumerate(kinds):
                seen = learned is None or learned[i][j][r] or (r in partners and learned[j][i][partners[r]])
                table[i][j][r] = seen and self.constraints.allows(head, tail, kind)
        return table

    def triples(self, learned: Collection[Triple] | None) -> frozenset[Triple] | None:
        """The same as (head type, tail type, relation type), from those that were learned."""
        table = None if learned is None else allowed_pairs(self.label_set, learned)
        if (allowed := self.allowed(table)) is None:
            return None
        names, kinds = self.label_set.entity_types, self.label_set.relation_types
        return frozenset(
            (head, tail, kind)
            for i, head in enumerate(names)
            for j, tail in enumerate(names)
            for r, kind in enumerate(kinds)
            if allowed[i][j][r]
        )

    def limits(self) -> Limits | None:
        """The numbers of relations; None if there are none."""
        at_most = self.constraints.at_most
        if not at_most:
            return None
        per_head, per_tail = (
            tuple(at_most.get(kind, {}).get(end, -1) for kind in self.label_set.relation_types)
            for end in ("head", "tail")
        )
        return Limits(per_head, per_tail)

    def joined(self, scores: tf.Tensor) -> tf.Tensor:
        """Relation scores [B, M, M, R], those of symmetric and inverse types decided together."""
        if not self.constraints.symmetric and not self.constraints.inverse:
            return scores
        partners, kinds = self._partners(), self.label_set.relation_types
        layer = JoinedDirections(
            [partners.get(r, -1) for r in range(len(kinds))],
            [self.constraints.symmetric.get(kind) == ONCE for kind in kinds],
            name="joined_directions",
        )
        return layer(scores)

    def _partners(self) -> dict[int, int]:
        """The type of the other direction, of each type that is given in both."""
        kinds = self.label_set.relation_types
        found = {r: self.constraints.partner(kind) for r, kind in enumerate(kinds)}
        return {r: kinds.index(partner) for r, partner in found.items() if partner}


NOTHING = Declared(LabelSet((), ()), NONE)
