"""From tag logits to what is found: the outputs of `JointModel.inference`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

from jner_re.layers.crf import CRF
from jner_re.layers.crf_layers import CRFSpanPosteriors
from jner_re.layers.pair_mask import sentences_of
from jner_re.models.decided_sentences import AtStarts, DecidedSentences, IntoPassages, structure
from jner_re.models.decode import SpansFromTags, WellFormedTags


def decoded(
    crf: CRF,
    tag_logits: tf.Tensor,
    features: dict[str, tf.Tensor],
    relation_logits: Callable[[tf.Tensor, tf.Tensor, tf.Tensor], Sequence[tf.Tensor]],
    entity_weighted: bool,
    joined: Callable[[tf.Tensor], tf.Tensor] = lambda scores: scores,
) -> dict[str, tf.Tensor]:
    """What is found: the outputs of `JointModel.inference`.

    Args:
      crf: decodes tags.
      tag_logits: [B, T, K].
      features: the inputs of `JointModel.inference`.
      relation_logits: gives the logits [B, M, M, R] of one scorer or, for an ensemble, of several, whose
        probabilities are averaged; from tags [B, T], spans [B, M, 2] and entity types [B, M].
      entity_weighted: whether relations' scores are multiplied by those of their entities.
      joined: what becomes of relations' scores [B, M, M, R] where the two directions of a pair depend on each
        other.
    """
    lengths, places = features["lengths"], structure(features)
    if places:
        tag_logits, lengths = DecidedSentences(name="decided_sentences")(tag_logits, **places)
    tag_ids = crf(tag_logits, lengths)
    if not crf.constrained:
        tag_ids = WellFormedTags(name="well_formed_tags")(tag_ids)
    spans, types = SpansFromTags(name="spans")(tag_ids)
    entity_scores = CRFSpanPosteriors(crf, name="entity_scores")(
        tag_logits, lengths, spans[:, :, 0], spans[:, :, 1], types
    )
    carried = {}
    if places:
        scores = AtStarts(name="scores_at_starts")(entity_scores, spans, types, tag_ids)
        tag_ids, carried["carried_tags"] = IntoPassages(name="tags_in_passages")(
            tag_ids, lengths, carried=features["carried_tags"], **places
        )
        scores, carried["carried_scores"] = IntoPassages(name="scores_in_passages")(
            scores, lengths, carried=features["carried_scores"], **places
        )
        spans, types = SpansFromTags(name="spans_in_passages")(tag_ids)
        entity_scores = tf.gather(scores, spans[:, :, 0], batch_dims=1)
        sentences = sentences_of(places["sentence_ids"], spans)
        is_margin = (types >= 0) & (sentences < places["decided"][:, :1])
        carried["margin_entities"] = tf.reduce_sum(tf.cast(is_margin, tf.int32), axis=1)
    probabilities = [tf.sigmoid(logits) for logits in relation_logits(tag_ids, spans, types)]
    relation_scores = tf.add_n(probabilities) / len(probabilities)
    if entity_weighted:
        weights = entity_scores[:, :, tf.newaxis] * entity_scores[:, tf.newaxis]
        relation_scores *= weights[..., tf.newaxis]
    return {
        "tag_ids": tag_ids,
        "spans": spans,
        "entity_types": types,
        "entity_scores": entity_scores,
        "relation_scores": joined(relation_scores),
        **carried,
    }
