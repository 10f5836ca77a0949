"""A moving average of the weights."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf
import tf_keras as keras


class MovingAverage(keras.callbacks.Callback):
    """Follows a model's trainable weights, and stands in for them while the model is evaluated.

    After batch t (from 1), with decay d, the average of the weights w_1 to w_t, in which w_i counts d^(t-i):

        average_t = sum_i d^(t-i) w_i / sum_i d^(t-i) = average_t-1 + (1-d) / (1-d^t) (w_t - average_t-1)

    The weights before the first batch have no part in it (bias correction, as Adam's).

    Args:
      model: the model that is trained.
      decay: 0 makes the average the weights themselves.
      jit_compile: whether XLA compiles the update into one pass over the weights.

    Attributes:
      state: what a checkpoint has to hold: the averages and the number of batches.
    """

    def __init__(self, model: keras.Model, decay: float, jit_compile: bool = False) -> None:
        super().__init__()
        self.decay = decay
        self._weights = model.trainable_weights
        self.averages = [tf.Variable(weight, trainable=False) for weight in self._weights] if decay else []
        self._batches = tf.Variable(0, trainable=False, dtype=tf.int64)
        self.state = [self._batches, *self.averages]
        self._own: list[np.ndarray] = []
        self._update = tf.function(self._assign_averages, autograph=False, jit_compile=jit_compile)

    def _assign_averages(self) -> None:
        decay = tf.constant(self.decay, tf.float64)
        batches = tf.cast(self._batches.assign_add(1), tf.float64)
        share = tf.cast((1 - decay) / (1 - tf.pow(decay, batches)), tf.float32)
        for average, weight in zip(self.averages, self._weights, strict=True):
            average.assign_add(share * (weight - average))

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Updates the averages."""
        if self.decay:
            self._update()

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        """Puts the averages into the model."""
        if self.decay:
            self._own = [weight.numpy() for weight in self._weights]
            self._put(self.averages)

    def on_test_end(self, logs: dict[str, float] | None = None) -> None:
        """Puts the model's own weights back."""
        if self.decay:
            self._put(self._own)

    def _put(self, values: Sequence[tf.Variable | np.ndarray]) -> None:
        for weight, value in zip(self._weights, values, strict=True):
            weight.assign(value)

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """Puts the averages into the model while the context lasts."""
        self.on_test_begin()
        try:
            yield
        finally:
            self.on_test_end()
