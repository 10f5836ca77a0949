from __future__ import annotations

import pathlib
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.layers.birnn import BiRNN

B, T, D, H = 4, 7, 5, 3
LENGTHS = np.array([7, 0, 3, 1], np.int32)
KERAS = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM}

each_cell = pytest.mark.parametrize("cell", ["gru", "lstm"])
each_mode = pytest.mark.parametrize("jit_compile", [False, True], ids=["plain", "xla"])


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(np.float32)


def built(cell: str, return_sequences: bool = True, jit_compile: bool = False) -> BiRNN:
    """A layer with random weights, biases included."""
    layer = BiRNN(H, cell, return_sequences, jit_compile)
    layer.build([None, None, D])
    layer.set_weights([random(*weight.shape, seed=i) * 0.7 for i, weight in enumerate(layer.weights)])
    return layer


def keras_reference(layer: BiRNN) -> keras.layers.Bidirectional:
    """Keras's own layers with the same weights."""
    reference = keras.layers.Bidirectional(KERAS[layer.cell](H, return_sequences=layer.return_sequences))
    reference.build((None, None, D))
    directions = (reference.forward_layer, reference.backward_layer)
    for direction, weights in zip(directions, layer.direction_weights, strict=True):
        kernel, bias, recurrent_kernel, *rest = (weight.numpy() for weight in weights)
        if rest:  # Keras has a recurrent bias for all three gates, of which two are redundant
            bias = np.stack([bias, np.concatenate([np.zeros(2 * H), rest[0]])])
        direction.set_weights([kernel, recurrent_kernel, bias])
    return reference


def values_and_gradients(run: Callable[[], tf.Tensor], sources: list[tf.Tensor]) -> tuple[np.ndarray, list]:
    with tf.GradientTape() as tape:
        tape.watch(sources)
        outputs = run()
        loss = tf.reduce_sum(outputs * random(*outputs.shape, seed=9))
    return outputs.numpy(), [gradient.numpy() for gradient in tape.gradient(loss, sources)]


@each_cell
@each_mode
@pytest.mark.parametrize("return_sequences", [True, False])
@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
def test_values_and_gradients_are_those_of_keras(
    cell: str, jit_compile: bool, return_sequences: bool, graph: bool
) -> None:
    layer = built(cell, return_sequences, jit_compile)
    reference = keras_reference(layer)
    inputs, mask = tf.constant(random(B, T, D)), tf.sequence_mask(LENGTHS, T)

    def expected() -> tf.Tensor:
        outputs = reference(inputs, mask=mask)  # Keras repeats the last state at padding
        return outputs * tf.cast(mask, tf.float32)[:, :, None] if return_sequences else outputs

    call = tf.function(layer) if graph else layer
    values, gradients = values_and_gradients(
        lambda: call(inputs, LENGTHS, training=True), [inputs, *layer.weights]
    )
    expected_values, expected_gradients = values_and_gradients(expected, [inputs, *reference.weights])

    np.testing.assert_allclose(values, expected_values, atol=1e-5)
    np.testing.assert_allclose(gradients[0], expected_gradients[0], atol=1e-5)
    width = len(layer.direction_weights[0])
    for k in range(2):
        ours = gradients[1 + k * width : 1 + (k + 1) * width]
        kernel, recurrent_kernel, bias = expected_gradients[1 + k * 3 : 4 + k * 3]
        if cell == "gru":
            np.testing.assert_allclose(ours[3], bias[1, 2 * H :], atol=1e-5)
            bias = bias[0]
        for gradient, wanted in zip(ours[:3], (kernel, bias, recurrent_kernel), strict=True):
            np.testing.assert_allclose(gradient, wanted, atol=2e-5)


@each_cell
@each_mode
def test_gradients_are_the_differences_of_the_values(cell: str, jit_compile: bool) -> None:
    layer = built(cell, jit_compile=jit_compile)
    inputs = tf.constant(random(B, T, D))
    weight_of_output = random(B, T, 2 * H, seed=9).astype(np.float64)

    def loss(inputs: tf.Tensor) -> float:
        return float(
            np.sum(layer(inputs, LENGTHS, training=True).numpy().astype(np.float64) * weight_of_output)
        )

    _, gradients = values_and_gradients(
        lambda: layer(inputs, LENGTHS, training=True), [inputs, *layer.weights]
    )
    step = 1e-2
    for variable, gradient in zip([inputs, *layer.weights], gradients, strict=True):
        direction = random(*variable.shape, seed=3) / np.sqrt(gradient.size)
        if variable is inputs:
            difference = loss(inputs + step * direction) - loss(inputs - step * direction)
        else:
            start = variable.numpy()
            variable.assign(start + step * direction)
            difference = loss(inputs)
            variable.assign(start - step * direction)
            difference -= loss(inputs)
            variable.assign(start)
        np.testing.assert_allclose(
            np.sum(gradient * direction), difference / (2 * step), rtol=2e-2, atol=2e-3
        )


SPECS = [tf.TensorSpec([None, None, D]), tf.TensorSpec([None], tf.int32)]


@pytest.fixture(scope="module", params=[(cell, sequences) for cell in KERAS for sequences in (True, False)])
def graph_layer(request: pytest.FixtureRequest) -> tuple[tf.types.experimental.GenericFunction, bool]:
    """A layer as a graph for any batch, and whether it returns sequences."""
    cell, return_sequences = request.param
    return tf.function(built(cell, return_sequences), input_signature=SPECS), return_sequences


