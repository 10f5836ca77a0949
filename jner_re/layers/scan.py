"""The loop over time that the recurrent layers share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

Tensors = tuple[tf.Tensor, ...]

sigmoid_gradient = tf.raw_ops.SigmoidGrad  # dy * y * (1 - y) for y = sigmoid(x)
tanh_gradient = tf.raw_ops.TanhGrad  # dy * (1 - y * y) for y = tanh(x)

COMPILED_STEPS = 4  # XLA compiles for every length; lengths are rounded up to a multiple of this


def scan(
    step: Callable[..., tuple[Tensors, Tensors]],
    first: Tensors,
    widths: Sequence[int],
    steps: tf.Tensor,
    reverse: tf.Tensor,
) -> Tensors:
    """Runs a recurrence and stacks what its steps put out.

    Args:
      step: (t, *state) -> (state after the step, outputs of the step).
      first: the state to start from, each float [B, any].
      widths: the last dimension of each output.
      steps: int32 [], T; at least 1.
      reverse: bool [], whether t runs from T - 1 to 0.

    Returns:
      float [T, B, width] of each output, ordered by t.
    """
    arrays = tuple(tf.TensorArray(first[0].dtype, steps, element_shape=[None, width]) for width in widths)

    def body(
        i: tf.Tensor, state: Tensors, arrays: tuple[tf.TensorArray, ...]
    ) -> tuple[tf.Tensor, Tensors, tuple[tf.TensorArray, ...]]:
        t = tf.where(reverse, steps - 1 - i, i)
        state, outputs = step(t, *state)
        return i + 1, state, tuple(a.write(t, output) for a, output in zip(arrays, outputs, strict=True))

    _, _, arrays = tf.while_loop(lambda i, *_: i < steps, body, (0, first, arrays), maximum_iterations=steps)
    return tuple(a.stack() for a in arrays)


def states_before(states: tf.Tensor, reverse: bool) -> tf.Tensor:
    """The state that each step started from: the state of the step before, zeros for the first; [T, B, H]."""
    zeros = tf.zeros_like(states[:1])
    return tf.concat([states[1:], zeros] if reverse else [zeros, states[:-1]], axis=0)


def pad_steps(tensor: tf.Tensor, multiple: int) -> tf.Tensor:
    """Adds zeros to [T, B, any] until T is a multiple, and not 0; costs nothing where it is one."""
    steps = tf.shape(tensor)[0]
    padded = tf.maximum(-(-steps // multiple), 1) * multiple
    return tf.pad(tensor, [[0, padded - steps], [0, 0], [0, 0]])
