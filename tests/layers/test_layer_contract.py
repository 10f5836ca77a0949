"""What every layer of the package must do, whatever it computes."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import pathlib
import pkgutil
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from jner_re import layers
from jner_re.layers.birnn import BiRNN
from jner_re.layers.birnn_stack import BiRNNStack
from jner_re.layers.char_encoder import CharEncoder
from jner_re.layers.crf import CRF
from jner_re.layers.crf_layers import (
    CRFBestLogProbability,
    CRFCrossEntropy,
    CRFNegativeLogLikelihood,
    CRFSpanPosteriors,
)
from jner_re.layers.distmult import DistMult
from jner_re.layers.dropout import Dropout
from jner_re.layers.float32_layer import Float32Layer
from jner_re.layers.joined_directions import JoinedDirections
from jner_re.layers.pair_context import PairContext
from jner_re.layers.pair_mask import PairMask
from jner_re.layers.pair_scorer import PairScorer
from jner_re.layers.relation_scorer import RelationScorer
from jner_re.layers.span_ends import SpanEnds
from jner_re.layers.weighted_average import WeightedAverage

D, K, R, M = 4, 5, 3, 2


class Sample:
    """Random inputs for a batch of `b` sentences of at most `t` tokens."""

    def __init__(self, b: int, t: int) -> None:
        self.b, self.t = b, t
        self._random = np.random.default_rng([b, t])

    def floats(self, *shape: int, dtype: type = np.float32) -> np.ndarray:
        return self._random.normal(size=(self.b, *shape)).astype(dtype)

    def ids(self, high: int, *shape: int) -> np.ndarray:
        return self._random.integers(0, high, size=(self.b, *shape), dtype=np.int32)

    def lengths(self) -> np.ndarray:
        return np.array([self.t, *self._random.integers(1, self.t + 1, self.b - 1)], np.int32)

    def sentence_ids(self) -> np.ndarray:
        return np.sort(self.ids(3, self.t))

    def states(self) -> np.ndarray:
        return self.floats(self.t, D)

    def spans(self) -> np.ndarray:
        """Two entities a sentence with something in between: the first and the last token."""
        return np.tile(np.array([[0, 1], [self.t - 1, self.t]], np.int32), [self.b, 1, 1])


@dataclasses.dataclass(frozen=True)
class Case:
    """A layer, its inputs, and whether gradients flow through it."""

    make: Callable[[], keras.layers.Layer]
    inputs: Callable[[Sample], list[np.ndarray]]
    differentiable: bool = True


CASES = {
    "BiRNN-gru": Case(lambda: BiRNN(3), lambda s: [s.states(), s.lengths()]),
    "BiRNN-lstm": Case(lambda: BiRNN(3, "lstm", False), lambda s: [s.states(), s.lengths()]),
    "BiRNNStack": Case(
        lambda: BiRNNStack(3, 2, dropout=0.5, jit_compile=False), lambda s: [s.states(), s.lengths()]
    ),
    "BiRNNStack-0": Case(lambda: BiRNNStack(3, 0), lambda s: [s.states(), s.lengths()]),
    "CharEncoder": Case(lambda: CharEncoder(6, 3, 2), lambda s: [s.ids(6, s.t, 7)]),
    "CRF": Case(lambda: CRF(K), lambda s: [s.floats(s.t, K), s.lengths()], differentiable=False),
    "CRFBestLogProbability": Case(
        lambda: CRFBestLogProbability(CRF(K)), lambda s: [s.floats(s.t, K), s.lengths()], differentiable=False
    ),
    "CRFCrossEntropy": Case(
        lambda: CRFCrossEntropy(CRF(K, constrained=False)),
        lambda s: [s.floats(s.t, K), s.floats(s.t, K), s.floats(K, K), s.lengths()],
    ),
    "CRFNegativeLogLikelihood": Case(
        lambda: CRFNegativeLogLikelihood(CRF(K, constrained=False)),
        lambda s: [s.floats(s.t, K), s.ids(K, s.t), s.lengths()],
    ),
    "CRFSpanPosteriors": Case(
        lambda: CRFSpanPosteriors(CRF(K)),
        lambda s: [s.floats(s.t, K), s.lengths(), s.ids(1, M), s.ids(1, M) + 1, s.ids(2, M)],
    ),
    "DistMult": Case(lambda: DistMult(R), lambda s: [s.floats(s.t, D)]),
    "Dropout": Case(lambda: Dropout(0.5), lambda s: [s.states()]),
    "JoinedDirections": Case(
        lambda: JoinedDirections([1, 0, -1], [False, False, True]), lambda s: [s.floats(M, M, R)]
    ),
    "PairContext": Case(lambda: PairContext(3, 0.5), lambda s: [s.states(), s.spans()]),
    "PairMask": Case(lambda: PairMask(), lambda s: [s.floats(M, M, R), s.spans(), s.ids(2, M)]),
    "PairMask-allowed": Case(
        lambda: PairMask([[[True, False, True], [False] * R], [[True] * R, [False] * R]]),
        lambda s: [s.floats(M, M, R), s.spans(), s.ids(2, M)],
    ),
    "PairMask-passages": Case(
        lambda: PairMask(None, 1),
        lambda s: [s.floats(M, M, R), s.spans(), s.ids(2, M), s.sentence_ids(), s.ids(3, 2)],
    ),
    "PairScorer": Case(
        lambda: PairScorer(K, R, 3, 6, "tanh", 0.5, 2, 0.5), lambda s: [s.states(), s.ids(K, s.t), s.spans()]
    ),
    "PairScorer-passages": Case(
        lambda: PairScorer(K, R, 3, 6, "tanh", max_distance=2),
        lambda s: [s.states(), s.ids(K, s.t), s.spans(), s.sentence_ids()],
    ),
    "PairScorer-paper": Case(
        lambda: PairScorer(K, R, 3, 6, "relu"), lambda s: [s.states(), s.ids(K, s.t), s.spans()]
    ),
    "RelationScorer": Case(lambda: RelationScorer(R, 6, "tanh"), lambda s: [s.floats(s.t, D)]),
    "SpanEnds": Case(lambda: SpanEnds(K, 3), lambda s: [s.states(), s.ids(K, s.t), s.spans()]),
    "WeightedAverage": Case(lambda: WeightedAverage(), lambda s: [s.floats(s.t, 3, D, dtype=np.float16)]),
}
SMALL, LARGE = (2, 4), (3, 6)  # sentences and tokens

every_layer = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def inputs_of(case: Case, size: tuple[int, int]) -> list[tf.Tensor]:
    return [tf.constant(array) for array in case.inputs(Sample(*size))]


def specs(case: Case) -> list[tf.TensorSpec]:
    """The inputs' shapes with what differs between a small and a large sample left unknown."""
    return [
        tf.TensorSpec(
            [m if m == n else None for m, n in zip(small.shape, large.shape, strict=True)], small.dtype
        )
        for small, large in zip(inputs_of(case, SMALL), inputs_of(case, LARGE), strict=True)
    ]


