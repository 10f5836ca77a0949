"""What is found in groups of sentences, one group after the other, in the graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

from jner_re.models.decode import Found


def count_groups(count: tf.Tensor, end_of_group: Callable[[tf.Tensor], tf.Tensor]) -> tf.Tensor:
    """Into how many groups so many things fall, of which `end_of_group` gives the end by the begin.

    Counted first: an array that grows would need a newer TensorFlow than this graph's other operations.
    """
    groups, _ = tf.while_loop(
        lambda _, begin: begin < count, lambda n, begin: (n + 1, end_of_group(begin)), (0, 0)
    )
    return groups


def new(groups: tf.Tensor) -> list[tf.TensorArray]:
    """Arrays for the parts of `Found` of so many groups."""
    return [
        tf.TensorArray(dtype, groups, infer_shape=False, element_shape=shape)
        for dtype, shape in (
            (tf.int32, [None, 4]),
            (tf.float32, [None]),
            (tf.int32, [None, 4]),
            (tf.float32, [None]),
        )
    ]


def write(
    arrays: Sequence[tf.TensorArray], number: tf.Tensor, found: Found, group: tf.Tensor
) -> list[tf.TensorArray]:
    """Adds what was found in a group, whose sentences have these numbers among all."""
    found = found._replace(
        entities=_renumbered(found.entities, group), relations=_renumbered(found.relations, group)
    )
    return [array.write(number, values) for array, values in zip(arrays, found, strict=True)]


def in_order(arrays: Sequence[tf.TensorArray]) -> Found:
    """What was found in all groups, in the order of their sentences."""
    entities, entity_scores, relations, relation_scores = (array.concat() for array in arrays)
    by_sentence = tf.argsort(entities[:, 0], stable=True), tf.argsort(relations[:, 0], stable=True)
    return Found(
        tf.gather(entities, by_sentence[0]),
        tf.gather(entity_scores, by_sentence[0]),
        tf.gather(relations, by_sentence[1]),
        tf.gather(relation_scores, by_sentence[1]),
    )


def _renumbered(found: tf.Tensor, group: tf.Tensor) -> tf.Tensor:
    """[N, 4] with the sentence's place in its group in the first column, to its place among all."""
    return tf.concat([tf.gather(group, found[:, 0])[:, tf.newaxis], found[:, 1:]], axis=1)
