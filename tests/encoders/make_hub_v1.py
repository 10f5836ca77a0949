"""Writes tests/fixtures/encoders/hub_v1: a module in google/elmo's format, TF1's, with its signatures.

    python tests/encoders/make_hub_v1.py tests/fixtures/encoders/hub_v1

Such a module is a TF1 SavedModel without tags and a file tfhub_module.pb (format 3), as tensorflow_hub 0.1 to
0.12 wrote them; later ones only read them. Weights are random; contexts are sums over the words before and
behind, so that length and order matter.
"""

from __future__ import annotations

import pathlib
import sys

import numpy as np
import tensorflow as tf

WIDTH = 3  # of word_emb
v1 = tf.compat.v1


def outputs(tokens: tf.Tensor, lengths: tf.Tensor) -> dict[str, tf.Tensor]:
    """google/elmo's outputs for tokens [B, T]."""
    with v1.variable_scope("module", reuse=v1.AUTO_REUSE):
        random = np.random.default_rng(0)
        table = v1.get_variable(
            "embedding", initializer=random.normal(size=(17, WIDTH)).astype(np.float32), use_resource=False
        )
        mix = v1.get_variable("aggregation/weights", initializer=np.zeros(3, np.float32), use_resource=False)
    words = tf.gather(table, tf.strings.to_hash_bucket_fast(tokens, 17))
    mask = tf.sequence_mask(lengths, tf.shape(tokens)[1], tf.float32)[:, :, None]
    both = tf.concat([words, words], axis=-1)
    first = tf.tanh(tf.cumsum(both * mask, axis=1))
    second = tf.tanh(first + tf.cumsum(both * mask, axis=1, reverse=True))
    weights = tf.nn.softmax(mix)
    elmo = weights[0] * both + weights[1] * first + weights[2] * second
    mean = tf.reduce_sum(elmo * mask, 1) / tf.maximum(tf.reduce_sum(mask, 1), 1)
    return {
        "word_emb": words,
        "lstm_outputs1": first,
        "lstm_outputs2": second,
        "elmo": elmo,
        "default": mean,
    }


def main(folder: pathlib.Path) -> None:
    with tf.Graph().as_default(), v1.Session() as session:
        tokens = v1.placeholder(tf.string, [None, None], "tokens")
        lengths = v1.placeholder(tf.int32, [None], "sequence_len")
        strings = v1.placeholder(tf.string, [None], "strings")
        split = tf.strings.split(strings, " ")
        signatures = {
            "tokens": ({"tokens": tokens, "sequence_len": lengths}, outputs(tokens, lengths)),
            "default": (
                {"strings": strings},
                outputs(split.to_tensor(""), tf.cast(split.row_lengths(), tf.int32)),
            ),
        }
        session.run(v1.global_variables_initializer())
        builder = v1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(
            session,
            tags=[],
            signature_def_map={
                name: v1.saved_model.predict_signature_def(inputs, found)
                for name, (inputs, found) in signatures.items()
            },
            strip_default_attrs=True,
        )
        builder.save()
    (folder / "tfhub_module.pb").write_bytes(b"\x08\x03")  # ModuleDef: format = FORMAT_V3


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
