from __future__ import annotations

import pathlib

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from jner_re.training.moving_average import MovingAverage


def make_model() -> keras.Model:
    model = keras.Sequential([keras.layers.Dense(2, input_shape=(3,)), keras.layers.BatchNormalization()])
    for weight in model.weights:
        weight.assign(np.random.default_rng(0).normal(size=weight.shape) ** 2)
    return model


def train(model: keras.Model, average: MovingAverage, steps: int) -> list[list[np.ndarray]]:
    """Gives the trainable weights new values `steps` times; returns the values of each step."""
    random = np.random.default_rng(1)
    seen = []
    for step in range(steps):
        for weight in model.trainable_weights:
            weight.assign(random.normal(size=weight.shape))
        average.on_train_batch_end(step)
        seen.append([weight.numpy() for weight in model.trainable_weights])
    return seen


def test_follows_the_formula() -> None:
    model = make_model()
    average = MovingAverage(model, 0.9)
    steps = train(model, average, 5)
    shares = 0.9 ** np.arange(4, -1, -1)
    for k, found in enumerate(average.averages):
        expected = sum(share * values[k] for share, values in zip(shares, steps, strict=True)) / shares.sum()
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_after_one_batch_it_is_the_weights() -> None:
    model = make_model()
    average = MovingAverage(model, 0.999)
    (first,) = train(model, average, 1)
    for found, expected in zip(average.averages, first, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_validation_in_fit_sees_the_averages() -> None:
    """The validation loss of an epoch is that of the averaged weights, which evaluate() then confirms."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(3,))])
    average = MovingAverage(model, 0.9)
    model.compile(keras.optimizers.SGD(0.05), "mse")
    x = np.random.default_rng(2).normal(size=(12, 3))
    y = np.arange(12.0)
    logs = model.fit(
        x, y, batch_size=2, epochs=2, verbose=0, callbacks=[average], validation_data=(x, y)
    ).history
    raw = model.evaluate(x, y, verbose=0)
    with average.applied():
        averaged = model.evaluate(x, y, verbose=0)
    assert logs["val_loss"][-1] == pytest.approx(averaged, rel=1e-6)
    assert abs(raw - averaged) > 1e-3


def test_is_applied_for_a_while_only() -> None:
    model = make_model()
    average = MovingAverage(model, 0.9)
    (*_, last) = train(model, average, 3)
    untrained = [weight.numpy() for weight in model.non_trainable_weights]
    with average.applied():
        for weight, averaged, own in zip(model.trainable_weights, average.averages, last, strict=True):
            np.testing.assert_array_equal(weight, averaged)
            assert np.abs(weight - own).max() > 0.01
    for weight, own in zip(model.trainable_weights, last, strict=True):
        np.testing.assert_array_equal(weight, own)
    for weight, own in zip(model.non_trainable_weights, untrained, strict=True):
        np.testing.assert_array_equal(weight, own)


def test_the_models_own_weights_come_back_after_an_error() -> None:
    model = make_model()
    average = MovingAverage(model, 0.9)
    (*_, last) = train(model, average, 3)
    with pytest.raises(RuntimeError), average.applied():
        raise RuntimeError
    for weight, own in zip(model.trainable_weights, last, strict=True):
        np.testing.assert_array_equal(weight, own)


def test_decay_0_is_the_model_itself() -> None:
    model = make_model()
    average = MovingAverage(model, 0.0)
    (last,) = train(model, average, 1)
    assert average.averages == []
    with average.applied():
        for weight, own in zip(model.trainable_weights, last, strict=True):
            np.testing.assert_array_equal(weight, own)


def test_a_restored_average_goes_on(tmp_path: pathlib.Path) -> None:
    model = make_model()
    average = MovingAverage(model, 0.9)
    train(model, average, 2)
    path = tf.train.Checkpoint(model=model, averages=average.state).write(str(tmp_path / "state"))
    train(model, average, 3)
    other = make_model()
    resumed = MovingAverage(other, 0.9)
    tf.train.Checkpoint(model=other, averages=resumed.state).read(path).assert_consumed()
    train(other, resumed, 3)
    for one, same in zip(average.averages, resumed.averages, strict=True):
        np.testing.assert_array_equal(one, same)


def test_averages_in_fit() -> None:
    model = make_model()
    average = MovingAverage(model, 0.5)
    model.compile("sgd", "mse")
    seen = []
    record = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda *_: seen.append([weight.numpy() for weight in model.trainable_weights])
    )
    model.fit(
        np.ones((8, 3)), np.ones((8, 2)), batch_size=4, epochs=1, verbose=0, callbacks=[average, record]
    )
    for first, second, averaged in zip(*seen, average.averages, strict=True):
        np.testing.assert_allclose(averaged, (0.5 * first + second) / 1.5, atol=1e-6)
