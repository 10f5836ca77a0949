"""Scores of all pairs of entities for every relation type, from the states of RE's BiRNNs."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras as keras

from jner_re.layers.dropout import Dropout
from jner_re.layers.float32_layer import DTYPE, Float32Layer
from jner_re.layers.pair_context import PairContext
from jner_re.layers.pair_mask import sentences_of
from jner_re.layers.relation_scorer import RelationScorer
from jner_re.layers.span_ends import SpanEnds

_PAIRS_AT_ONCE = 1 << 16  # pairs whose contexts are computed together outside of training


class PairScorer(Float32Layer):
    """The paper's section 3.3, and the extension of docs/model.md: what stands between the two entities.

    Args:
      num_tags: K, the number of BIO tags.
      num_relations: R.
      label_size: size of the embedding of an entity's tag.
      hidden_size: output size of FFNN(r1).
      activation: of FFNN(r1).
      dropout: dropout before scoring.
      context_size: size of the pair context; 0 for none.
      context_dropout: dropout before the pair context.
      max_distance: of entities in passages, in sentences, each distance with a bias of its own for each
        relation type; 0 for none.
    """

    def __init__(
        self,
        num_tags: int,
        num_relations: int,
        label_size: int,
        hidden_size: int,
        activation: str,
        dropout: float = 0.0,
        context_size: int = 0,
        context_dropout: float = 0.0,
        max_distance: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_tags = num_tags
        self.num_relations = num_relations
        self.label_size = label_size
        self.hidden_size = hidden_size
        self.activation = activation
        self.dropout = dropout
        self.context_size = context_size
        self.context_dropout = context_dropout
        self.max_distance = max_distance
        self.span_ends = SpanEnds(num_tags, label_size, name="span_ends")
        self.drop = Dropout(dropout, name="dropout")
        self.scorer = RelationScorer(num_relations, hidden_size, activation, name="relation_scorer")
        if context_size:
            self.context = PairContext(context_size, context_dropout, name="pair_context")
            self.context_scores = keras.layers.Dense(
                num_relations, use_bias=False, name="context_scores", dtype=DTYPE
            )

    def build(self, input_shape: Any) -> None:
        """Makes the weights that are first needed inside a loop."""
        if self.context_size:
            self.context_scores.build([None, self.context_size])
        if self.max_distance:
            shape = [self.max_distance + 1, self.num_relations]
            self.distance_bias = self.add_weight("distance_bias", shape, initializer="zeros")
        super().build(input_shape)

    def call(
        self,
        states: tf.Tensor,
        tag_ids: tf.Tensor,
        spans: tf.Tensor,
        sentence_ids: tf.Tensor | None = None,
        training: bool | None = None,
    ) -> tf.Tensor:
        """The logits of all pairs, those that are none included.

        Args:
          states: [B, T, D].
          tag_ids: int32 [B, T]; gold tags in training, predicted ones in inference.
          spans: int32 [B, M, 2] of start and end (exclusive), likewise; empty spans are padding.
          sentence_ids: int32 [B, T], the sentence of each token; needed where there are biases of distances.
          training: whether to drop out.

        Returns:
          [B, M, M, R]: head, tail, relation type.
        """
        entities = self.drop(self.span_ends(states, tag_ids, spans), training=training)
        logits = self.scorer(entities)
        if self.context_size and training:
            logits += self.context_scores(self.context(states, spans, training=True))
        elif self.context_size:
            logits += self._context_scores_by_blocks(states, spans)
        if self.max_distance:
            sentences = sentences_of(sentence_ids, spans)
            distances = tf.abs(sentences[:, :, tf.newaxis] - sentences[:, tf.newaxis])
            logits += tf.gather(self.distance_bias, tf.minimum(distances, self.max_distance))
        return logits

    def _context_scores_by_blocks(self, states: tf.Tensor, spans: tf.Tensor) -> tf.Tensor:
        """[B, T, D], [B, M, 2] -> [B, M, M, R], a block of heads at a time, without B x M x M contexts."""
        projected = self.context.project(states)
        batch, count, _ = tf.unstack(tf.shape(spans))
        block = tf.maximum(_PAIRS_AT_ONCE // tf.maximum(batch * count, 1), 1)

        def score(begin: tf.Tensor, blocks: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
            contexts = self.context.between(projected, spans[:, begin : begin + block], spans)
            scores = tf.transpose(self.context_scores(contexts), [1, 0, 2, 3])  # heads first
            return begin + block, blocks.write(begin // block, scores)

        blocks = tf.TensorArray(
            tf.float32,
            tf.maximum(-(-count // block), 1),
            infer_shape=False,
            element_shape=[None, None, None, self.num_relations],
        )
        _, blocks = tf.while_loop(
            lambda begin, _: begin < tf.maximum(count, 1), score, (tf.constant(0), blocks)
        )
        return tf.transpose(blocks.concat(), [1, 0, 2, 3])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_tags": self.num_tags,
            "num_relations": self.num_relations,
            "label_size": self.label_size,
            "hidden_size": self.hidden_size,
            "activation": self.activation,
            "dropout": self.dropout,
            "context_size": self.context_size,
            "context_dropout": self.context_dropout,
            "max_distance": self.max_distance,
        }
