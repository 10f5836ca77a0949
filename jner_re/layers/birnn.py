"""A bidirectional GRU or LSTM as a Keras layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from jner_re.layers.gru import bidirectional_gru
from jner_re.layers.lstm import bidirectional_lstm

GATES = {"gru": 3, "lstm": 4}

Initializer = Callable[..., tf.Tensor]


@tf.keras.utils.register_keras_serializable(package="jner_re")
class BiRNN(tf.keras.layers.Layer):
    """Reads every sentence from both ends (paper, section 3.1), whatever its padding and its neighbours.

    Attributes:
      units: size of the state of each direction.
      cell: "gru" or "lstm".
      return_sequences: whether to return the states of all steps, or only each direction's last one.
    """

    def __init__(self, units: int, cell: str = "gru", return_sequences: bool = True, **kwargs: Any) -> None:
        """Creates the layer.

        Raises:
          ValueError: if `cell` is neither "gru" nor "lstm".
        """
        super().__init__(**kwargs)
        if cell not in GATES:
            raise ValueError(f"cell is {cell!r}, expected 'gru' or 'lstm'")
        self.units = units
        self.cell = cell
        self.return_sequences = return_sequences

    def build(self, input_shape: tf.TensorShape) -> None:
        """Creates the weights of both directions; the first axis of each is the direction."""
        depth = tf.TensorShape(input_shape)[-1]
        gates = GATES[self.cell] * self.units
        initializers = tf.keras.initializers
        self.kernel = self.add_weight(
            "kernel", [2, depth, gates], initializer=_per_direction(initializers.GlorotUniform)
        )
        self.recurrent_kernel = self.add_weight(
            "recurrent_kernel", [2, self.units, gates], initializer=_per_direction(initializers.Orthogonal)
        )
        if self.cell == "gru":
            self.bias = self.add_weight("bias", [2, gates], initializer="zeros")
            self.recurrent_bias = self.add_weight("recurrent_bias", [2, self.units], initializer="zeros")
        else:
            self.bias = self.add_weight("bias", [2, gates], initializer=_unit_forget_bias)
        super().build(input_shape)

    def call(self, inputs: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        """Runs both directions.

        Args:
          inputs: float [B, T, D].
          lengths: int [B], the valid steps of each sentence, 0 to T.

        Returns:
          float [B, T, 2 * units], the forward and the backward state at each step, zeros past each length;
          without `return_sequences` float [B, 2 * units], the forward state after the last valid step and
          the backward state after the first step, zeros for length 0.
        """
        lengths = tf.cast(lengths, tf.int32)
        steps = tf.shape(inputs)[1]
        time_major = tf.transpose(inputs, [1, 0, 2])
        if self.cell == "gru":
            states = bidirectional_gru(
                time_major, lengths, self.kernel, self.recurrent_kernel, self.bias, self.recurrent_bias
            )
        else:
            states = bidirectional_lstm(time_major, lengths, self.kernel, self.recurrent_kernel, self.bias)
        states = tf.transpose(states, [1, 0, 2])
        states = tf.where(tf.sequence_mask(lengths, steps)[:, :, tf.newaxis], states, tf.zeros_like(states))
        return states if self.return_sequences else _final_states(states, lengths, self.units)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {"units": self.units, "cell": self.cell, "return_sequences": self.return_sequences}
        return {**super().get_config(), **own}


def _per_direction(initializer: Callable[[], Initializer]) -> Initializer:
    """An initializer for [2, ...] that draws the weights of each direction on their own."""

    def initialize(shape: Sequence[int], dtype: tf.DType | None = None, **_: Any) -> tf.Tensor:
        return tf.stack([initializer()(shape[1:], dtype=dtype) for _ in range(shape[0])])

    return initialize


def _unit_forget_bias(shape: Sequence[int], dtype: tf.DType | None = None, **_: Any) -> tf.Tensor:
    """Zeros, and ones for the forget gate, the second of four."""
    zeros = tf.zeros([shape[0], shape[1] // 4], dtype)
    return tf.concat([zeros, tf.ones_like(zeros), zeros, zeros], axis=1)


def _final_states(states: tf.Tensor, lengths: tf.Tensor, units: int) -> tf.Tensor:
    """The forward state at the last valid step and the backward state at the first: [B, T, 2H] -> [B, 2H]."""
    steps = tf.shape(states)[1]
    last = tf.one_hot(lengths - 1, steps, dtype=states.dtype)  # all zeros for length 0
    first = tf.one_hot(tf.zeros_like(lengths), steps, dtype=states.dtype)
    forward = tf.einsum("bt,bth->bh", last, states[:, :, :units])
    return tf.concat([forward, tf.einsum("bt,bth->bh", first, states[:, :, units:])], axis=-1)
