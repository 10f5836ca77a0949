"""Annotation that stands in a corpus's files and is not in its sentences, by reason."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable


@dataclasses.dataclass(frozen=True)
class Loss:
    """What was lost for one reason.

    Attributes:
      reason: a few words that head a row of a table, e.g. "discontinuous".
      sentences: how many sentences were lost.
      entities: how many entities.
      relations: how many relations.
    """

    reason: str
    sentences: int = 0
    entities: int = 0
    relations: int = 0


def by_reason(losses: Iterable[Loss]) -> list[Loss]:
    """One loss a reason, in the order in which the reasons first occur; what counts nothing is left out."""
    total: dict[str, Loss] = {}
    for loss in losses:
        if not (loss.sentences or loss.entities or loss.relations):
            continue
        before = total.get(loss.reason, Loss(loss.reason))
        total[loss.reason] = Loss(
            loss.reason,
            before.sentences + loss.sentences,
            before.entities + loss.entities,
            before.relations + loss.relations,
        )
    return list(total.values())
