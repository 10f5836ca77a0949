"""From tags and pair scores to spans and relations: in the graph, and to sentences in NumPy."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from jner_re.layers.float32_layer import Float32Layer
from jner_re.models.scored_relations import ScoredRelations
from jner_re.schema import EntitySpan, LabelSet, Scored, Sentence


def well_formed(tag_ids: tf.Tensor) -> tf.Tensor:
    """Tags with B-x in the place of every I-x that is neither behind a B-x nor behind an I-x (conlleval).

    Args:
      tag_ids: int32 [B, T]; tag O is 0, B-x of type e is 2e+1, I-x is 2e+2; 0 past the length.

    Returns:
      int32 [B, T].
    """
    before = tf.pad(tag_ids[:, :-1], [[0, 0], [1, 0]])
    inside = (tag_ids > 0) & (tag_ids % 2 == 0)
    begins = inside & (before != tag_ids) & (before != tag_ids - 1)
    return tf.where(begins, tag_ids - 1, tag_ids)


class WellFormedTags(Float32Layer):
    """`well_formed` as a layer."""

    def call(self, tag_ids: tf.Tensor) -> tf.Tensor:
        """[B, T] -> [B, T]."""
        return well_formed(tag_ids)


def spans_from_tags(tag_ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The spans of well-formed tag sequences.

    Args:
      tag_ids: int32 [B, T]; tag O is 0, B-x of type e is 2e+1, I-x is 2e+2; 0 past the length.

    Returns:
      spans: int32 [B, M, 2] of start and end (exclusive), zeros for padding; M the most spans of a sentence.
      types: int32 [B, M], index of the entity type, -1 for padding.
    """
    begins = tag_ids % 2 == 1
    inside = (tag_ids > 0) & ~begins
    goes_on = tf.concat([inside[:, 1:], tf.zeros_like(inside[:, :1])], axis=1)
    lasts = (begins | inside) & ~goes_on
    positions = tf.broadcast_to(tf.range(tf.shape(tag_ids)[1]), tf.shape(tag_ids))
    starts = tf.ragged.boolean_mask(positions, begins).to_tensor()
    ends = tf.ragged.boolean_mask(positions + 1, lasts).to_tensor()
    types = tf.ragged.boolean_mask((tag_ids - 1) // 2, begins).to_tensor(default_value=-1)
    return tf.stack([starts, ends], axis=-1), types


class SpansFromTags(Float32Layer):
    """`spans_from_tags` as a layer."""

    def call(self, tag_ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """[B, T] -> [B, M, 2], [B, M]."""
        return spans_from_tags(tag_ids)


class Found(NamedTuple):
    """The M entities and N relations of a batch of sentences, in the sentences' order.

    Attributes:
      entities: int32 [M, 4] of sentence, start, end (exclusive), type.
      entity_scores: float32 [M].
      relations: int32 [N, 4] of sentence, head, tail, type; head and tail index the sentence's entities, and
        in passages those that it decides (negative: those of passages before).
      relation_scores: float32 [N].
    """

    entities: tf.Tensor
    entity_scores: tf.Tensor
    relations: tf.Tensor
    relation_scores: tf.Tensor


def gather_found(outputs: dict[str, tf.Tensor], min_score: tf.Tensor) -> Found:
    """What the outputs of the inference model say: in the graph, as `scored_annotations` in NumPy.

    Of passages, relations count all entities, and those that passages before have decided are not given.
    """
    types, scores = outputs["entity_types"], outputs["relation_scores"]
    is_entity = types >= 0
    is_given = is_entity
    if "margin_entities" in outputs:
        is_given &= tf.range(tf.shape(types)[1]) >= outputs["margin_entities"][:, tf.newaxis]
    places = tf.where(is_given)  # [M, 2]
    sentences = tf.cast(places[:, :1], tf.int32)
    spans, kinds = tf.gather_nd(outputs["spans"], places), tf.gather_nd(types, places)
    is_pair = is_entity[:, :, tf.newaxis] & is_entity[:, tf.newaxis]
    relations = tf.where((scores > min_score) & is_pair[..., tf.newaxis])  # [N, 4]
    return Found(
        tf.concat([sentences, spans, kinds[:, tf.newaxis]], axis=1),
        tf.gather_nd(outputs["entity_scores"], places),
        tf.cast(relations, tf.int32),
        tf.gather_nd(scores, relations),
    )


def scored_annotations(outputs: dict[str, np.ndarray], label_set: LabelSet, threshold: float) -> list[Scored]:
    """Entities and relations of each sentence, each with its score."""
    spans, types = outputs["spans"], outputs["entity_types"]
    results: list[Scored] = []
    for b in range(len(spans)):
        count = int((types[b] >= 0).sum())
        entities = [
            (EntitySpan(int(start), int(end), label_set.entity_types[kind]), float(score))
            for (start, end), kind, score in zip(
                spans[b, :count], types[b, :count], outputs["entity_scores"][b, :count], strict=True
            )
        ]
        scores = outputs["relation_scores"][b, :count, :count]
        heads, tails, kinds = (axis.astype(np.int32) for axis in np.nonzero(scores > threshold))
        found = scores[heads, tails, kinds].astype(float)
        results.append((entities, ScoredRelations(label_set.relation_types, heads, tails, kinds, found)))
    return results


def joined(passages: Sequence[tuple[Scored, int, int]]) -> Scored:
    """What was found in a document.

    Args:
      passages: in their order, of each what was found in it, its first token in the document, and how many of
        its entities, the first ones, are of passages before.
    """
    entities: list[tuple[EntitySpan, float]] = []
    parts = []
    for (found, relations), start, margin in passages:
        offset = len(entities) - margin
        entities += [
            (dataclasses.replace(e, start=e.start + start, end=e.end + start), score)
            for e, score in found[margin:]
        ]
        scored = ScoredRelations.of(relations)
        parts.append(dataclasses.replace(scored, heads=scored.heads + offset, tails=scored.tails + offset))
    columns = ("heads", "tails", "kinds", "scores")
    joint = {name: np.concatenate([getattr(part, name) for part in parts]) for name in columns}
    return entities, dataclasses.replace(parts[0], **joint)


def without_scores(
    sentences: Sequence[Sentence], scored: Sequence[Scored], threshold: float = -1
) -> list[Sentence]:
    """The sentences with the predicted annotation in place of their own, relations above `threshold`."""
    return [
        Sentence(
            sentence.tokens,
            tuple(entity for entity, _ in entities),
            tuple(relation for relation, _ in ScoredRelations.of(relations).above(threshold)),
            sentence.id,
            breaks=sentence.breaks,
        )
        for sentence, (entities, relations) in zip(sentences, scored, strict=True)
    ]
