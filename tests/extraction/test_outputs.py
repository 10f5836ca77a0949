"""The table of outputs, against what an exported model gives."""

from __future__ import annotations

import pathlib

import pytest
import tensorflow as tf
import tensorflow_text  # noqa: F401  (registers the ops that the model uses)

from jner_re.extraction.outputs import BOTH, OUTPUTS


@pytest.mark.parametrize("signature", ["serving_default", "tokens"])
def test_a_signature_gives_the_outputs_of_the_table(signature: str, exported: pathlib.Path) -> None:
    outputs = tf.saved_model.load(str(exported)).signatures[signature].structured_outputs
    expected = OUTPUTS.values() if signature == "serving_default" else BOTH
    assert {name: (spec.dtype.name, spec.shape.rank) for name, spec in outputs.items()} == {
        output.name: (output.dtype, 2) for output in expected
    }


def test_rows_are_made_equally_long_by_the_padding_of_the_table(exported: pathlib.Path) -> None:
    serve = tf.saved_model.load(str(exported)).signatures["serving_default"]
    long = "Rome " * 2001
    for name, values in serve(
        text=tf.constant(["", f"Ann Lee, born in Rome, lives in Oslo. {long}"])
    ).items():
        padding = OUTPUTS[name].padding
        nothing, found = values.numpy().tolist()
        assert len(found) and set(nothing) == {padding.encode() if padding == "" else padding}, name
