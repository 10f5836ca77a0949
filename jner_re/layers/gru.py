"""Bidirectional GRU as a plain function of tensors, with a gradient of its own.

The variant is cuDNN's (Keras' `reset_after=True`, PyTorch's nn.GRU): for a step with input x and state h,

    z = sigmoid(x W_z + b_z + h U_z)                 update gate
    r = sigmoid(x W_r + b_r + h U_r)                 reset gate
    c = tanh(x W_c + b_c + r * (h U_c + b_u))        candidate
    h' = z * h + (1 - z) * c
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def gru_sequence(
    inputs: tf.Tensor,
    kernel: tf.Tensor,
    recurrent_kernel: tf.Tensor,
    bias: tf.Tensor,
    recurrent_bias: tf.Tensor,
) -> tf.Tensor:
    """Runs a GRU over a time-major sequence, from a state of zeros.

    The gradient is written out: the backward loop holds the recurrent part alone, and the gradients of all
    weights are products over all steps at once.

    Args:
      inputs: float [T, B, D].
      kernel: float [D, 3H], W for z, r and c.
      recurrent_kernel: float [H, 3H], U for z, r and c.
      bias: float [3H], b.
      recurrent_bias: float [H], b_u.

    Returns:
      The states after every step, float [T, B, H].
    """

    @tf.custom_gradient
    def run(*arguments: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, ...]]]:
        inputs, kernel, recurrent_kernel, bias, recurrent_bias = arguments
        shape = tf.shape(inputs)
        gate_inputs = tf.reshape(
            tf.matmul(_flat(inputs), kernel) + bias, [shape[0], shape[1], kernel.shape[1]]
        )
        states, gates = _forward(gate_inputs, recurrent_kernel, recurrent_bias)

        def gradient(state_gradients: tf.Tensor) -> tuple[tf.Tensor, ...]:
            before = tf.concat([tf.zeros_like(states[:1]), states[:-1]], axis=0)[: shape[0]]
            recurrent, candidate = _backward(state_gradients, before, gates, recurrent_kernel)
            recurrent = _flat(recurrent)
            units = recurrent_kernel.shape[0]
            direct = tf.concat([recurrent[:, : 2 * units], _flat(candidate)], axis=1)
            return (
                tf.reshape(tf.matmul(direct, kernel, transpose_b=True), shape),
                tf.matmul(_flat(inputs), direct, transpose_a=True),
                tf.matmul(_flat(before), recurrent, transpose_a=True),
                tf.reduce_sum(direct, axis=0),
                tf.reduce_sum(recurrent[:, 2 * units :], axis=0),
            )

        return states, gradient

    return run(*(tf.convert_to_tensor(x) for x in (inputs, kernel, recurrent_kernel, bias, recurrent_bias)))


def _forward(
    gate_inputs: tf.Tensor, recurrent_kernel: tf.Tensor, recurrent_bias: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """States [T, B, H], and z, r, c and h U_c + b_u of every step, [T, B, 4H]."""
    steps, batch = tf.unstack(tf.shape(gate_inputs)[:2])
    units = recurrent_kernel.shape[0]
    read = tf.TensorArray(gate_inputs.dtype, steps, element_shape=[None, 3 * units]).unstack(gate_inputs)
    states = tf.TensorArray(gate_inputs.dtype, steps, element_shape=[None, units])
    gates = tf.TensorArray(gate_inputs.dtype, steps, element_shape=[None, 4 * units])

    def step(
        t: tf.Tensor, state: tf.Tensor, states: tf.TensorArray, gates: tf.TensorArray
    ) -> tuple[Any, ...]:
        x, h = read.read(t), tf.matmul(state, recurrent_kernel)
        update_reset = tf.sigmoid(x[:, : 2 * units] + h[:, : 2 * units])
        update, reset = update_reset[:, :units], update_reset[:, units:]
        hidden = h[:, 2 * units :] + recurrent_bias
        candidate = tf.tanh(x[:, 2 * units :] + reset * hidden)
        state = candidate + update * (state - candidate)
        kept = tf.concat([update_reset, candidate, hidden], axis=1)
        return t + 1, state, states.write(t, state), gates.write(t, kept)

    first = tf.zeros([batch, units], gate_inputs.dtype)
    _, _, states, gates = tf.while_loop(lambda t, *_: t < steps, step, (0, first, states, gates))
    return tf.reshape(states.stack(), [steps, batch, units]), tf.reshape(
        gates.stack(), [steps, batch, 4 * units]
    )


def _backward(
    state_gradients: tf.Tensor, before: tf.Tensor, gates: tf.Tensor, recurrent_kernel: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Gradients of h U + (0, 0, b_u), [T, B, 3H], and of the candidate before tanh, [T, B, H]."""
    steps, batch = tf.unstack(tf.shape(state_gradients)[:2])
    units = recurrent_kernel.shape[0]
    transposed = tf.transpose(recurrent_kernel)

    def array(values: tf.Tensor, width: int) -> tf.TensorArray:
        return tf.TensorArray(values.dtype, steps, element_shape=[None, width]).unstack(values)

    read_gradient, read_before = array(state_gradients, units), array(before, units)
    read_gates = array(gates, 4 * units)
    recurrent = tf.TensorArray(gates.dtype, steps, element_shape=[None, 3 * units])
    direct = tf.TensorArray(gates.dtype, steps, element_shape=[None, units])

    def step(
        t: tf.Tensor, gradient: tf.Tensor, recurrent: tf.TensorArray, direct: tf.TensorArray
    ) -> tuple[Any, ...]:
        gradient += read_gradient.read(t)
        update, reset, candidate, hidden = tf.split(read_gates.read(t), 4, axis=1)
        d_candidate = gradient * (1 - update) * (1 - candidate * candidate)
        d_update = gradient * (read_before.read(t) - candidate) * update * (1 - update)
        d_reset = d_candidate * hidden * reset * (1 - reset)
        d_recurrent = tf.concat([d_update, d_reset, d_candidate * reset], axis=1)
        earlier = tf.matmul(d_recurrent, transposed) + gradient * update
        return t - 1, earlier, recurrent.write(t, d_recurrent), direct.write(t, d_candidate)

    last = tf.zeros([batch, units], gates.dtype)
    _, _, recurrent, direct = tf.while_loop(lambda t, *_: t >= 0, step, (steps - 1, last, recurrent, direct))
    return (
        tf.reshape(recurrent.stack(), [steps, batch, 3 * units]),
        tf.reshape(direct.stack(), [steps, batch, units]),
    )


