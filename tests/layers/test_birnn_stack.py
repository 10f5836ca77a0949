from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from jner_re.layers.birnn_stack import BiRNNStack

LENGTHS = np.array([6, 2, 0], np.int32)
INPUTS = np.random.default_rng(0).normal(size=(3, 6, 4)).astype(np.float32)


def test_depth_0_is_the_identity() -> None:
    np.testing.assert_array_equal(BiRNNStack(5, 0)(INPUTS, LENGTHS), INPUTS)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_is_its_birnns_one_after_the_other(cell: str) -> None:
    stack = BiRNNStack(5, 3, cell, dropout=0.5)
    outputs = stack(INPUTS, LENGTHS)
    expected = INPUTS
    for birnn in stack.birnns:
        expected = birnn(expected, LENGTHS)
    assert len(stack.birnns) == 3
    assert outputs.shape == (3, 6, 10)
    np.testing.assert_array_equal(outputs, expected)


def test_dropout_is_on_the_input_of_every_birnn_in_training_only() -> None:
    stack = BiRNNStack(5, 2, dropout=0.5)
    stack(INPUTS, LENGTHS)
    seen: list[np.ndarray] = []
    for birnn in stack.birnns:
        call = birnn.call
        birnn.call = lambda inputs, *args, call=call, **kwargs: (
            seen.append(inputs.numpy()),
            call(inputs, *args, **kwargs),
        )[1]
    stack(INPUTS, LENGTHS, training=True)
    stack(INPUTS, LENGTHS, training=False)
    assert (seen[0] == 0).sum() > 0.2 * INPUTS.size
    np.testing.assert_allclose(seen[0][seen[0] != 0], 2 * INPUTS[seen[0] != 0], rtol=1e-6)
    assert (seen[1][0] == 0).any()
    np.testing.assert_array_equal(seen[2], INPUTS)
    assert (seen[3][0] != 0).all()


def test_negative_depth() -> None:
    with pytest.raises(ValueError, match="depth is -1"):
        BiRNNStack(5, -1)


def test_training_compiles_with_xla_unless_told_otherwise() -> None:
    def is_compiled(jit_compile: bool, training: bool) -> bool:
        stack = BiRNNStack(5, 1, jit_compile=jit_compile)
        traced = tf.function(stack).get_concrete_function(INPUTS, LENGTHS, training=training)
        return any("_XlaMustCompile" in f.attr for f in traced.graph.as_graph_def().library.function)

    assert is_compiled(jit_compile=True, training=True)
    assert not is_compiled(jit_compile=True, training=False)
    assert not is_compiled(jit_compile=False, training=True)
