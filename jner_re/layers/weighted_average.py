"""The trained average of a frozen encoder's layers."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from jner_re.layers.float32_layer import Float32Layer


class WeightedAverage(Float32Layer):
    """gamma * sum_l softmax(w)_l h_l, with w and gamma trained (paper, section 3.1; ELMo, equation 1)."""

    def build(self, input_shape: Any) -> None:
        """Creates w, zeros [L], and gamma, one."""
        self.layer_scores = self.add_weight("layer_scores", [input_shape[-2]], initializer="zeros")
        self.gamma = self.add_weight("gamma", [], initializer="ones")
        super().build(input_shape)

    def call(self, layers: tf.Tensor) -> tf.Tensor:
        """float16 or float32 [B, T, L, D] -> float32 [B, T, D]."""
        weights = self.gamma * tf.nn.softmax(self.layer_scores)
        # A product for each token: einsum would transpose all layers first, which takes twice as long.
        return tf.squeeze(tf.matmul(weights[tf.newaxis], tf.cast(layers, tf.float32)), axis=2)
