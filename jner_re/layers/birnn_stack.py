"""Bidirectional RNNs on top of each other, with dropout before each."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from jner_re.layers.birnn import BiRNN


@tf.keras.utils.register_keras_serializable(package="jner_re")
class BiRNNStack(tf.keras.layers.Layer):
    """A stack of `depth` BiRNNs (paper, sections 3.1 to 3.3), dropout before each (section 3.4).

    Attributes:
      units: size of the state of each direction.
      depth: number of BiRNNs; 0 returns the input as it is.
      cell: "gru" or "lstm".
      dropout: share of the input of each BiRNN that is dropped in training.
    """

    def __init__(
        self, units: int, depth: int, cell: str = "gru", dropout: float = 0.0, **kwargs: Any
    ) -> None:
        """Creates the layer.

        Raises:
          ValueError: if `depth` is negative, or `cell` is neither "gru" nor "lstm".
        """
        super().__init__(**kwargs)
        if depth < 0:
            raise ValueError(f"depth is {depth}, expected 0 or more")
        self.units = units
        self.depth = depth
        self.cell = cell
        self.dropout = dropout
        self.dropouts = [tf.keras.layers.Dropout(dropout, name=f"dropout_{i}") for i in range(depth)]
        self.birnns = [BiRNN(units, cell, name=f"birnn_{i}") for i in range(depth)]

    def call(self, inputs: tf.Tensor, lengths: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Runs the stack.

        Args:
          inputs: float [B, T, D].
          lengths: int [B], the valid steps of each sentence, 0 to T.
          training: whether to apply dropout.

        Returns:
          float [B, T, 2 * units], zeros past each length; `inputs` if depth is 0.
        """
        states = inputs
        for dropout, birnn in zip(self.dropouts, self.birnns, strict=True):
            states = birnn(dropout(states, training=training), lengths)
        return states

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {"units": self.units, "depth": self.depth, "cell": self.cell, "dropout": self.dropout}
        return {**super().get_config(), **own}
