"""The forward pass of a transformer encoder, every layer out."""

from __future__ import annotations

import functools

import numpy as np
import tensorflow as tf

from jner_re.encoders.checkpoint import BlockWeights, Checkpoint

_SEEDS = 3  # of dropout in a block


class Transformer(tf.Module):
    """A transformer encoder (post-norm, as BERT and MPNet)."""

    def __init__(self, checkpoint: Checkpoint, frozen_layers: int | None = None) -> None:
        """Makes the variables.

        Args:
          checkpoint: their values.
          frozen_layers: how many of the L layers, the embeddings being the first, are not trainable; by
            default all.
        """
        super().__init__(name="transformer")
        self.width = checkpoint.subword_embeddings.shape[1]
        self.num_layers = len(checkpoint.blocks) + 1
        self.max_positions = len(checkpoint.position_embeddings)
        self.dropout, self.attention_dropout = checkpoint.dropout  # rates
        frozen = self.num_layers if frozen_layers is None else frozen_layers
        self._subword_embeddings = tf.Variable(checkpoint.subword_embeddings, trainable=frozen < 1)
        self._position_embeddings = tf.Variable(checkpoint.position_embeddings, trainable=frozen < 1)
        self._norm = _Norm(checkpoint.embedding_norm, checkpoint.epsilon, trainable=frozen < 1)
        self._distance_bias = None
        if checkpoint.distance_bias is not None:
            self._distance_bias = tf.Variable(checkpoint.distance_bias, trainable=frozen < 1)
        self._blocks = [
            _Block(checkpoint, weights, trainable=frozen <= i)
            for i, weights in enumerate(checkpoint.blocks, start=1)
        ]

    def __call__(
        self, ids: tf.Tensor, lengths: tf.Tensor, seed: tf.Tensor | None = None, recompute: bool = False
    ) -> list[tf.Tensor]:
        """Hidden states of all layers, the embeddings first.

        Args:
          ids: int32 [B, S], S at most `max_positions`; padding may have any id.
          lengths: int64 [B].
          seed: int64 [2], of dropout; None for none.
          recompute: whether the gradient computes the inside of each block again, which is then not kept.

        Returns:
          L tensors, float32 [B * S, D]; rows of padding mean nothing.
        """
        shape = tf.shape(ids)
        states = tf.gather(self._subword_embeddings, ids) + self._position_embeddings[: shape[1]]
        states = self._norm(tf.reshape(states, [-1, self.width]))
        bias = self._score_bias(lengths, shape[1])
        layers = [_dropped(states, self.dropout, seed, 0)]
        for i, block in enumerate(self._blocks, start=1):
            own_seed = None if seed is None else tf.add(seed, [i * _SEEDS, 0])
            run = functools.partial(block, shape=shape, seed=own_seed)
            if recompute:
                states = tf.recompute_grad(run)(layers[-1], bias)
                # It can't take sparse gradients, such as tf.gather's; reshaping makes them dense.
                layers.append(tf.reshape(states, [-1, self.width]))
            else:
                layers.append(run(layers[-1], bias))
        return layers

    def _score_bias(self, lengths: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
        """What is added to attention scores [B, H, query, key]: -1e9 for padding, the distance bias."""
        padding = tf.logical_not(tf.sequence_mask(lengths, steps))
        bias = -1e9 * tf.cast(padding[:, tf.newaxis, tf.newaxis, :], tf.float32)
        if self._distance_bias is None:
            return bias
        position = tf.range(steps)
        distance = position[tf.newaxis, :] - position[:, tf.newaxis]  # [query, key]
        by_distance = tf.gather(self._distance_bias, distance + self.max_positions - 1)
        return bias + tf.transpose(by_distance, [2, 0, 1])


class _Block(tf.Module):
    """Self-attention and a feed-forward network, each added to its input and normalised."""

    def __init__(self, checkpoint: Checkpoint, weights: BlockWeights, trainable: bool) -> None:
        super().__init__()
        self._heads = checkpoint.heads
        self._activation = checkpoint.activation
        self._score_scale = checkpoint.score_scale
        self._dropout, self._attention_dropout = checkpoint.dropout
        self._attention_input = _Dense(weights.attention_input, trainable)
        self._attention_output = _Dense(weights.attention_output, trainable)
        self._attention_norm = _Norm(weights.attention_norm, checkpoint.epsilon, trainable)
        self._expansion = _Dense(weights.expansion, trainable)
        self._contraction = _Dense(weights.contraction, trainable)
        self._output_norm = _Norm(weights.output_norm, checkpoint.epsilon, trainable)

    def __call__(
        self, states: tf.Tensor, score_bias: tf.Tensor, shape: tf.Tensor, seed: tf.Tensor | None
    ) -> tf.Tensor:
        """[B * S, D] to the same; `shape` is [B, S]."""
        attended = self._attention_output(self._attend(states, score_bias, shape, seed))
        states = self._attention_norm(states + _dropped(attended, self._dropout, seed, 1))
        inner = self._expansion(states)
        if self._activation == "relu":
            inner = tf.nn.relu(inner)
        else:
            inner = tf.nn.gelu(inner, approximate=self._activation == "gelu_new")
        return self._output_norm(states + _dropped(self._contraction(inner), self._dropout, seed, 2))

    def _attend(
        self, states: tf.Tensor, score_bias: tf.Tensor, shape: tf.Tensor, seed: tf.Tensor | None
    ) -> tf.Tensor:
        width = states.shape[-1]
        projected = tf.reshape(
            self._attention_input(states), [shape[0], shape[1], 3, self._heads, width // self._heads]
        )
        query, key, value = tf.unstack(tf.transpose(projected, [2, 0, 3, 1, 4]))  # [B, H, S, D / H]
        if self._score_scale != 1:
            query *= self._score_scale
        weights = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) + score_bias)
        weights = _dropped(weights, self._attention_dropout, seed, 0)
        return tf.reshape(tf.transpose(tf.matmul(weights, value), [0, 2, 1, 3]), [-1, width])


class _Dense(tf.Module):
    """A linear layer on rows."""

    def __init__(self, weights: tuple[np.ndarray, np.ndarray], trainable: bool) -> None:
        super().__init__()
        self._kernel, self._bias = (tf.Variable(value, trainable=trainable) for value in weights)

    def __call__(self, rows: tf.Tensor) -> tf.Tensor:
        return tf.nn.bias_add(tf.matmul(rows, self._kernel), self._bias)


class _Norm(tf.Module):
    """Layer normalisation of rows."""

    def __init__(self, weights: tuple[np.ndarray, np.ndarray], epsilon: float, trainable: bool) -> None:
        super().__init__()
        self._scale, self._offset = (tf.Variable(value, trainable=trainable) for value in weights)
        self._epsilon = epsilon

    def __call__(self, rows: tf.Tensor) -> tf.Tensor:
        mean, variance = tf.nn.moments(rows, [-1], keepdims=True)
        return tf.nn.batch_normalization(rows, mean, variance, self._offset, self._scale, self._epsilon)


def _dropped(values: tf.Tensor, rate: float, seed: tf.Tensor | None, place: int) -> tf.Tensor:
    """Dropout by masks that follow from the seed and the place, so that they can be computed again."""
    if seed is None or not rate:
        return values
    return tf.nn.experimental.stateless_dropout(values, rate, seed=tf.add(seed, [place, 0]))
