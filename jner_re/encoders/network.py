"""What `TokenEncoder` takes: a transformer from ids of subwords to every layer's states."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf


class Network(tf.Module):
    """A transformer encoder.

    Attributes:
      vocabulary_size: V.
      width: D.
      num_layers: L, the embeddings being the first.
      max_positions: the longest row of ids.
      settings: what its states depend on beside its weights: the architecture, then numbers and strings.
      dropout: the rates of fine-tuning, in the order of the architecture.
    """

    vocabulary_size: int
    width: int
    num_layers: int
    max_positions: int

    @property
    def settings(self) -> tuple[str | int | float, ...]:
        """See above."""
        raise NotImplementedError

    @property
    def dropout(self) -> tuple[float, ...]:
        """See above."""
        raise NotImplementedError

    def __call__(
        self, ids: tf.Tensor, lengths: tf.Tensor, seed: tf.Tensor | None = None, recompute: bool = False
    ) -> list[tf.Tensor]:
        """Hidden states of all layers, the embeddings first.

        Args:
          ids: int32 [B, S], S at most `max_positions`; padding may have any id.
          lengths: int64 [B], each at least 1.
          seed: int64 [2], of dropout; None for none.
          recompute: whether the gradient computes the inside of each block again, which is then not kept.

        Returns:
          L tensors, float32 [R, D]: the R ids of all rows that are no padding, one after the other.
        """
        raise NotImplementedError


def run_block(block: Callable[..., tf.Tensor], recompute: bool, *inputs: tf.Tensor) -> tf.Tensor:
    """The block's states of the inputs, [R, D] as the first of them; see `Network.__call__`.

    Args:
      block: what else it takes must not need a gradient, variables aside.
      recompute: see there.
      inputs: tensors.
    """
    if not recompute:
        return block(*inputs)
    states = tf.recompute_grad(block)(*inputs)
    # It can't take sparse gradients, such as tf.gather's; reshaping makes them dense.
    return tf.reshape(states, [-1, inputs[0].shape[-1]])