def _flat(values: tf.Tensor) -> tf.Tensor:
    """[T, B, D] -> [T * B, D]."""
    return tf.reshape(values, [-1, values.shape[-1]])


def bidirectional_gru(
    inputs: tf.Tensor,
    lengths: tf.Tensor,
    kernel: tf.Tensor,
    recurrent_kernel: tf.Tensor,
    bias: tf.Tensor,
    recurrent_bias: tf.Tensor,
) -> tf.Tensor:
    """Reads every sequence from both ends.

    Args:
      inputs: float [T, B, D].
      lengths: int32 [B], the valid steps of each sequence.
      kernel: float [2, D, 3H]: W of the forward and of the backward direction, each for z, r and c.
      recurrent_kernel: float [2, H, 3H], U.
      bias: float [2, 3H], b.
      recurrent_bias: float [2, H], b_u.

    Returns:
      float [T, B, 2H]: at each step the forward state and the backward state; past a sequence's length
      the values are finite and meaningless.
    """
    weights = (kernel, recurrent_kernel, bias, recurrent_bias)
    backward_inputs = tf.reverse_sequence(inputs, lengths, seq_axis=0, batch_axis=1)
    forward, backward = (
        gru_sequence(direction_inputs, *(tf.unstack(weight)[direction] for weight in weights))
        for direction, direction_inputs in enumerate((inputs, backward_inputs))
    )
    return tf.concat([forward, tf.reverse_sequence(backward, lengths, seq_axis=0, batch_axis=1)], axis=-1)
