"""The base of all layers."""

from __future__ import annotations

from typing import Any

import tf_keras as keras

DTYPE = "float32"  # also of the layers of Keras that are part of others


class Float32Layer(keras.layers.Layer):
    """A layer in float32, whatever dtype policy or floatx the program around has set for its own models."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"dtype": DTYPE, **kwargs})