def functional(case: Case) -> keras.Model:
    """A model of the one layer for any number of sentences and tokens."""
    inputs = [keras.Input(spec.shape[1:], dtype=spec.dtype) for spec in specs(case)]
    return keras.Model(inputs, case.make()(*inputs))


def randomize(layer: keras.layers.Layer, seed: int = 0) -> None:
    """Gives other weights than a layer starts with: zeros and ones would hide mistakes."""
    random = np.random.default_rng(seed)
    for weight in layer.trainable_weights:
        weight.assign(random.normal(scale=0.5, size=weight.shape))


def layer_classes() -> Iterator[type[keras.layers.Layer]]:
    for module in pkgutil.iter_modules(layers.__path__):
        for _, kind in inspect.getmembers(importlib.import_module(f"{layers.__name__}.{module.name}")):
            if (
                inspect.isclass(kind)
                and issubclass(kind, keras.layers.Layer)
                and kind.__module__.startswith("jner_re.")
                and not kind.__name__.startswith("_")  # of which layers are made
                and kind is not Float32Layer  # likewise
            ):
                yield kind


def test_every_layer_is_here() -> None:
    assert {type(case.make()) for case in CASES.values()} == set(layer_classes())


@every_layer
def test_config_round_trip(case: Case) -> None:
    layer = case.make()
    config = layer.get_config()
    again = type(layer).from_config(json.loads(json.dumps(config)))
    for size in (SMALL, LARGE):
        inputs = inputs_of(case, size)
        ours, theirs = layer(*inputs), again(*inputs)
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    assert again.get_config() == config
    assert [weight.shape for weight in again.weights] == [weight.shape for weight in layer.weights]
    if "__init__" in vars(type(layer)):
        arguments = set(inspect.signature(type(layer)).parameters) - {"kwargs"}
        assert arguments <= config.keys()
        assert all(hasattr(layer, argument) for argument in arguments)


@every_layer
def test_eager_equals_graph_of_unknown_batch_and_length(case: Case) -> None:
    layer = case.make()
    layer(*inputs_of(case, SMALL))
    randomize(layer)
    graph = tf.function(lambda *inputs: layer(*inputs), input_signature=specs(case))
    for size in (SMALL, LARGE):
        inputs = inputs_of(case, size)
        np.testing.assert_allclose(graph(*inputs), layer(*inputs), atol=1e-6)
    assert graph.experimental_get_tracing_count() == 1


@every_layer
def test_one_gradient_step(case: Case) -> None:
    if not case.differentiable:
        pytest.skip("gives whole numbers")
    model = functional(case)
    randomize(model)
    inputs = inputs_of(case, LARGE)

    @tf.function
    def gradients_of_weights() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            outputs = model(inputs, training=True)
            loss = tf.reduce_sum(outputs * tf.random.stateless_normal(tf.shape(outputs), [1, 2]))
        return [tf.convert_to_tensor(g) for g in tape.gradient(loss, model.trainable_weights)]

    gradients = gradients_of_weights() if model.trainable_weights else []
    for weight, gradient in zip(model.trainable_weights, gradients, strict=True):
        assert np.isfinite(gradient).all(), weight.name
        assert np.abs(gradient).max() > 0, weight.name
    keras.optimizers.Nadam(0.1).apply_gradients(zip(gradients, model.trainable_weights, strict=True))
    assert np.isfinite(model(inputs)).all()


@every_layer
def test_weights_are_saved_and_loaded(case: Case, tmp_path: pathlib.Path) -> None:
    model, other = functional(case), functional(case)
    randomize(model)
    randomize(other, seed=1)
    model.save_weights(tmp_path / "all.weights.h5")
    other.load_weights(tmp_path / "all.weights.h5")
    for weight, same in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, same)
    inputs = inputs_of(case, LARGE)
    np.testing.assert_array_equal(other(inputs), model(inputs))


@every_layer
def test_training_goes_on_from_the_weights_alone(case: Case) -> None:
    """Nothing that training depends on, such as random states, is kept elsewhere than in the weights."""
    model = functional(case)
    randomize(model)
    inputs = inputs_of(case, SMALL)
    model(inputs, training=True)
    weights = model.get_weights()
    first = model(inputs, training=True).numpy()
    model.set_weights(weights)
    np.testing.assert_array_equal(model(inputs, training=True), first)
