"""The forward pass of a post-norm transformer encoder, every layer out."""

from __future__ import annotations

import functools

import tensorflow as tf

from jner_re.encoders.bricks import Dense, Norm, PostNormBlock, dropped, padding_bias
from jner_re.encoders.checkpoint import Checkpoint
from jner_re.encoders.network import Network, run_block
from jner_re.encoders.packing import Packing


class Transformer(Network):
    """A transformer encoder (post-norm, as BERT and MPNet)."""

    def __init__(self, checkpoint: Checkpoint, frozen_layers: int | None = None) -> None:
        """Makes the variables.

        Args:
          checkpoint: their values.
          frozen_layers: how many of the L layers, the embeddings being the first, are not trainable; by
            default all.
        """
        super().__init__(name="transformer")
        self.vocabulary_size, embedding_width = checkpoint.subword_embeddings.shape
        projection = checkpoint.embedding_projection
        self.width = embedding_width if projection is None else projection[0].shape[1]
        self.num_layers = len(checkpoint.blocks) + 1
        self.max_positions = len(checkpoint.position_embeddings)
        self._heads = checkpoint.heads
        self._settings = (checkpoint.model_type, checkpoint.heads, checkpoint.activation, checkpoint.epsilon)
        self._dropout, self._attention_dropout = checkpoint.dropout  # rates
        frozen = self.num_layers if frozen_layers is None else frozen_layers
        self._subword_embeddings = tf.Variable(checkpoint.subword_embeddings, trainable=frozen < 1)
        self._position_embeddings = tf.Variable(checkpoint.position_embeddings, trainable=frozen < 1)
        self._norm = Norm(checkpoint.embedding_norm, checkpoint.epsilon, trainable=frozen < 1)
        self._projection = None if projection is None else Dense(projection, trainable=frozen < 1)
        self._distance_bias = None
        if checkpoint.distance_bias is not None:
            self._distance_bias = tf.Variable(checkpoint.distance_bias, trainable=frozen < 1)
        self._blocks = [
            PostNormBlock(
                weights,
                checkpoint.heads,
                checkpoint.activation,
                checkpoint.epsilon,
                checkpoint.score_scale,
                checkpoint.dropout,
                trainable=frozen <= i,
            )
            for i, weights in enumerate(checkpoint.blocks, start=1)
        ]

    @property
    def settings(self) -> tuple[str | int | float, ...]:
        """Architecture, heads, activation, epsilon."""
        return self._settings

    @property
    def dropout(self) -> tuple[float, ...]:
        """See `Checkpoint`."""
        return self._dropout, self._attention_dropout

    def __call__(
        self, ids: tf.Tensor, lengths: tf.Tensor, seed: tf.Tensor | None = None, recompute: bool = False
    ) -> list[tf.Tensor]:
        """See `Network`."""
        steps = tf.shape(ids)[1]
        packing = Packing(lengths, steps, self._heads)
        states = tf.gather(self._subword_embeddings, packing.packed(ids))
        states = self._norm(states + tf.gather(self._position_embeddings, packing.positions))
        states = dropped(states, self._dropout, seed, 0)
        bias = self._score_bias(lengths, steps)
        layers = [states if self._projection is None else self._projection(states)]
        for i, block in enumerate(self._blocks, start=1):
            own_seed = None if seed is None else tf.add(seed, [i * block.SEEDS, 0])
            run = functools.partial(block, packing=packing, seed=own_seed)
            layers.append(run_block(run, recompute, layers[-1], bias))
        return layers

    def _score_bias(self, lengths: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
        """What is added to attention scores [B, H, query, key]: -1e9 for padding, the distance bias."""
        bias = padding_bias(lengths, steps)
        if self._distance_bias is None:
            return bias
        position = tf.range(steps)
        distance = position[tf.newaxis, :] - position[:, tf.newaxis]  # [query, key]
        by_distance = tf.gather(self._distance_bias, distance + self.max_positions - 1)
        return bias + tf.transpose(by_distance, [2, 0, 1])
