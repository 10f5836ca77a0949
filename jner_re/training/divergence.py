"""Training that has diverged ends at once: what is not a number stays none."""

from __future__ import annotations

import math

import tensorflow as tf
import tf_keras as keras

from jner_re.errors import InputError


class EndOfDivergence(keras.callbacks.Callback):
    """Raises InputError after an epoch whose losses, or weights at its end, are not finite numbers.

    It belongs before what saves.
    """

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Looks at the losses, and at the weights: the last step's are in no loss yet."""
        for name, value in (logs or {}).items():
            if not math.isfinite(value):
                _refuse(epoch, f"{name} is {value}")
        for weight in self.model.trainable_weights:
            if not tf.reduce_all(tf.math.is_finite(weight)):
                _refuse(epoch, f"weights of {weight.name} are not finite")


def _refuse(epoch: int, what: str) -> None:
    raise InputError(
        f"epoch {epoch + 1}: {what}, expected finite numbers: training has diverged; try, in a new model "
        "directory, a lower learning_rate (or encoder_learning_rate), or a bound of the gradients, such as "
        "clip_norm 1"
    )
