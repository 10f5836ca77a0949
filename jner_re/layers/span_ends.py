"""What an entity is for relation extraction: the state and the label of its last token."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras as keras

from jner_re.layers.float32_layer import DTYPE, Float32Layer


def at_span_ends(values: tf.Tensor, spans: tf.Tensor) -> tf.Tensor:
    """The values at the last tokens of spans.

    Args:
      values: [B, T] or [B, T, D], T >= 1 where M > 0.
      spans: int32 [B, M, 2] of start and end (exclusive); empty spans are padding.

    Returns:
      [B, M] or [B, M, D]; what padding gives has no meaning.
    """
    return tf.gather(values, tf.maximum(spans[:, :, 1] - 1, 0), batch_dims=1)


class SpanEnds(Float32Layer):
    """g_i = h_i ∘ l_i: the state of an entity's last token and an embedding of its tag (paper, equation 3).

    Args:
      num_tags: K, the number of BIO tags.
      label_size: size of the label embedding.
    """

    def __init__(self, num_tags: int, label_size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_tags = num_tags
        self.label_size = label_size
        self.label_embedding = keras.layers.Embedding(
            num_tags, label_size, name="label_embedding", dtype=DTYPE
        )

    def call(self, states: tf.Tensor, tag_ids: tf.Tensor, spans: tf.Tensor) -> tf.Tensor:
        """The entities' representations.

        Args:
          states: [B, T, D].
          tag_ids: int32 [B, T]; gold tags in training, predicted ones in inference.
          spans: int32 [B, M, 2], likewise.

        Returns:
          [B, M, D + label_size].
        """
        labels = self.label_embedding(at_span_ends(tag_ids, spans))
        return tf.concat([at_span_ends(states, spans), labels], axis=-1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "num_tags": self.num_tags, "label_size": self.label_size}
