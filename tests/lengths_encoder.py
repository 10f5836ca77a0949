"""A token encoder without weights to speak of."""

from __future__ import annotations

import pathlib

import tensorflow as tf


class Lengths(tf.Module):
    """An encoder that gives each word's length in bytes, times the number of the layer, at any width."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = tf.Variable(factor)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None], tf.string, "tokens"),
            tf.TensorSpec([None], tf.int32, "sequence_len"),
        ]
    )
    def tokens(self, tokens: tf.Tensor, sequence_len: tf.Tensor) -> dict[str, tf.Tensor]:
        mask = tf.sequence_mask(sequence_len, tf.shape(tokens)[1], tf.float32)
        sizes = tf.cast(tf.strings.length(tokens), tf.float32) * mask * self.factor
        return {"layers": sizes[:, :, None, None] * tf.constant([[1.0] * 4, [2.0] * 4])}


def save_encoder(folder: pathlib.Path, factor: float) -> str:
    encoder = Lengths(factor)
    tf.saved_model.save(encoder, str(folder), signatures={"tokens": encoder.tokens})
    return str(folder)