@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_neither_padding_nor_neighbors_change_a_sentence(graph_layer: tuple, data: st.DataObject) -> None:
    layer, return_sequences = graph_layer
    lengths = data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=4))
    steps = data.draw(st.integers(max(lengths), 8))
    inputs = random(len(lengths), steps, D, seed=data.draw(st.integers(0, 99))) * 10  # padding is not zeros
    outputs = layer(inputs, tf.constant(lengths)).numpy()
    for sentence, output, length in zip(inputs, outputs, lengths, strict=True):
        alone = layer(sentence[None, :length], tf.constant([length])).numpy()[0]
        if return_sequences:
            np.testing.assert_allclose(output[:length], alone, atol=1e-5)
            assert not output[length:].any()
        else:
            np.testing.assert_allclose(output, alone, atol=1e-5)
            assert length > 0 or not output.any()


@each_cell
def test_padding_gets_no_gradient(cell: str) -> None:
    inputs = tf.constant(random(B, T, D))
    layer = built(cell)
    _, (gradient,) = values_and_gradients(lambda: layer(inputs, LENGTHS), [inputs])
    nonzero = gradient.any(axis=2)
    np.testing.assert_array_equal(nonzero, tf.sequence_mask(LENGTHS, T).numpy())


@each_cell
@pytest.mark.parametrize("mode", ["eager", "graph", "xla"])
def test_empty_and_shortest_batches(cell: str, mode: str) -> None:
    layer = built(cell, jit_compile=mode == "xla")
    final = built(cell, return_sequences=False)
    run = tf.function(lambda x, n: layer(x, n, training=True), input_signature=SPECS)
    for shape in [(0, T, D), (B, 0, D), (0, 0, D), (1, 1, D)]:
        inputs, lengths = tf.constant(random(*shape)), tf.fill(shape[:1], shape[1])
        values, gradients = values_and_gradients(
            lambda call=layer if mode == "eager" else run, n=lengths, x=inputs: call(x, n),
            [inputs, *layer.weights],
        )
        assert values.shape == (*shape[:2], 2 * H)
        assert all(np.isfinite(gradient).all() for gradient in gradients)
        states = final(inputs, lengths).numpy()
        assert states.shape == (shape[0], 2 * H)
        assert states.all() if shape[1] else not states.any()


@each_cell
def test_initial_weights(cell: str) -> None:
    layer = BiRNN(8, cell)
    layer.build([None, None, 6])
    for kernel, bias, recurrent_kernel, *rest in layer.direction_weights:
        limit = np.sqrt(6 / (6 + kernel.shape[1]))
        assert 0.9 * limit < np.abs(kernel).max() <= limit
        np.testing.assert_allclose(recurrent_kernel @ tf.transpose(recurrent_kernel), np.eye(8), atol=1e-5)
        expected = np.repeat([0, 1, 0, 0], 8) if cell == "lstm" else np.zeros(24)
        np.testing.assert_array_equal(bias, expected)
        assert all(not weight.numpy().any() for weight in rest)
    forward, backward = layer.direction_weights
    assert not np.allclose(forward[0], backward[0])


def test_unknown_cell() -> None:
    with pytest.raises(ValueError, match="cell is 'rnn', expected 'gru' or 'lstm'"):
        BiRNN(3, "rnn")


@each_cell
def test_fit_of_a_functional_model(cell: str) -> None:
    """The sum of a sentence's inputs is learned, with XLA and without the same."""
    inputs = random(32, T, D)
    lengths = np.tile([7, 2, 5, 1], 8).astype(np.int32)
    targets = np.array([row[:n].mean() for row, n in zip(inputs, lengths, strict=True)], np.float32)
    histories = []
    for jit_compile in (False, True):
        keras.utils.set_random_seed(1)
        states = keras.Input([None, D])
        length = keras.Input([], dtype=tf.int32)
        final = BiRNN(8, cell, return_sequences=False, jit_compile=jit_compile)(states, length)
        model = keras.Model([states, length], keras.layers.Dense(1)(final))
        model.compile(keras.optimizers.Adam(0.02), "mse")
        fitted = model.fit([inputs, lengths], targets, batch_size=8, epochs=15, shuffle=False, verbose=0)
        histories.append(fitted.history["loss"])
    assert histories[0][-1] < 0.2 * histories[0][0]
    np.testing.assert_allclose(histories[0], histories[1], rtol=1e-2, atol=1e-4)


def test_lengths_around_those_that_xla_compiles_for() -> None:
    plain, compiled = built("gru"), built("gru", jit_compile=True)
    for steps in (15, 16, 17, 24, 25):
        inputs, lengths = random(B, steps, D), np.array([steps, 0, steps - 1, 1], np.int32)
        values = []
        for layer in (plain, compiled):
            with tf.GradientTape() as tape:
                states = layer(inputs, lengths, training=True)
                loss = tf.reduce_sum(states**2)
            values.append([states, *tape.gradient(loss, layer.trainable_weights)])
        for one, other in zip(*values, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)


@each_cell
def test_export_needs_neither_xla_nor_custom_ops(cell: str, tmp_path: pathlib.Path) -> None:
    layer = built(cell, jit_compile=True)
    layer(random(B, T, D), LENGTHS, training=True)
    module = tf.Module()
    module.layer = layer
    module.serve = tf.function(lambda x, n: {"states": layer(x, n, training=False)}, input_signature=SPECS)
    tf.saved_model.save(module, str(tmp_path), signatures={"serving_default": module.serve})

    serve = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    definition = serve.graph.as_graph_def()
    for function in definition.library.function:
        assert "_XlaMustCompile" not in function.attr
    for steps in (T, 0):
        inputs, lengths = tf.constant(random(B, steps, D)), tf.minimum(LENGTHS, steps)
        outputs = serve(x=inputs, n=lengths)["states"]
        np.testing.assert_allclose(outputs, layer(inputs, lengths), atol=1e-6)
