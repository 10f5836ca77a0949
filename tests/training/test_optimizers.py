"""Adam and Nadam against their published updates: in graphs, in `fit`, across a checkpoint."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from jner_re.training import optimizers

RATE, BETA_1, BETA_2, EPSILON = 0.1, 0.9, 0.999, 1e-7
STEPS = 12
WARM_UP = optimizers.WarmUpThenLinear(RATE / 2, 3, STEPS)
SCHEDULE = optimizers.ConstantThenLinear(RATE, 4, STEPS - 2)


def rate(step: int) -> float:
    """The learning rate of a step, from 0: constant for four, and 0 in the last two."""
    return RATE * min(max((STEPS - 2 - step) / (STEPS - 6), 0.0), 1.0)


def gradients(step: int) -> list[np.ndarray]:
    random = np.random.default_rng(step)
    return [random.normal(size=shape).astype(np.float32) for shape in ((3,), (2, 4), (5,))]


def encoder_rate(step: int) -> float:
    """As of WARM_UP: from 0 to the highest in three steps, and to 0 in the others."""
    return RATE / 2 * min(step / 3, (STEPS - step) / (STEPS - 3))


def recursion(
    update: Callable[[int, Any, Any, Any], Any], steps: int, rate: Callable[[int], float] = rate
) -> list[np.ndarray]:
    """Three arrays after some steps, each by itself: m and v are the moments of the gradients g."""
    results = []
    for index in range(3):
        value = np.ones_like(gradients(0)[index], np.float64)
        m, v = np.zeros_like(value), np.zeros_like(value)
        for t in range(1, steps + 1):
            g = gradients(t)[index].astype(np.float64)
            m = BETA_1 * m + (1 - BETA_1) * g
            v = BETA_2 * v + (1 - BETA_2) * g**2
            value = value - rate(t - 1) * update(t, m, v, g)
        results.append(value)
    return results


def nadam(t: int, m: Any, v: Any, g: Any) -> Any:
    """Dozat's algorithm 2 with the momentum schedule of its section on Nadam."""
    mu = [BETA_1 * (1 - 0.5 * 0.96**i) for i in range(1, t + 2)]
    m_bar = (1 - mu[t - 1]) * g / (1 - np.prod(mu[:t])) + mu[t] * m / (1 - np.prod(mu))
    return m_bar / (np.sqrt(v / (1 - BETA_2**t)) + EPSILON)


def adam(t: int, m: Any, v: Any, g: Any) -> Any:
    """Kingma and Ba's algorithm 1, with the epsilon of the end of their section 2."""
    return np.sqrt(1 - BETA_2**t) / (1 - BETA_1**t) * m / (np.sqrt(v) + EPSILON)


