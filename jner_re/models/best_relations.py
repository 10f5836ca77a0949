"""At most n relations of a type for a head or for a tail: those that score most."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from jner_re.models.decode import Found
from jner_re.models.scored_relations import ScoredRelations
from jner_re.schema import Scored


@dataclasses.dataclass(frozen=True)
class Limits:
    """How many relations of each type an entity may be in; -1 for any number.

    Attributes:
      per_head: [R], as the head.
      per_tail: [R], as the tail.
    """

    per_head: tuple[int, ...]
    per_tail: tuple[int, ...]


def is_kept(
    heads: tf.Tensor, tails: tf.Tensor, kinds: tf.Tensor, scores: tf.Tensor, limits: Limits
) -> tf.Tensor:
    """Which relations are kept: taken from the highest score down, those that fit what was taken before.

    Of equal scores, the first head's goes first, then the first tail's. What a threshold would remove changes
    nothing above it.

    Args:
      heads: int32 [N], entities, numbered over all that is asked about.
      tails: likewise.
      kinds: int32 [N], types.
      scores: [N].
      limits: of the types.

    Returns:
      bool [N].
    """
    is_limited = [head >= 0 or tail >= 0 for head, tail in zip(limits.per_head, limits.per_tail, strict=True)]
    asked = tf.cast(tf.where(tf.gather(tf.constant(is_limited), kinds))[:, 0], tf.int32)
    by_place = _sorted_by_place(tf.gather(heads, asked), tf.gather(tails, asked))
    asked = tf.gather(asked, by_place)
    asked = tf.gather(asked, tf.argsort(tf.gather(scores, asked), direction="DESCENDING", stable=True))
    types = tf.gather(kinds, asked)
    sides = [
        _Side(tf.gather(entities, asked), types, of_side)
        for entities, of_side in ((heads, limits.per_head), (tails, limits.per_tail))
    ]

    # Each round takes those that are among the first of what is left, for their head and for their tail: what
    # is taken one by one before them leaves room for them.
    def take(taken: tf.Tensor, left: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        rooms = [side.room(taken) for side in sides]
        left &= (rooms[0] > 0) & (rooms[1] > 0)
        fits = left & (sides[0].place(left) < rooms[0]) & (sides[1].place(left) < rooms[1])
        return taken | fits, left & ~fits

    nothing = tf.zeros_like(types, tf.bool)
    taken, _ = tf.while_loop(lambda _, left: tf.reduce_any(left), take, (nothing, ~nothing))
    dropped = tf.boolean_mask(asked, ~taken)[:, tf.newaxis]
    return tf.scatter_nd(dropped, tf.ones_like(dropped[:, 0]), tf.shape(scores)) == 0


def _sorted_by_place(heads: tf.Tensor, tails: tf.Tensor) -> tf.Tensor:
    """The order by head, then tail."""
    by_tail = tf.argsort(tails, stable=True)
    return tf.gather(by_tail, tf.argsort(tf.gather(heads, by_tail), stable=True))


class _Side:
    """The heads, or the tails, of relations [N] that are in the order in which they are taken."""

    def __init__(self, entities: tf.Tensor, kinds: tf.Tensor, limits: Sequence[int]) -> None:
        keys = tf.cast(entities, tf.int64) * len(limits) + tf.cast(kinds, tf.int64)
        self._groups = tf.unique(keys)[1]  # of an entity and a type each
        self._order = tf.argsort(self._groups, stable=True)
        self._back = tf.math.invert_permutation(self._order)
        in_groups = tf.gather(self._groups, self._order)
        self._starts = tf.searchsorted(in_groups, in_groups)
        self._count = tf.size(kinds)
        unlimited = np.iinfo(np.int32).max
        self._limits = tf.gather(tf.constant([n if n >= 0 else unlimited for n in limits]), kinds)

    def room(self, taken: tf.Tensor) -> tf.Tensor:
        """int32 [N], how many more the group of each may have."""
        counts = tf.math.unsorted_segment_sum(tf.cast(taken, tf.int32), self._groups, self._count)
        return self._limits - tf.gather(counts, self._groups)

    def place(self, left: tf.Tensor) -> tf.Tensor:
        """int32 [N], how many of those that are left come before each in its group."""
        before = tf.cumsum(tf.cast(tf.gather(left, self._order), tf.int32), exclusive=True)
        return tf.gather(before - tf.gather(before, self._starts), self._back)


def of_found(found: Found, num_sentences: tf.Tensor, limits: Limits) -> Found:
    """What is kept of what was found in sentences, or in documents (`PassageFinder.find`), in the graph."""
    sentences = found.entities[:, 0]
    counts = tf.math.unsorted_segment_sum(tf.ones_like(sentences), sentences, num_sentences)
    offset = tf.gather(tf.cumsum(counts, exclusive=True), found.relations[:, 0])
    _, heads, tails, kinds = tf.unstack(found.relations, axis=1)
    kept = is_kept(heads + offset, tails + offset, kinds, found.relation_scores, limits)
    return found._replace(
        relations=tf.boolean_mask(found.relations, kept),
        relation_scores=tf.boolean_mask(found.relation_scores, kept),
    )


def of_scored(results: Sequence[Scored], limits: Limits | None) -> list[Scored]:
    """What is kept of what was found in each sentence or document; relations of the model's types."""
    if limits is None or not results:
        return list(results)
    relations = [ScoredRelations.of(pairs) for _, pairs in results]
    firsts = np.cumsum([0, *(len(entities) for entities, _ in results)])
    columns = (
        np.concatenate([each.heads + first for each, first in zip(relations, firsts[:-1], strict=True)]),
        np.concatenate([each.tails + first for each, first in zip(relations, firsts[:-1], strict=True)]),
        np.concatenate([each.kinds for each in relations]),
    )
    scores = np.concatenate([each.scores for each in relations])
    heads, tails, kinds = (tf.constant(column, tf.int32) for column in columns)
    kept = is_kept(heads, tails, kinds, tf.constant(scores), limits)
    bounds = np.cumsum([len(each) for each in relations])[:-1]
    return [
        (entities, each.where(part))
        for (entities, _), each, part in zip(results, relations, np.split(kept.numpy(), bounds), strict=True)
    ]
