"""The forward pass of a transformer encoder, every layer out."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from jner_re.encoders.checkpoint import BlockWeights, Checkpoint


class Transformer(tf.Module):
    """A frozen transformer encoder (post-norm, as BERT and MPNet)."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__(name="transformer")
        self.width = checkpoint.subword_embeddings.shape[1]
        self.num_layers = len(checkpoint.blocks) + 1
        self.max_positions = len(checkpoint.position_embeddings)
        self._subword_embeddings = _frozen(checkpoint.subword_embeddings)
        self._position_embeddings = _frozen(checkpoint.position_embeddings)
        self._norm = _Norm(checkpoint.embedding_norm, checkpoint.epsilon)
        self._distance_bias = None
        if checkpoint.distance_bias is not None:
            self._distance_bias = _frozen(checkpoint.distance_bias)
        self._blocks = [
            _Block(weights, checkpoint.heads, checkpoint.activation, checkpoint.epsilon)
            for weights in checkpoint.blocks
        ]

    def __call__(self, ids: tf.Tensor, lengths: tf.Tensor) -> list[tf.Tensor]:
        """Hidden states of all layers, the embeddings first.

        Args:
          ids: int32 [B, S], S at most `max_positions`; padding may have any id.
          lengths: int64 [B].

        Returns:
          L tensors, float32 [B * S, D]; rows of padding mean nothing.
        """
        shape = tf.shape(ids)
        states = tf.gather(self._subword_embeddings, ids) + self._position_embeddings[: shape[1]]
        states = self._norm(tf.reshape(states, [-1, self.width]))
        bias = self._score_bias(lengths, shape[1])
        layers = [states]
        for block in self._blocks:
            layers.append(block(layers[-1], shape, bias))
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

    def __init__(self, weights: BlockWeights, heads: int, activation: str, epsilon: float) -> None:
        super().__init__()
        self._heads = heads
        self._activation = activation
        self._attention_input = _Dense(weights.attention_input)
        self._attention_output = _Dense(weights.attention_output)
        self._attention_norm = _Norm(weights.attention_norm, epsilon)
        self._expansion = _Dense(weights.expansion)
        self._contraction = _Dense(weights.contraction)
        self._output_norm = _Norm(weights.output_norm, epsilon)

    def __call__(self, states: tf.Tensor, shape: tf.Tensor, score_bias: tf.Tensor) -> tf.Tensor:
        """[B * S, D] to the same; `shape` is [B, S]."""
        states = self._attention_norm(
            states + self._attention_output(self._attend(states, shape, score_bias))
        )
        inner = self._expansion(states)
        if self._activation == "relu":
            inner = tf.nn.relu(inner)
        else:
            inner = tf.nn.gelu(inner, approximate=self._activation == "gelu_new")
        return self._output_norm(states + self._contraction(inner))

    def _attend(self, states: tf.Tensor, shape: tf.Tensor, score_bias: tf.Tensor) -> tf.Tensor:
        width = states.shape[-1]
        projected = tf.reshape(
            self._attention_input(states), [shape[0], shape[1], 3, self._heads, width // self._heads]
        )
        query, key, value = tf.unstack(tf.transpose(projected, [2, 0, 3, 1, 4]))  # [B, H, S, D / H]
        weights = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) + score_bias)
        return tf.reshape(tf.transpose(tf.matmul(weights, value), [0, 2, 1, 3]), [-1, width])


class _Dense(tf.Module):
    """A linear layer on rows."""

    def __init__(self, weights: tuple[np.ndarray, np.ndarray]) -> None:
        super().__init__()
        self._kernel, self._bias = map(_frozen, weights)

    def __call__(self, rows: tf.Tensor) -> tf.Tensor:
        return tf.nn.bias_add(tf.matmul(rows, self._kernel), self._bias)


class _Norm(tf.Module):
    """Layer normalisation of rows."""

    def __init__(self, weights: tuple[np.ndarray, np.ndarray], epsilon: float) -> None:
        super().__init__()
        self._scale, self._offset = map(_frozen, weights)
        self._epsilon = epsilon

    def __call__(self, rows: tf.Tensor) -> tf.Tensor:
        mean, variance = tf.nn.moments(rows, [-1], keepdims=True)
        return tf.nn.batch_normalization(rows, mean, variance, self._offset, self._scale, self._epsilon)


def _frozen(value: np.ndarray) -> tf.Variable:
    return tf.Variable(value, trainable=False)