class Run:
    """Three variables and their optimizer, stepped in a graph or eagerly."""

    def __init__(self, graph: bool, kind: type[keras.optimizers.Optimizer] = optimizers.Nadam) -> None:
        self.variables = [tf.Variable(tf.ones(gradient.shape)) for gradient in gradients(0)]
        self.optimizer = kind(SCHEDULE)
        self.optimizer.build(self.variables)
        self.checkpoint = tf.train.Checkpoint(variables=self.variables, optimizer=self.optimizer)
        self._step = tf.function(self._apply) if graph else self._apply

    def _apply(self, values: list[tf.Tensor]) -> None:
        self.optimizer.apply_gradients(zip(values, self.variables, strict=True))

    def steps(self, first: int, last: int) -> None:
        for step in range(first, last + 1):
            self._step([tf.constant(value) for value in gradients(step)])

    def check(self, expected: list[np.ndarray]) -> None:
        for variable, value in zip(self.variables, expected, strict=True):
            np.testing.assert_allclose(variable.numpy(), value, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("graph", [True, False])
@pytest.mark.parametrize(("kind", "update"), [(optimizers.Nadam, nadam), (optimizers.Adam, adam)])
def test_every_step_follows_the_definition(
    kind: type[keras.optimizers.Optimizer], update: Callable[..., Any], graph: bool
) -> None:
    run = Run(graph, kind)
    for step in range(1, STEPS + 1):
        run.steps(step, step)
        run.check(recursion(update, step))


@pytest.mark.parametrize("graph", [True, False])
@pytest.mark.parametrize(("kind", "update"), [(optimizers.Nadam, nadam), (optimizers.Adam, adam)])
def test_an_encoder_has_a_learning_rate_of_its_own(
    kind: Any, update: Callable[..., Any], graph: bool
) -> None:
    run = Run(graph, kind)
    run.optimizer.set_encoder_rate(WARM_UP, run.variables[1:2])
    for step in range(1, STEPS + 1):
        run.steps(step, step)
        expected = recursion(update, step)
        expected[1] = recursion(update, step, encoder_rate)[1]
        run.check(expected)


def test_nadam_follows_the_definition_when_its_momentum_is_constant() -> None:
    """From some 400 steps on a pass over the weights is left out; until then the rate is 0 here."""
    steps, first = 420, 380
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([first - 1], [0.0, 0.01])
    run = Run(True)
    run.optimizer = optimizers.Nadam(schedule)
    run.optimizer.build(run.variables)
    run.steps(1, steps)
    run.check(recursion(nadam, steps, lambda step: 0.01 * (step >= first)))


def test_nadam_in_fit() -> None:
    """A model whose gradients are its inputs: loss = sum over weights of weight times input."""
    inputs = [keras.Input([gradient.size]) for gradient in gradients(0)]
    dots = [keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")(one) for one in inputs]
    model = keras.Model(inputs, tf.add_n(dots))
    model.compile(optimizers.Nadam(SCHEDULE), loss=lambda _, output: output)
    batches = [[gradient.reshape(1, -1) for gradient in gradients(t)] for t in range(1, STEPS + 1)]
    stacked = tuple(np.concatenate(arrays) for arrays in zip(*batches, strict=True))
    model.fit(stacked, np.zeros(STEPS), batch_size=1, shuffle=False, verbose=0)
    for weight, expected in zip(model.get_weights(), recursion(nadam, STEPS), strict=True):
        np.testing.assert_allclose(weight.ravel(), expected.ravel(), rtol=1e-4, atol=1e-5)


def test_nadam_goes_on_from_a_checkpoint(tmp_path: pathlib.Path) -> None:
    first, second = Run(True), Run(True)
    first.steps(1, 5)
    path = first.checkpoint.save(str(tmp_path / "checkpoint"))
    second.checkpoint.restore(path).assert_consumed()
    second.steps(6, STEPS)
    second.check(recursion(nadam, STEPS))


def test_nadam_takes_sparse_gradients_as_dense_ones() -> None:
    dense, sparse = tf.Variable(tf.ones([4, 2])), tf.Variable(tf.ones([4, 2]))
    dense_optimizer, sparse_optimizer = optimizers.Nadam(RATE), optimizers.Nadam(RATE)
    for step in range(3):
        rows = tf.constant([[1.0, -2.0], [0.5, step], [3.0, 1.0]])
        slices = tf.IndexedSlices(rows, tf.constant([2, 0, 2]), tf.constant([4, 2]))
        sparse_optimizer.apply_gradients([(slices, sparse)])
        dense_optimizer.apply_gradients([(tf.convert_to_tensor(slices), dense)])
    np.testing.assert_allclose(sparse.numpy(), dense.numpy(), rtol=1e-6)


def test_constant_then_linear() -> None:
    schedule = optimizers.ConstantThenLinear(0.2, 4, 8)
    assert [round(float(schedule(step)), 4) for step in range(10)] == [
        *[0.2] * 5, 0.15, 0.1, 0.05, 0.0, 0.0
    ]  # fmt: skip


def test_warm_up_then_linear() -> None:
    def rates(warmup: int, total: int) -> list[float]:
        schedule = optimizers.WarmUpThenLinear(0.2, warmup, total)
        return [round(float(schedule(step)), 4) for step in range(total + 2)]

    assert rates(2, 6) == [0.0, 0.1, 0.2, 0.15, 0.1, 0.05, 0.0, 0.0]
    assert rates(0, 2) == [0.2, 0.1, 0.0, 0.0]
    assert rates(2, 2) == [0.0, 0.1, 0.0, 0.0]
