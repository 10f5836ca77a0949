"""An LSTM over a padded batch as a plain function of tensors, with a gradient written for a CPU.

For a step with input x, state h and cell s (Keras' and PyTorch's LSTM, without peepholes):

    i, f, o = sigmoid(x W + b + h U)      input, forget and output gate, each with its own W, b and U
    c = tanh(x W_c + b_c + h U_c)         candidate
    s' = f * s + i * c
    h' = o * tanh(s')

and s' = 0, thus h' = 0, at padding, so that reading may start at either end. Columns stand in the order
i, f, c, o. As in gru.py, what needs no state is one product over all steps outside the loops.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from jner_re.layers.scan import (
    Tensors,
    compiled_size,
    pad_steps,
    scan,
    sigmoid_gradient,
    states_before,
    tanh_gradient,
)


def lstm(
    inputs: tf.Tensor,
    mask: tf.Tensor,
    kernel: tf.Tensor,
    bias: tf.Tensor,
    recurrent_kernel: tf.Tensor,
    reverse: bool = False,
    jit_compile: bool = False,
) -> tf.Tensor:
    """Runs an LSTM over time-major sequences, from a state and a cell of zeros.

    Args:
      inputs: float [T, B, D].
      mask: float [T, B, 1], 1 at the steps of a sequence and 0 at padding.
      kernel: float [D, 4H], W for i, f, c and o.
      bias: float [4H], b.
      recurrent_kernel: float [H, 4H], U for i, f, c and o.
      reverse: whether to read from the last step to the first.
      jit_compile: whether XLA compiles the loops, once for each B, H and range of T (`scan.compiled_size`).
        First-order gradients only.

    Returns:
      float [T, B, H], the state after each step, zeros at padding.
    """
    length, batch, units = tf.shape(inputs)[0], tf.shape(inputs)[1], recurrent_kernel.shape[0]
    gate_inputs = tf.matmul(tf.reshape(inputs, [-1, inputs.shape[-1]]), kernel) + bias
    gate_inputs = tf.reshape(gate_inputs, [length, batch, 4 * units])
    steps = tf.maximum(length, 1)
    size = compiled_size(steps) if jit_compile else steps
    gate_inputs, mask = pad_steps(gate_inputs, size), pad_steps(mask, size)
    states = _recurrence(gate_inputs, mask, recurrent_kernel, steps, reverse, jit_compile)
    return tf.slice(states, [0, 0, 0], [length, batch, units])


def _recurrence(
    gate_inputs: tf.Tensor,
    mask: tf.Tensor,
    recurrent_kernel: tf.Tensor,
    steps: tf.Tensor,
    reverse: bool,
    jit_compile: bool,
) -> tf.Tensor:
    """The states [T, B, H] from x W + b [T, B, 4H]."""
    forward, backward = (_compiled_forward, _compiled_backward) if jit_compile else (_forward, _backward)
    order = tf.constant(reverse)  # a tensor, so that both directions share what XLA compiles
    units = recurrent_kernel.shape[0]

    @tf.custom_gradient
    def run(*tensors: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], Tensors]]:
        if jit_compile:  # else an eager tape would record TensorArrays, which cannot leave XLA
            tensors = tuple(map(tf.stop_gradient, tensors))
        gate_inputs, kernel = tensors
        states, cells, gates = forward(gate_inputs, mask, kernel, steps, order)

        def gradient(d_states: tf.Tensor) -> Tensors:
            cells_before = states_before(cells, reverse)
            (d_gates,) = backward(d_states, mask, cells_before, cells, gates, kernel, steps, order)
            before = tf.reshape(states_before(states, reverse)[:steps], [-1, units])
            d_kernel = tf.matmul(before, tf.reshape(d_gates[:steps], [-1, 4 * units]), transpose_a=True)
            return d_gates, d_kernel

        return states, gradient

    return run(gate_inputs, tf.convert_to_tensor(recurrent_kernel))


def _forward(
    gate_inputs: tf.Tensor, mask: tf.Tensor, kernel: tf.Tensor, steps: tf.Tensor, reverse: tf.Tensor
) -> Tensors:
    """The states [T, B, H] and, for the gradient, the cells [T, B, H] and i, f, c and o [T, B, 4H]."""
    units = kernel.shape[0]

    def step(t: tf.Tensor, state: tf.Tensor, cell: tf.Tensor) -> tuple[Tensors, Tensors]:
        product = tf.gather(gate_inputs, t) + tf.matmul(state, kernel)
        input_forget = tf.sigmoid(product[:, : 2 * units])
        candidate = tf.tanh(product[:, 2 * units : 3 * units])
        output = tf.sigmoid(product[:, 3 * units :])
        cell = tf.gather(mask, t) * (input_forget[:, units:] * cell + input_forget[:, :units] * candidate)
        state = output * tf.tanh(cell)
        return (state, cell), (state, cell, tf.concat([input_forget, candidate, output], axis=1))

    first = tf.zeros([tf.shape(gate_inputs)[1], units], gate_inputs.dtype)
    return scan(step, (first, first), [units, units, 4 * units], steps, tf.shape(gate_inputs)[0], reverse)


def _backward(
    d_states: tf.Tensor,
    mask: tf.Tensor,
    cells_before: tf.Tensor,
    cells: tf.Tensor,
    gates: tf.Tensor,
    kernel: tf.Tensor,
    steps: tf.Tensor,
    reverse: tf.Tensor,
) -> Tensors:
    """Gradients of x W + b + h U at each step, [T, B, 4H]."""
    units = kernel.shape[0]
    transposed = tf.transpose(kernel)

    def step(t: tf.Tensor, d_state: tf.Tensor, d_cell: tf.Tensor) -> tuple[Tensors, Tensors]:
        input_, forget, candidate, output = tf.split(tf.gather(gates, t), 4, axis=1)
        valid, squashed = tf.gather(mask, t), tf.tanh(tf.gather(cells, t))
        d_state = valid * (d_state + tf.gather(d_states, t))
        d_cell = valid * d_cell + tanh_gradient(y=squashed, dy=d_state * output)
        d_input = sigmoid_gradient(y=input_, dy=d_cell * candidate)
        d_forget = sigmoid_gradient(y=forget, dy=d_cell * tf.gather(cells_before, t))
        d_candidate = tanh_gradient(y=candidate, dy=d_cell * input_)
        d_output = sigmoid_gradient(y=output, dy=d_state * squashed)
        d_gates = tf.concat([d_input, d_forget, d_candidate, d_output], axis=1)
        return (tf.matmul(d_gates, transposed), d_cell * forget), (d_gates,)

    last = tf.zeros([tf.shape(gates)[1], units], gates.dtype)
    return scan(step, (last, last), [4 * units], steps, tf.shape(gates)[0], ~reverse)


_compiled_forward = tf.function(_forward, jit_compile=True)
_compiled_backward = tf.function(_backward, jit_compile=True)
