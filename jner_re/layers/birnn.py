"""A bidirectional GRU or LSTM as a Keras layer."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from jner_re.layers.float32_layer import Float32Layer
from jner_re.layers.gru import gru
from jner_re.layers.lstm import lstm

_GATES = {"gru": 3, "lstm": 4}
_DIRECTIONS = ("forward", "backward")


class BiRNN(Float32Layer):
    """Reads every sentence from both ends (paper, section 3.1), whatever its padding and its neighbors.

    Args:
      units: size of the state of each direction.
      cell: "gru" or "lstm".
      return_sequences: whether to return the states of all steps, or only each direction's last one.
      jit_compile: whether XLA compiles a GRU's loops when training: faster, after a compilation for each
        batch size and range of lengths (`scan.compiled_size`). Inference never uses XLA.
    """

    def __init__(
        self,
        units: int,
        cell: str = "gru",
        return_sequences: bool = True,
        jit_compile: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if cell not in _GATES:
            raise ValueError(f"cell is {cell!r}, expected 'gru' or 'lstm'")
        self.units = units
        self.cell = cell
        self.return_sequences = return_sequences
        self.jit_compile = jit_compile

    def build(self, input_shape: Any) -> None:
        """Creates the weights of both directions."""
        depth, gates = tf.TensorShape(input_shape)[-1], _GATES[self.cell] * self.units
        self.direction_weights = []
        for name in _DIRECTIONS:
            bias = _unit_forget_bias if self.cell == "lstm" else "zeros"
            weights = [
                self.add_weight(f"{name}_kernel", [depth, gates], initializer="glorot_uniform"),
                self.add_weight(f"{name}_bias", [gates], initializer=bias),
                self.add_weight(f"{name}_recurrent_kernel", [self.units, gates], initializer="orthogonal"),
            ]
            if self.cell == "gru":
                weights.append(self.add_weight(f"{name}_recurrent_bias", [self.units], initializer="zeros"))
            self.direction_weights.append(weights)
        super().build(input_shape)

    def call(self, inputs: tf.Tensor, lengths: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Runs both directions.

        Args:
          inputs: float [B, T, D].
          lengths: int [B], the steps of each sentence, 0 to T.
          training: whether to keep what a GRU's gradient needs, and to use XLA if the layer may.

        Returns:
          float [B, T, 2 * units], the forward and the backward state at each step, zeros past each length;
          without `return_sequences` float [B, 2 * units], the forward state after the last step and the
          backward state after the first, zeros for length 0.
        """
        recurrence: Callable[..., tf.Tensor] = lstm
        if self.cell == "gru":
            recurrence = functools.partial(
                gru, jit_compile=self.jit_compile and training is True, training=bool(training)
            )
        inputs = tf.transpose(inputs, [1, 0, 2])
        steps = tf.shape(inputs)[0]
        mask = tf.transpose(tf.sequence_mask(lengths, steps, inputs.dtype))[:, :, tf.newaxis]
        forward, backward = (
            recurrence(inputs, mask, *weights, reverse=reverse)
            for weights, reverse in zip(self.direction_weights, (False, True), strict=True)
        )
        if self.return_sequences:
            return tf.transpose(tf.concat([forward, backward], axis=2), [1, 0, 2])
        last = tf.one_hot(lengths - 1, steps, axis=0, dtype=inputs.dtype)[:, :, tf.newaxis]
        return tf.concat([tf.reduce_sum(last * forward, axis=0), tf.reduce_sum(backward[:1], axis=0)], axis=1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "units": self.units,
            "cell": self.cell,
            "return_sequences": self.return_sequences,
            "jit_compile": self.jit_compile,
        }


def _unit_forget_bias(shape: tf.TensorShape, dtype: tf.DType | None = None, **_: Any) -> tf.Tensor:
    """Zeros, and ones for the forget gate, the second of four."""
    zeros = tf.zeros([shape[0] // 4], dtype or tf.float32)
    return tf.concat([zeros, tf.ones_like(zeros), zeros, zeros], axis=0)
