"""The counted operations are those of the products that TensorFlow runs."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import op_callbacks  # what tf.debugging's tracing stands on

from benchmarks.training.products import forward_operations, training_operations
from jner_re.config import ModelConfig
from jner_re.features.specs import InputSizes
from jner_re.models import joint
from jner_re.models.relation_loss import relation_loss
from jner_re.schema import LabelSet

LABELS = LabelSet(("Loc", "Org"), ("In", "Of", "At"))
SIZES = InputSizes(encoders=((2, 30),), word_width=5, num_chars=9)
CONFIG = ModelConfig(
    char_rnn_size=3,
    char_embedding_size=7,
    rnn_size=11,
    re_layers=2,
    ner_hidden_size=6,
    re_hidden_size=13,
    label_embedding_size=4,
    pair_context_size=10,
)
BATCH, TOKENS, CHARS, ENTITIES = 2, 8, 4, 3  # no padding, and none added: lengths are multiples of 4


@pytest.fixture
def batch() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    starts = np.broadcast_to(2 * np.arange(ENTITIES), (BATCH, ENTITIES))
    return {
        "lengths": np.full([BATCH], TOKENS, np.int32),
        "encoder_layers": random.random((BATCH, TOKENS, 2, 30)).astype(np.float16),
        "word_vectors": random.random((BATCH, TOKENS, 5)).astype(np.float32),
        "char_ids": random.integers(1, 9, (BATCH, TOKENS, CHARS)).astype(np.int32),
        "casing_ids": np.ones((BATCH, TOKENS), np.int32),
        "tag_ids": np.ones((BATCH, TOKENS), np.int32),
        "spans": np.stack([starts, starts + 1], axis=-1).astype(np.int32),
    }


@contextlib.contextmanager
def counted_products() -> Iterator[list[int]]:
    """The operations of every product that is run while the context lasts, in each step of each loop."""
    counted: list[int] = []

    def count(kind: str, inputs: Any, attributes: Any, outputs: Any, *_: Any, **__: Any) -> None:
        attributes = dict(zip(attributes[::2], attributes[1::2], strict=True)) if attributes else {}
        if kind == "MatMul":
            inner = inputs[0].shape[0 if attributes["transpose_a"] else 1]
            counted.append(2 * inner * math.prod(outputs[0].shape))
        elif kind == "BatchMatMulV2":
            inner = inputs[0].shape[-2 if attributes["adj_x"] else -1]
            counted.append(2 * inner * math.prod(outputs[0].shape))
        elif kind == "Einsum":
            sizes: dict[str, int] = {}
            for indexes, tensor in zip(
                tf.compat.as_str(attributes["equation"]).split("->")[0].split(","), inputs, strict=True
            ):
                sizes.update(zip(indexes, tensor.shape, strict=True))
            counted.append(2 * math.prod(sizes.values()))

    tf.config.run_functions_eagerly(True)
    op_callbacks.add_op_callback(count)
    try:
        yield counted
    finally:
        op_callbacks.remove_op_callback(count)
        tf.config.run_functions_eagerly(False)


def test_as_many_as_tensorflow_runs(batch: dict[str, np.ndarray]) -> None:
    model = joint.build(CONFIG, SIZES, LABELS).training
    inputs = tf.nest.map_structure(tf.constant, batch)
    with counted_products() as products, tf.GradientTape() as tape:
        outputs = model(inputs, training=True)
        forward = sum(products)
        labels = tf.zeros_like(outputs["re"])
        loss = tf.reduce_sum(outputs["ner"]) + tf.reduce_sum(relation_loss(labels, outputs["re"]))
        with tape.stop_recording():
            tape.gradient(loss, model.trainable_variables)
    assert forward == forward_operations(CONFIG, SIZES, LABELS, batch)
    assert sum(products) == pytest.approx(training_operations(CONFIG, SIZES, LABELS, batch), rel=0.1)


def test_padding_is_not_counted(batch: dict[str, np.ndarray]) -> None:
    padded = {}
    for name, array in batch.items():
        axes = {"lengths": 0, "char_ids": 2}.get(name, 1)
        padded[name] = np.pad(array, [(0, 2 if 1 <= axis <= axes else 0) for axis in range(array.ndim)])
    assert padded["char_ids"].shape == (BATCH, TOKENS + 2, CHARS + 2)
    assert forward_operations(CONFIG, SIZES, LABELS, padded) == forward_operations(
        CONFIG, SIZES, LABELS, batch
    )
