"""A token encoder as a layer of the model, trained with it."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import numpy as np
import tensorflow as tf

from jner_re.encoders.token_encoder import TokenEncoder
from jner_re.layers.dropout import add_state
from jner_re.layers.float32_layer import Float32Layer

NAME = "fine_tuned_encoder"


class FineTunedEncoder(Float32Layer):
    """From subwords to the layers of every word.

    A file of weights holds those that are trained and the state of dropout; the others are the encoder's own,
    as it comes from its folder.

    Args:
      encoder: with the weights that training starts from.
      recompute: whether the gradient computes the inside of the encoder's blocks again, which saves memory.
    """

    def __init__(self, encoder: TokenEncoder, recompute: bool = False) -> None:
        super().__init__(name=NAME)
        self.encoder = encoder
        self.recompute = recompute
        self.state = add_state(self)

    def call(self, subword_ids: tf.Tensor, lengths: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Encodes words.

        Args:
          subword_ids: int32 [B, T, P], see `TokenEncoder.from_subwords`.
          lengths: int32 [B].
          training: whether there is dropout, at the rates of the checkpoint.

        Returns:
          float32 [B, T, L, D]; zeros past the length.
        """
        if not training:
            return self.encoder.from_subwords(subword_ids, lengths)
        seed = self.state.assign_add([0, 1])
        return self.encoder.from_subwords(subword_ids, lengths, True, seed, self.recompute)

    def save_own_variables(self, store: MutableMapping[str, np.ndarray]) -> None:
        """Gives Keras what a file of weights holds."""
        for i, variable in enumerate(self._saved()):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Takes it back.

        Raises:
          ValueError: it is another number of weights.
        """
        variables = self._saved()
        if len(store) != len(variables):
            raise ValueError(f"{len(store)} weights of the encoder, expected {len(variables)}")
        for i, variable in enumerate(variables):
            variable.assign(store[str(i)])

    def _saved(self) -> list[tf.Variable]:
        return [*self.trainable_weights, self.state]
