"""A moving average of the weights."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import tensorflow as tf


class MovingAverage(tf.keras.callbacks.Callback):
    """Follows a model's trainable weights.

    After every batch, average = decay * average + (1 - decay) * weight.

    Args:
      model: the model that is trained.
      decay: 0 makes the average the weights themselves.
    """

    def __init__(self, model: tf.keras.Model, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self._weights = model.trainable_weights
        self.averages = [tf.Variable(weight, trainable=False) for weight in self._weights] if decay else []
        self._update = tf.function(self._assign_averages)

    def _assign_averages(self) -> None:
        for average, weight in zip(self.averages, self._weights, strict=True):
            average.assign_sub((1 - self.decay) * (average - weight))

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Updates the averages."""
        if self.decay:
            self._update()

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """Puts the averages into the model while the context lasts."""
        if not self.decay:
            yield
            return
        weights = [weight.numpy() for weight in self._weights]
        for weight, average in zip(self._weights, self.averages, strict=True):
            weight.assign(average)
        try:
            yield
        finally:
            for weight, value in zip(self._weights, weights, strict=True):
                weight.assign(value)
