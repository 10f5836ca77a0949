"""Dropout whose random state is a weight, so that a restored checkpoint goes on with the same masks."""

from __future__ import annotations

import random
from typing import Any

import tensorflow as tf
import tf_keras as keras

from jner_re.layers.float32_layer import Float32Layer


def add_state(layer: keras.layers.Layer, seed: int | None = None) -> tf.Variable:
    """Gives a layer the weight that its masks follow from: a seed and the number of calls, int64 [2].

    Args:
      layer: to which it belongs.
      seed: by default drawn from Python's `random`, which `set_random_seed` fixes.
    """
    drawn = random.randint(0, 2**31 - 1) if seed is None else seed
    return layer.add_weight(
        name="state",
        shape=(2,),
        dtype=tf.int64,
        initializer=lambda shape, dtype: tf.constant([drawn, 0], dtype),
        trainable=False,
    )


class Dropout(Float32Layer):
    """Sets each element to 0 with probability `rate` while training and scales the rest by 1/(1-rate).

    Keras's own layer draws from a hidden state that checkpoints don't hold: a resumed run would differ from
    an uninterrupted one. Here the masks follow from the weight `state`, a seed and the number of calls.

    Args:
      rate: probability of dropping, in [0, 1).
      seed: seed of the masks; by default drawn from Python's `random`, which `set_random_seed` fixes.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"rate is {rate!r}, expected a number in [0, 1)")
        self.rate = rate
        self.seed = seed

    def build(self, input_shape: Any) -> None:
        """Creates the state: the seed and the number of calls."""
        self.state = add_state(self, self.seed)
        super().build(input_shape)

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Any shape; the same shape out."""
        if not training or self.rate == 0:
            return inputs
        kept = _kept(tf.shape(inputs), self.rate, seed=self.state.assign_add([0, 1]))
        return inputs * (tf.cast(kept, inputs.dtype) / (1 - self.rate))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


def _kept(shape: tf.Tensor, rate: float, seed: tf.Tensor) -> tf.Tensor:
    """bool of `shape`, false with probability `rate`, rounded to a multiple of 2^-16.

    Two elements share a random number of 32 bits: the numbers are what dropout spends its time on.
    """
    count = tf.reduce_prod(shape)
    numbers = tf.random.stateless_uniform([(count + 1) // 2], seed, None, None, tf.int32)
    halves = tf.reshape(tf.bitcast(numbers, tf.int16), [-1])[:count]
    return tf.reshape(halves, shape) >= tf.constant(min(round(rate * 2**16), 2**16 - 1) - 2**15, tf.int16)
