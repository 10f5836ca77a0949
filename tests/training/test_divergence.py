from __future__ import annotations

import math

import pytest
import tf_keras as keras

from jner_re.errors import InputError
from jner_re.training.divergence import EndOfDivergence


@pytest.mark.parametrize(
    ("logs", "weight", "message"),
    [
        ({"loss": 2.0, "val_loss": 3.0}, 1.0, ""),
        ({"loss": 2.0, "val_loss": math.inf}, 1.0, r"epoch 3: val_loss is inf, .* lower learning_rate"),
        ({"loss": math.nan}, 1.0, r"epoch 3: loss is nan, "),
        ({"loss": 2.0}, math.nan, r"epoch 3: weights of dense.*kernel:0 are not finite, "),
        (None, -math.inf, r"epoch 3: weights of "),
    ],
)
def test_only_finite_numbers(logs: dict[str, float] | None, weight: float, message: str) -> None:
    model = keras.Sequential([keras.layers.Dense(1, input_shape=[2])])
    model.trainable_weights[0].assign([[0.0], [weight]])
    callback = EndOfDivergence()
    callback.set_model(model)
    if not message:
        callback.on_epoch_end(2, logs)
    else:
        with pytest.raises(InputError, match=message):
            callback.on_epoch_end(2, logs)
