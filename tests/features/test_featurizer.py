from __future__ import annotations

import pathlib
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from jner_re.features.casing import casing_ids
from jner_re.features.chars import CharTable
from jner_re.features.featurizer import Featurizer
from jner_re.features.words import WordTable

TOKENS = tf.constant([["The", "U.S.", "paris", "1996"], ["a", "é", "", ""]])


def make_chars() -> CharTable:
    return CharTable("Thaeprs", 4)


def make_words() -> WordTable:
    return WordTable(["the", "paris"], np.arange(6.0).reshape(2, 3))


def test_all_features() -> None:
    chars, words = make_chars(), make_words()
    features = Featurizer(chars, words, casing=True)(TOKENS)
    assert set(features) == {"char_ids", "word_vectors", "casing_ids"}
    np.testing.assert_array_equal(features["char_ids"], chars(TOKENS))
    np.testing.assert_array_equal(features["word_vectors"], words(TOKENS))
    np.testing.assert_array_equal(features["casing_ids"], casing_ids(TOKENS))


@pytest.mark.parametrize(
    ("featurizer", "names"),
    [
        (lambda: Featurizer(make_chars(), None, False), {"char_ids"}),
        (lambda: Featurizer(None, make_words(), False), {"word_vectors"}),
        (lambda: Featurizer(None, None, True), {"casing_ids"}),
        (lambda: Featurizer(None, None, False), set()),
    ],
)
def test_only_what_the_model_reads(featurizer: Callable[[], Featurizer], names: set[str]) -> None:
    assert set(featurizer()(TOKENS)) == names


def test_padding_changes_nothing() -> None:
    featurizer = Featurizer(make_chars(), make_words(), casing=True)
    alone = featurizer(TOKENS[1:, :2])
    for name, values in featurizer(TOKENS).items():
        padded, own = values.numpy()[1], alone[name].numpy()[0]
        if name == "char_ids":
            padded, rest = padded[:, : own.shape[1]], padded[:, own.shape[1] :]
            assert (rest == 0).all()
        np.testing.assert_array_equal(padded[:2], own)
        assert (padded[2:] == 0).all()


def test_is_the_same_once_saved(tmp_path: pathlib.Path) -> None:
    featurizer = Featurizer(make_chars(), make_words(), casing=True)
    expected = featurizer(TOKENS)
    tf.saved_model.save(featurizer, str(tmp_path))
    for name, values in tf.saved_model.load(str(tmp_path))(TOKENS).items():
        np.testing.assert_array_equal(values, expected[name])
