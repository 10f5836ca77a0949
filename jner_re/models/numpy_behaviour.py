"""TensorFlow's NumPy behaviour: a switch for a whole process that gives operators other types."""

from __future__ import annotations

import tensorflow as tf

from jner_re.errors import InputError


def refuse() -> None:
    """Raises InputError if it is on: a graph that is made then has float64 where it should have float32."""
    if hasattr(tf.Tensor, "ravel"):  # what it adds
        raise InputError(
            "TensorFlow's NumPy behaviour is on (tf.experimental.numpy.experimental_enable_numpy_behavior), "
            "expected off: no model can be made with it; an exported model runs with it (export.saved_model)"
        )
