"""The loop over time that the recurrent layers share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

Tensors = tuple[tf.Tensor, ...]

sigmoid_gradient = tf.raw_ops.SigmoidGrad  # dy * y * (1 - y) for y = sigmoid(x)
tanh_gradient = tf.raw_ops.TanhGrad  # dy * (1 - y * y) for y = tanh(x)

# XLA compiles for every shape: what it is given is padded to one of these sizes, two for each power of two.
_COMPILED_SIZES = tuple(size * 2**k for k in range(26) for size in (16, 24))


def scan(
    step: Callable[..., tuple[Tensors, Tensors]],
    first: Tensors,
    widths: Sequence[int],
    steps: tf.Tensor,
    size: tf.Tensor,
    reverse: tf.Tensor,
) -> Tensors:
    """Runs a recurrence and stacks what its steps put out.

    Args:
      step: (t, *state) -> (state after the step, outputs of the step).
      first: the state to start from, each float [B, any].
      widths: the last dimension of each output.
      steps: int32 [], the number of steps, at least 1.
      size: int32 [], T, at least `steps`. Only in XLA may it be more, whose arrays are zeros where nothing
        was written.
      reverse: bool [], whether t runs from `steps` - 1 to 0.

    Returns:
      float [T, B, width] of each output, ordered by t.
    """
    arrays = tuple(tf.TensorArray(first[0].dtype, size, element_shape=[None, width]) for width in widths)

    def body(
        i: tf.Tensor, state: Tensors, arrays: tuple[tf.TensorArray, ...]
    ) -> tuple[tf.Tensor, Tensors, tuple[tf.TensorArray, ...]]:
        t = tf.where(reverse, steps - 1 - i, i)
        state, outputs = step(t, *state)
        return i + 1, state, tuple(a.write(t, output) for a, output in zip(arrays, outputs, strict=True))

    _, _, arrays = tf.while_loop(lambda i, *_: i < steps, body, (0, first, arrays), maximum_iterations=size)
    return tuple(a.stack() for a in arrays)


def states_before(states: tf.Tensor, reverse: bool) -> tf.Tensor:
    """The state that each step started from: the state of the step before, zeros for the first; [T, B, H]."""
    zeros = tf.zeros_like(states[:1])
    return tf.concat([states[1:], zeros] if reverse else [zeros, states[:-1]], axis=0)


def compiled_size(count: tf.Tensor) -> tf.Tensor:
    """int32 [] -> int32 []: the next of the sizes for which loops are compiled."""
    sizes = tf.constant(_COMPILED_SIZES)
    return sizes[tf.searchsorted(sizes, count[tf.newaxis])[0]]


def pad_steps(tensor: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Adds zeros to [T, B, any] until T is `size`; costs nothing where it is."""
    return tf.pad(tensor, [[0, size - tf.shape(tensor)[0]], [0, 0], [0, 0]])
