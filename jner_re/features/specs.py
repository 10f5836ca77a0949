"""The model's inputs, declared once: Keras inputs, tf.data signatures and serving graphs are made from it."""

from __future__ import annotations

import dataclasses

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class InputSizes:
    """What the model reads of each token, and how wide it is; 0 leaves an input out.

    Attributes:
      encoders: of each encoder, L and D: its layers and their width.
      word_width: size of the word vectors.
      num_chars: number of character ids.
      casing: whether there are casing classes.
      subwords: whether there are subwords, which a fine-tuned encoder reads in the place of `encoders`.
      passages: whether the model reads passages of several sentences (passages.py).
    """

    encoders: tuple[tuple[int, int], ...] = ()
    word_width: int = 0
    num_chars: int = 0
    casing: bool = True
    subwords: bool = False
    passages: bool = False


# What the inference model reads besides of passages: what those before them have decided.
CARRIED = {
    "carried_tags": tf.TensorSpec([None], tf.int32),
    "carried_scores": tf.TensorSpec([None], tf.float32),
}


def feature_specs(sizes: InputSizes) -> dict[str, tf.TensorSpec]:
    """Name, shape and type of every feature of a batch, with `lengths`; 0 past a sentence's length."""
    specs = {"lengths": tf.TensorSpec([None], tf.int32)}
    for i, shape in enumerate(sizes.encoders):
        specs[numbered("encoder_layers", i)] = tf.TensorSpec([None, None, *shape], tf.float16)
    if sizes.word_width:
        specs["word_vectors"] = tf.TensorSpec([None, None, sizes.word_width], tf.float32)
    if sizes.num_chars:
        specs["char_ids"] = tf.TensorSpec([None, None, None], tf.int32)
    if sizes.casing:
        specs["casing_ids"] = tf.TensorSpec([None, None], tf.int32)
    if sizes.subwords:
        specs["subword_ids"] = tf.TensorSpec([None, None, None], tf.int32)
    if sizes.passages:
        specs["sentence_ids"] = tf.TensorSpec([None, None], tf.int32)  # -1 past a passage's length
        specs["decided"] = tf.TensorSpec([None, 2], tf.int32)  # its first and last (exclusive) sentence
    return specs


def carried_specs(sizes: InputSizes) -> dict[str, tf.TensorSpec]:
    """`CARRIED` for a model that reads passages."""
    return CARRIED if sizes.passages else {}


def numbered(name: str, i: int) -> str:
    """The name of what encoder `i`, from 0, has: the first one's is `name`, the others' name_2, name_3, …"""
    return name if i == 0 else f"{name}_{i + 1}"


def gold_specs() -> dict[str, tf.TensorSpec]:
    """The gold annotation that the model reads in training: tags, and the entities' spans."""
    return {
        "tag_ids": tf.TensorSpec([None, None], tf.int32),
        "spans": tf.TensorSpec([None, None, 2], tf.int32),
    }


def soft_tag_specs(num_tags: int) -> dict[str, tf.TensorSpec]:
    """What training on soft targets reads too: a distribution of tag sequences (soft_targets.py).

    Of a passage there are counts of each sentence that it decides.
    """
    return {
        "tag_probabilities": tf.TensorSpec([None, None, num_tags], tf.float32),
        "transition_counts": tf.TensorSpec([None, None, num_tags, num_tags], tf.float32),
    }


def target_spec(num_relations: int, soft: bool = False) -> tf.TensorSpec:
    """The target: which ordered pairs of gold entities are related how, or how probably, [B, M, M, R]."""
    return tf.TensorSpec([None, None, None, num_relations], tf.float32 if soft else tf.uint8)
