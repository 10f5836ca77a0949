"""A GRU over a padded batch as a plain function of tensors, with a gradient written for a CPU.

The variant is cuDNN's (Keras' `reset_after=True`, PyTorch's nn.GRU): for a step with input x and state h,

    z = sigmoid(x W_z + b_z + h U_z)      update gate
    r = sigmoid(x W_r + b_r + h U_r)      reset gate
    u = h U_c + b_u                       what the reset gate holds back
    c = tanh(x W_c + b_c + r * u)         candidate
    h' = z * h + (1 - z) * c

and h' = 0 at padding, so that reading may start at either end. Products with W need no state: one product
forms those of all steps before the loop. The backward loop holds the recurrent part alone, too: the gradients
of all weights are products over all steps after it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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

_OPEN = 1e9  # added to what a gate's sigmoid is of, which then is 1


def gru(
    inputs: tf.Tensor,
    mask: tf.Tensor,
    kernel: tf.Tensor,
    bias: tf.Tensor,
    recurrent_kernel: tf.Tensor,
    recurrent_bias: tf.Tensor,
    reverse: bool = False,
    jit_compile: bool = False,
    training: bool = True,
) -> tf.Tensor:
    """Runs a GRU over time-major sequences, from a state of zeros.

    Args:
      inputs: float [T, B, D].
      mask: float [T, B, 1], 1 at the steps of a sequence and 0 at padding.
      kernel: float [D, 3H], W for z, r and c.
      bias: float [3H], b.
      recurrent_kernel: float [H, 3H], U for z, r and c.
      recurrent_bias: float [H], b_u.
      reverse: whether to read from the last step to the first.
      jit_compile: whether XLA compiles the loops, once for each B, H and range of T (`scan.compiled_size`).
        First-order gradients only.
      training: whether the loop keeps what the gradient needs.

    Returns:
      float [T, B, H], the state after each step, zeros at padding.
    """
    length, batch, units = tf.shape(inputs)[0], tf.shape(inputs)[1], recurrent_kernel.shape[0]
    gate_inputs = tf.matmul(tf.reshape(inputs, [-1, inputs.shape[-1]]), kernel) + bias
    gate_inputs = tf.reshape(gate_inputs, [length, batch, 3 * units])
    steps = tf.maximum(length, 1)
    if not training:
        gate_inputs, mask = pad_steps(gate_inputs, steps), pad_steps(mask, steps)
        return _states(gate_inputs, mask, recurrent_kernel, recurrent_bias, reverse)[:length]
    size = compiled_size(steps) if jit_compile else steps
    gate_inputs, mask = pad_steps(gate_inputs, size), pad_steps(mask, size)
    states = _recurrence(gate_inputs, mask, recurrent_kernel, recurrent_bias, steps, reverse, jit_compile)
    return tf.slice(states, [0, 0, 0], [length, batch, units])


def _states(
    gate_inputs: tf.Tensor, mask: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, reverse: bool
) -> tf.Tensor:
    """The states [T, B, H] from x W + b [T, B, 3H], in as few operations a step as there can be.

    The update gate is 1 at padding, so that a state of zeros stays one until its sentence begins; what is
    after its end is set to zero after the loop.
    """
    length, batch, units = tf.shape(gate_inputs)[0], tf.shape(gate_inputs)[1], kernel.shape[0]
    kept = tf.repeat(_OPEN * (1 - mask), units, axis=2)
    gate_inputs += tf.concat([kept, tf.zeros([length, batch, 2 * units], kept.dtype)], axis=2)
    bias = tf.concat([tf.zeros([2 * units], bias.dtype), bias], axis=0)
    parts = [2 * units, units]

    def step(t: tf.Tensor, state: tf.Tensor, states: tf.TensorArray) -> tuple[Any, ...]:
        gates, candidate = tf.split(tf.gather(gate_inputs, t), parts, axis=1)
        product, held = tf.split(tf.nn.bias_add(tf.matmul(state, kernel), bias), parts, axis=1)
        update, reset = tf.split(tf.sigmoid(gates + product), 2, axis=1)
        candidate = tf.tanh(candidate + reset * held)
        state = candidate + update * (state - candidate)
        return t - 1 if reverse else t + 1, state, states.write(t, state)

    states = tf.TensorArray(gate_inputs.dtype, length, element_shape=[None, units])
    first = tf.zeros([batch, units], gate_inputs.dtype)
    begin = (length - 1 if reverse else 0, first, states)
    _, _, states = tf.while_loop(lambda t, *_: t >= 0 if reverse else t < length, step, begin)
    return mask * states.stack()


def _recurrence(
    gate_inputs: tf.Tensor,
    mask: tf.Tensor,
    recurrent_kernel: tf.Tensor,
    recurrent_bias: tf.Tensor,
    steps: tf.Tensor,
    reverse: bool,
    jit_compile: bool,
) -> tf.Tensor:
    """The states [T, B, H] from x W + b [T, B, 3H]."""
    forward, backward = (_compiled_forward, _compiled_backward) if jit_compile else (_forward, _backward)
    order = tf.constant(reverse)  # a tensor, so that both directions share what XLA compiles
    units = recurrent_kernel.shape[0]

    @tf.custom_gradient
    def run(*tensors: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], Tensors]]:
        if jit_compile:  # else an eager tape would record TensorArrays, which cannot leave XLA
            tensors = tuple(map(tf.stop_gradient, tensors))
        gate_inputs, kernel, bias = tensors
        states, gates = forward(gate_inputs, mask, kernel, bias, steps, order)

        def gradient(d_states: tf.Tensor) -> Tensors:
            before = states_before(states, reverse)
            d_gate_inputs, d_products = backward(d_states, mask, before, gates, kernel, steps, order)
            d_products = tf.reshape(d_products[:steps], [-1, 3 * units])
            d_kernel = tf.matmul(tf.reshape(before[:steps], [-1, units]), d_products, transpose_a=True)
            return d_gate_inputs, d_kernel, tf.reduce_sum(d_products[:, 2 * units :], axis=0)

        return states, gradient

    return run(gate_inputs, tf.convert_to_tensor(recurrent_kernel), tf.convert_to_tensor(recurrent_bias))


def _forward(
    gate_inputs: tf.Tensor,
    mask: tf.Tensor,
    kernel: tf.Tensor,
    bias: tf.Tensor,
    steps: tf.Tensor,
    reverse: tf.Tensor,
) -> Tensors:
    """The states [T, B, H] and, for the gradient, z, r, c and u of every step [T, B, 4H]."""
    units = kernel.shape[0]

    def step(t: tf.Tensor, state: tf.Tensor) -> tuple[Tensors, Tensors]:
        x, product = tf.gather(gate_inputs, t), tf.matmul(state, kernel)
        update_reset = tf.sigmoid(x[:, : 2 * units] + product[:, : 2 * units])
        update, reset = update_reset[:, :units], update_reset[:, units:]
        held = product[:, 2 * units :] + bias
        candidate = tf.tanh(x[:, 2 * units :] + reset * held)
        state = tf.gather(mask, t) * (candidate + update * (state - candidate))
        return (state,), (state, tf.concat([update_reset, candidate, held], axis=1))

    first = tf.zeros([tf.shape(gate_inputs)[1], units], gate_inputs.dtype)
    return scan(step, (first,), [units, 4 * units], steps, tf.shape(gate_inputs)[0], reverse)


def _backward(
    d_states: tf.Tensor,
    mask: tf.Tensor,
    before: tf.Tensor,
    gates: tf.Tensor,
    kernel: tf.Tensor,
    steps: tf.Tensor,
    reverse: tf.Tensor,
) -> Tensors:
    """Gradients of each step's x W + b and h U + (0, 0, b_u), both [T, B, 3H]."""
    units = kernel.shape[0]
    transposed = tf.transpose(kernel)

    def step(t: tf.Tensor, d_state: tf.Tensor) -> tuple[Tensors, Tensors]:
        update, reset, candidate, held = tf.split(tf.gather(gates, t), 4, axis=1)
        d_state = tf.gather(mask, t) * (d_state + tf.gather(d_states, t))
        d_kept = d_state * update
        d_candidate = tanh_gradient(y=candidate, dy=d_state - d_kept)
        d_update = sigmoid_gradient(y=update, dy=d_state * (tf.gather(before, t) - candidate))
        d_reset = sigmoid_gradient(y=reset, dy=d_candidate * held)
        d_product = tf.concat([d_update, d_reset, d_candidate * reset], axis=1)
        d_before = tf.matmul(d_product, transposed) + d_kept
        return (d_before,), (tf.concat([d_update, d_reset, d_candidate], axis=1), d_product)

    last = tf.zeros([tf.shape(gates)[1], units], gates.dtype)
    return scan(step, (last,), [3 * units, 3 * units], steps, tf.shape(gates)[0], ~reverse)


_compiled_forward = tf.function(_forward, jit_compile=True)
_compiled_backward = tf.function(_backward, jit_compile=True)
