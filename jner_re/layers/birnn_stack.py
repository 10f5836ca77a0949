"""Bidirectional RNNs on top of each other, with dropout before each."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from jner_re.layers.birnn import BiRNN
from jner_re.layers.dropout import Dropout
from jner_re.layers.float32_layer import Float32Layer


class BiRNNStack(Float32Layer):
    """A stack of BiRNNs (paper, sections 3.1 to 3.3), dropout before each (section 3.4).

    Args:
      units: size of the state of each direction.
      depth: number of BiRNNs; 0 returns the input as it is.
      cell: "gru" or "lstm".
      dropout: share of the input of each BiRNN that is dropped in training.
      jit_compile: whether XLA compiles the loops of GRUs when training.
    """

    def __init__(
        self,
        units: int,
        depth: int,
        cell: str = "gru",
        dropout: float = 0.0,
        jit_compile: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if depth < 0:
            raise ValueError(f"depth is {depth}, expected 0 or more")
        self.units = units
        self.depth = depth
        self.cell = cell
        self.dropout = dropout
        self.jit_compile = jit_compile
        self.dropouts = [Dropout(dropout, name=f"dropout_{i}") for i in range(depth)]
        self.birnns = [BiRNN(units, cell, jit_compile=jit_compile, name=f"birnn_{i}") for i in range(depth)]

    def call(self, inputs: tf.Tensor, lengths: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Runs the stack.

        Args:
          inputs: float [B, T, D].
          lengths: int [B], the steps of each sentence, 0 to T.
          training: whether to apply dropout and to use XLA.

        Returns:
          float [B, T, 2 * units], zeros past each length; `inputs` if depth is 0.
        """
        states = inputs
        for dropout, birnn in zip(self.dropouts, self.birnns, strict=True):
            states = birnn(dropout(states, training=training), lengths, training=training)
        return states

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "units": self.units,
            "depth": self.depth,
            "cell": self.cell,
            "dropout": self.dropout,
            "jit_compile": self.jit_compile,
        }
