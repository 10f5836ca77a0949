"""Bidirectional LSTM as a plain function of tensors.

For a step with input x, state h and cell s (Keras' LSTM, without peepholes):

    i, f, o = sigmoid(x W + b + h U)   input, forget and output gate, each with its own W, b and U
    c = tanh(x W_c + b_c + h U_c)      candidate
    s' = f * s + i * c
    h' = o * tanh(s')

The columns of W, b and U stand in the order i, f, c, o.
"""

from __future__ import annotations

import tensorflow as tf


def lstm_sequence(gate_inputs: tf.Tensor, recurrent_kernel: tf.Tensor) -> tf.Tensor:
    """Runs an LSTM over a time-major sequence, from a state and a cell of zeros.

    Args:
      gate_inputs: float [T, B, 4H], x W + b of every step, for i, f, c and o.
      recurrent_kernel: float [H, 4H], U for i, f, c and o.

    Returns:
      The states after every step, float [T, B, H].
    """
    steps = tf.shape(gate_inputs)[0]
    units = recurrent_kernel.shape[0]
    first = tf.zeros([tf.shape(gate_inputs)[1], units], gate_inputs.dtype)
    states = tf.TensorArray(gate_inputs.dtype, size=steps, element_shape=[None, units])

    def step(
        t: tf.Tensor, state: tf.Tensor, cell: tf.Tensor, states: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.TensorArray]:
        i, f, c, o = tf.split(gate_inputs[t] + tf.matmul(state, recurrent_kernel), 4, axis=-1)
        cell = tf.sigmoid(f) * cell + tf.sigmoid(i) * tf.tanh(c)
        state = tf.sigmoid(o) * tf.tanh(cell)
        return t + 1, state, cell, states.write(t, state)

    _, _, _, states = tf.while_loop(lambda t, *_: t < steps, step, (0, first, first, states))
    return tf.reshape(states.stack(), [steps, tf.shape(gate_inputs)[1], units])


def bidirectional_lstm(
    inputs: tf.Tensor, lengths: tf.Tensor, kernel: tf.Tensor, recurrent_kernel: tf.Tensor, bias: tf.Tensor
) -> tf.Tensor:
    """Reads every sequence from both ends.

    Args:
      inputs: float [T, B, D].
      lengths: int32 [B], the valid steps of each sequence.
      kernel: float [2, D, 4H]: W of the forward and of the backward direction, each for i, f, c and o.
      recurrent_kernel: float [2, H, 4H], U.
      bias: float [2, 4H], b.

    Returns:
      float [T, B, 2H]: at each step the forward state and the backward state; past a sequence's length
      the values are finite and meaningless.
    """
    backward_inputs = tf.reverse_sequence(inputs, lengths, seq_axis=0, batch_axis=1)
    forward = lstm_sequence(tf.matmul(inputs, kernel[0]) + bias[0], recurrent_kernel[0])
    backward = lstm_sequence(tf.matmul(backward_inputs, kernel[1]) + bias[1], recurrent_kernel[1])
    return tf.concat([forward, tf.reverse_sequence(backward, lengths, seq_axis=0, batch_axis=1)], axis=-1)
