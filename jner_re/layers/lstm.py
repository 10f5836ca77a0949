"""An LSTM over a padded batch as a plain function of tensors.

For a step with input x, state h and cell s (Keras' and PyTorch's LSTM, without peepholes):

    i, f, o = sigmoid(x W + b + h U)      input, forget and output gate, each with its own W, b and U
    c = tanh(x W_c + b_c + h U_c)         candidate
    s' = f * s + i * c
    h' = o * tanh(s')

and s' = 0, thus h' = 0, at padding, so that reading may start at either end. Columns stand in the order
i, f, c, o. As in gru.py, what needs no state is one product over all steps outside the loop.
"""

from __future__ import annotations

import tensorflow as tf

from jner_re.layers.scan import Tensors, pad_steps, scan


def lstm(
    inputs: tf.Tensor,
    mask: tf.Tensor,
    kernel: tf.Tensor,
    bias: tf.Tensor,
    recurrent_kernel: tf.Tensor,
    reverse: bool = False,
) -> tf.Tensor:
    """Runs an LSTM over time-major sequences, from a state and a cell of zeros.

    Args:
      inputs: float [T, B, D].
      mask: float [T, B, 1], 1 at the steps of a sequence and 0 at padding.
      kernel: float [D, 4H], W for i, f, c and o.
      bias: float [4H], b.
      recurrent_kernel: float [H, 4H], U for i, f, c and o.
      reverse: whether to read from the last step to the first.

    Returns:
      float [T, B, H], the state after each step, zeros at padding.
    """
    length, batch, units = tf.shape(inputs)[0], tf.shape(inputs)[1], recurrent_kernel.shape[0]
    gate_inputs = tf.matmul(tf.reshape(inputs, [-1, inputs.shape[-1]]), kernel) + bias
    steps = tf.maximum(length, 1)
    gate_inputs = pad_steps(tf.reshape(gate_inputs, [length, batch, 4 * units]), steps)
    mask = pad_steps(mask, steps)

    # Arrays: the gradient of an index would be a tensor of all steps for each.
    inputs_at, mask_at = (tf.TensorArray(each.dtype, steps).unstack(each) for each in (gate_inputs, mask))

    def step(t: tf.Tensor, state: tf.Tensor, cell: tf.Tensor) -> tuple[Tensors, Tensors]:
        gates = inputs_at.read(t) + tf.matmul(state, recurrent_kernel)
        input_, forget, candidate, output = tf.split(gates, 4, axis=1)
        cell = mask_at.read(t) * (tf.sigmoid(forget) * cell + tf.sigmoid(input_) * tf.tanh(candidate))
        state = tf.sigmoid(output) * tf.tanh(cell)
        return (state, cell), (state,)

    first = tf.zeros([batch, units], inputs.dtype)
    (states,) = scan(step, (first, first), [units], steps, steps, tf.constant(reverse))
    return states[:length]
