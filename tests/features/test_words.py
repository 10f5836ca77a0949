from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from jner_re.features.words import WordTable

WORDS = ["the", "The", "paris", "straße", "US", "éire"]
VECTORS = np.random.default_rng(0).normal(size=(len(WORDS), 3))


@pytest.mark.parametrize(
    ("token", "word"),
    [
        ("the", "the"),
        ("The", "The"),
        ("THE", "the"),
        ("Paris", "paris"),
        ("Straße", "straße"),
        ("ÉIRE", "éire"),
        ("US", "US"),
        ("us", None),  # only the exact word or its lower case
        ("Us", None),
        ("paris ", None),
        ("", None),
        (b"\xff", None),
    ],
)
def test_exact_then_lower_case_then_zeros(token: str | bytes, word: str | None) -> None:
    vectors = WordTable(WORDS, VECTORS)(tf.constant([[token]]))
    expected = np.zeros(3) if word is None else VECTORS[WORDS.index(word)]
    assert vectors.dtype == tf.float32
    np.testing.assert_allclose(vectors[0, 0], expected, rtol=1e-6)


def test_each_token_by_itself() -> None:
    table = WordTable(WORDS, VECTORS)
    tokens = [["The", "x", "paris"], ["US", "", ""]]
    vectors = table(tf.constant(tokens)).numpy()
    assert vectors.shape == (2, 3, 3)
    for row, col in np.ndindex(2, 3):
        np.testing.assert_array_equal(vectors[row, col], table(tf.constant([[tokens[row][col]]]))[0, 0])
    assert (vectors[1, 1:] == 0).all()
    assert table.width == 3


def test_vectors_are_frozen() -> None:
    assert WordTable(WORDS, VECTORS).trainable_variables == ()
