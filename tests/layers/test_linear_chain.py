"""What stands in for tensorflow-addons equals it, to the last bit; test_crf.py has the brute force."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from jner_re.layers import linear_chain


@pytest.fixture(scope="module")
def addons() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return pytest.importorskip(
            "tensorflow_addons",
            reason="tensorflow-addons isn't available with this TensorFlow",
            exc_type=ImportError,
        ).text


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["normal", "ties", "forbidden"])
@pytest.mark.parametrize("seed", range(8))
def test_equals_addons(seed: int, kind: str, dtype: type, addons: Any) -> None:
    random = np.random.default_rng(seed)
    B, T, K = int(random.integers(1, 7)), int(random.integers(2, 12)), int(random.integers(1, 8))
    lengths = random.integers(0, T + 1, size=B).astype(np.int32)
    tags = random.integers(0, K, size=[B, T]).astype(np.int32)
    scores, transitions = random.normal(size=[B, T, K]) * 3, random.normal(size=[K, K])
    if kind == "ties":
        scores, transitions = scores.round(), transitions.round()
    if kind == "forbidden":
        transitions[random.random([K, K]) < 0.4] = -1e9
    scores, transitions = tf.constant(scores, dtype), tf.constant(transitions, dtype)

    def results(of: Any) -> list[tf.Tensor]:
        return [
            of.crf_unary_score(tags, lengths, scores),
            of.crf_binary_score(tags, lengths, transitions),
            of.crf_forward(scores[:, 1:], scores[:, 0], transitions, lengths),
            *of.crf_decode(scores, transitions, lengths),
        ]

    for ours, theirs in zip(results(linear_chain), results(addons), strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
    graph = tf.function(lambda: results(linear_chain))()
    np.testing.assert_array_equal(graph[3], results(addons)[3])
