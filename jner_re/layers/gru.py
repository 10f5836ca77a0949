"""Bidirectional GRU as a plain function of tensors, with a gradient of its own.

The variant is cuDNN's (Keras' `reset_after=True`, PyTorch's nn.GRU): for a step with input x and state h,

    z = sigmoid(x W_z + b_z + h U_z)                 update gate
    r = sigmoid(x W_r + b_r + h U_r)                 reset gate
    c = tanh(x W_c + b_c + r * (h U_c + b_u))        candidate
    h' = z * h + (1 - z) * c
"""

from __future__ import annotations

import tensorflow as tf


def gru_sequence(gate_inputs: tf.Tensor, recurrent_kernel: tf.Tensor, recurrent_bias: tf.Tensor) -> tf.Tensor:
    """Runs a GRU over a time-major sequence, from a state of zeros.

    Args:
      gate_inputs: float [T, B, 3H], x W + b of every step, for z, r and c.
      recurrent_kernel: float [H, 3H], U for z, r and c.
      recurrent_bias: float [H], b_u.

    Returns:
      The states after every step, float [T, B, H].
    """
    steps = tf.shape(gate_inputs)[0]
    units = recurrent_kernel.shape[0]
    first = tf.zeros([tf.shape(gate_inputs)[1], units], gate_inputs.dtype)
    states = tf.TensorArray(gate_inputs.dtype, size=steps, element_shape=[None, units])

    def step(
        t: tf.Tensor, state: tf.Tensor, states: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, tf.TensorArray]:
        x_z, x_r, x_c = tf.split(gate_inputs[t], 3, axis=-1)
        h_z, h_r, h_c = tf.split(tf.matmul(state, recurrent_kernel), 3, axis=-1)
        update = tf.sigmoid(x_z + h_z)
        candidate = tf.tanh(x_c + tf.sigmoid(x_r + h_r) * (h_c + recurrent_bias))
        state = candidate + update * (state - candidate)
        return t + 1, state, states.write(t, state)

    _, _, states = tf.while_loop(lambda t, *_: t < steps, step, (0, first, states))
    return tf.reshape(states.stack(), [steps, tf.shape(gate_inputs)[1], units])


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
    backward_inputs = tf.reverse_sequence(inputs, lengths, seq_axis=0, batch_axis=1)
    forward = gru_sequence(tf.matmul(inputs, kernel[0]) + bias[0], recurrent_kernel[0], recurrent_bias[0])
    backward = gru_sequence(
        tf.matmul(backward_inputs, kernel[1]) + bias[1], recurrent_kernel[1], recurrent_bias[1]
    )
    return tf.concat([forward, tf.reverse_sequence(backward, lengths, seq_axis=0, batch_axis=1)], axis=-1)
