"""What transformers are built of."""

from __future__ import annotations

import tensorflow as tf

from jner_re.encoders.checkpoint import BlockWeights
from jner_re.encoders.checkpoint_weights import Pair
from jner_re.encoders.packing import Packing


class Dense(tf.Module):
    """A linear layer on rows."""

    def __init__(self, weights: Pair, trainable: bool) -> None:
        super().__init__()
        self._kernel, self._bias = _variables(weights, trainable)

    def __call__(self, rows: tf.Tensor) -> tf.Tensor:
        """[N, in] to [N, out]."""
        outputs = tf.matmul(rows, self._kernel)
        return outputs if self._bias is None else tf.nn.bias_add(outputs, self._bias)


class Norm(tf.Module):
    """Layer normalisation of rows."""

    def __init__(self, weights: Pair, epsilon: float, trainable: bool) -> None:
        super().__init__()
        self._scale, self._offset = _variables(weights, trainable)
        self._epsilon = epsilon

    def __call__(self, rows: tf.Tensor) -> tf.Tensor:
        """[N, D] to the same."""
        mean, variance = tf.nn.moments(rows, [-1], keepdims=True)
        return tf.nn.batch_normalization(rows, mean, variance, self._offset, self._scale, self._epsilon)


def _variables(weights: Pair, trainable: bool) -> tuple[tf.Variable, tf.Variable | None]:
    first, second = weights
    return (
        tf.Variable(first, trainable=trainable),
        None if second is None else tf.Variable(second, trainable=trainable),
    )


class PostNormBlock(tf.Module):
    """Self-attention and a feed-forward network, each added to its input and normalised."""

    SEEDS = 3  # of dropout

    def __init__(
        self,
        weights: BlockWeights,
        heads: int,
        activation: str,
        epsilon: float,
        score_scale: float,
        dropout: tuple[float, float],
        trainable: bool,
    ) -> None:
        """Makes the variables; the arguments are as in `Checkpoint`."""
        super().__init__()
        self._heads = heads
        self._activation = activation
        self._score_scale = score_scale
        self._dropout, self._attention_dropout = dropout
        self._attention_input = Dense(weights.attention_input, trainable)
        self._attention_output = Dense(weights.attention_output, trainable)
        self._attention_norm = Norm(weights.attention_norm, epsilon, trainable)
        self._expansion = Dense(weights.expansion, trainable)
        self._contraction = Dense(weights.contraction, trainable)
        self._output_norm = Norm(weights.output_norm, epsilon, trainable)

    def __call__(
        self, states: tf.Tensor, *inputs: tf.Tensor, packing: Packing, seed: tf.Tensor | None
    ) -> tf.Tensor:
        """[R, D] to the same.

        Args:
          states: of the layer below.
          inputs: see `scores`.
          packing: where the rows are.
          seed: of dropout.
        """
        attended = self._attention_output(self._attend(states, inputs, packing, seed))
        states = self._attention_norm(states + dropped(attended, self._dropout, seed, 1))
        inner = activated(self._expansion(states), self._activation)
        return self._output_norm(states + dropped(self._contraction(inner), self._dropout, seed, 2))

    def _attend(
        self, states: tf.Tensor, inputs: tuple[tf.Tensor, ...], packing: Packing, seed: tf.Tensor | None
    ) -> tf.Tensor:
        query, key, value = tf.unstack(packing.split(self._attention_input(states)))  # [B, H, S, D / H]
        if self._score_scale != 1:
            query *= self._score_scale
        weights = tf.nn.softmax(self.scores(query, key, *inputs, seed=seed))
        weights = dropped(weights, self._attention_dropout, seed, 0)
        return packing.join(tf.matmul(weights, value))

    def scores(
        self, query: tf.Tensor, key: tf.Tensor, *inputs: tf.Tensor, seed: tf.Tensor | None
    ) -> tf.Tensor:
        """Attention scores [B, H, query, key] of [B, H, S, D / H]; `inputs` are what is added to them."""
        (score_bias,) = inputs
        return tf.matmul(query, key, transpose_b=True) + score_bias


def activated(values: tf.Tensor, activation: str) -> tf.Tensor:
    """The activation function of that name, one of `checkpoint_config.ACTIVATIONS`."""
    if activation == "relu":
        return tf.nn.relu(values)
    return tf.nn.gelu(values, approximate=activation == "gelu_new")


def dropped(values: tf.Tensor, rate: float, seed: tf.Tensor | None, place: int) -> tf.Tensor:
    """Dropout by masks that follow from the seed and the place, so that they can be computed again."""
    if seed is None or not rate:
        return values
    return tf.nn.experimental.stateless_dropout(values, rate, seed=tf.add(seed, [place, 0]))


def padding_bias(lengths: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
    """What is added to attention scores [B, 1, 1, key]: -1e9 for padding."""
    padding = tf.logical_not(tf.sequence_mask(lengths, steps))
    return -1e9 * tf.cast(padding[:, tf.newaxis, tf.newaxis, :], tf.float32)
