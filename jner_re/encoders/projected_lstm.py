"""ELMo's LSTM (bilm-tf): the state is projected, cell and projection are clipped."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from jner_re.encoders.elmo_checkpoint import Lstm

State = tuple[tf.Tensor, tf.Tensor]  # cell and projection


class ProjectedLstm(tf.Module):
    """An LSTM with projection and clipping, from the first step to the last."""

    def __init__(self, weights: Lstm, cell_clip: float | None, projection_clip: float | None) -> None:
        super().__init__(name="lstm")
        width = weights.projection.shape[1]
        kernel, bias = _candidate_last(weights.kernel), _candidate_last(weights.bias)
        self._input_kernel, self._state_kernel = frozen(kernel[:width]), frozen(kernel[width:])
        self._bias, self._projection = frozen(bias), frozen(weights.projection)
        self._cell_clip, self._projection_clip = cell_clip, projection_clip

    def zeros(self, batch: tf.Tensor) -> State:
        """The state before a sentence."""
        units, width = self._projection.shape
        return tf.zeros([batch, units]), tf.zeros([batch, width])

    def __call__(self, inputs: tf.Tensor, sizes: tf.Tensor, initial: State) -> tuple[tf.Tensor, State]:
        """Runs it.

        Args:
          inputs: [N, D], step by step.
          sizes: int32 [T], how many rows each step has; they never grow.
          initial: cell [B, units] and projection [B, D].

        Returns:
          [N, D], and the last state: of a row that ends, the one where it ends.
        """
        units, width = self._projection.shape
        gates = tf.matmul(inputs, self._input_kernel) + self._bias  # the products of all inputs at once
        state_kernel, projection = tf.identity(self._state_kernel), tf.identity(self._projection)

        def step(
            t: tf.Tensor, begin: tf.Tensor, cell: tf.Tensor, state: tf.Tensor, outputs: tf.TensorArray
        ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.TensorArray]:
            size = sizes[t]
            sums = gates[begin : begin + size] + tf.matmul(state[:size], state_kernel)
            new, forget, output = tf.split(tf.sigmoid(sums[:, : 3 * units]), 3, axis=1)
            next_cell = _clipped(forget * cell[:size] + new * tf.tanh(sums[:, 3 * units :]), self._cell_clip)
            projected = _clipped(tf.matmul(output * tf.tanh(next_cell), projection), self._projection_clip)
            cell = tf.concat([next_cell, cell[size:]], axis=0)
            state = tf.concat([projected, state[size:]], axis=0)
            return t + 1, begin + size, cell, state, outputs.write(t, projected)

        steps = tf.size(sizes)
        outputs = tf.TensorArray(inputs.dtype, steps, infer_shape=False, element_shape=[None, width])
        _, _, cell, state, outputs = tf.while_loop(
            lambda t, *_: t < steps, step, (0, 0, *initial, outputs), maximum_iterations=steps
        )
        return outputs.concat(), (cell, state)


def _candidate_last(gates: np.ndarray) -> np.ndarray:
    """Input, candidate, forget, output of bilm-tf as input, forget, output, candidate: one sigmoid does."""
    new, candidate, forget, output = np.split(gates, 4, axis=-1)
    return np.concatenate([new, forget, output, candidate], axis=-1)


def _clipped(values: tf.Tensor, bound: float | None) -> tf.Tensor:
    return values if bound is None else tf.clip_by_value(values, -bound, bound)


def frozen(value: np.ndarray) -> tf.Variable:
    """A variable that is not trained."""
    return tf.Variable(value, trainable=False)
