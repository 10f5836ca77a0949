"""Properties of encoders, on tiny random checkpoints of 40 positions."""

from __future__ import annotations

import functools
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.encoders import architectures, token_encoder
from jner_re.encoders.token_encoder import TokenEncoder

_FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "encoders"
_MODELS = ("tiny_bert", "tiny_mpnet")
_WINDOW = 38


@functools.cache
def _encoder(model: str, pooling: str = "mean") -> TokenEncoder:
    return architectures.read(_FIXTURES / model, pooling)


def _encode(encoder: TokenEncoder, sentences: list[list[str]], steps: int | None = None) -> np.ndarray:
    steps = max(map(len, sentences), default=0) if steps is None else steps
    padded = [sentence + [""] * (steps - len(sentence)) for sentence in sentences]
    return encoder.tokens(
        tf.reshape(tf.constant(padded, tf.string), [len(sentences), steps]),
        tf.constant([len(sentence) for sentence in sentences], tf.int32),
    )["layers"].numpy()


_words = st.sampled_from(
    ["the", "a", "Mayor", "unaffable", "café", "中国", "don't", "", "😀", "-" * 45, "e" * 101]
)
_sentences = st.lists(st.lists(_words, max_size=60), min_size=1, max_size=5)


@pytest.mark.parametrize("model", _MODELS)
@given(sentences=_sentences, padding=st.integers(0, 3))
@settings(deadline=None, max_examples=30)
def test_neighbours_and_padding_change_nothing(model: str, sentences: list[list[str]], padding: int) -> None:
    steps = max(map(len, sentences)) + padding
    together = _encode(_encoder(model), sentences, steps)
    assert together.shape == (len(sentences), steps, 3, 32)
    for vectors, sentence in zip(together, sentences, strict=True):
        alone = _encode(_encoder(model), [sentence])[0]
        np.testing.assert_allclose(vectors[: len(sentence)], alone, atol=1e-5, rtol=0)
        assert not vectors[len(sentence) :].any()
        assert (np.abs(vectors[: len(sentence)]).max(axis=(1, 2)) > 0).all()


def test_words_past_the_length_are_ignored() -> None:
    encoder = _encoder("tiny_bert")
    expected = _encode(encoder, [["the", "mayor"]])[0]
    tokens = tf.constant([["the", "mayor", "resigned"]])
    np.testing.assert_allclose(encoder.tokens(tokens, [2])["layers"][0, :2], expected, atol=1e-6)
    assert not encoder.tokens(tokens, [2])["layers"][0, 2].numpy().any()
    np.testing.assert_array_equal(
        encoder.tokens(tokens, [9])["layers"], encoder.tokens(tokens, [3])["layers"]
    )


@pytest.mark.parametrize(("batch", "steps"), [(0, 0), (0, 3), (2, 0), (2, 3)])
def test_nothing_to_encode(batch: int, steps: int) -> None:
    tokens = tf.fill([batch, steps], "")
    layers = _encoder("tiny_bert").tokens(tokens, tf.zeros([batch], tf.int32))["layers"].numpy()
    assert layers.shape == (batch, steps, 3, 32)
    assert not layers.any()


def test_a_word_is_the_mean_of_its_subwords_or_the_first_or_the_first_and_the_last() -> None:
    """Hyphens are subwords of their own: "a-the" reads as "a", "-", "the" do."""
    apart = _encode(_encoder("tiny_bert"), [["mayor", "a", "-", "e", "b"]])[0]
    mean = _encode(_encoder("tiny_bert"), [["mayor", "a-e", "b"]])[0]
    first = _encode(_encoder("tiny_bert", "first"), [["mayor", "a-e", "b"]])[0]
    np.testing.assert_allclose(mean[1], apart[1:4].mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(first[1], apart[1], atol=1e-5)
    joined = _encode(_encoder("tiny_bert", "first_last"), [["mayor", "a-e", "b"]])[0]
    np.testing.assert_allclose(joined[1], np.concatenate([apart[1], apart[3]], axis=-1), atol=1e-5)
    np.testing.assert_allclose(joined[2], np.concatenate([apart[4]] * 2, axis=-1), atol=1e-5)
    assert _encoder("tiny_bert", "first_last").width == joined.shape[-1] == 2 * mean.shape[-1]
    for pooled in (mean, first):
        np.testing.assert_allclose(pooled[2], apart[4], atol=1e-5)
    assert np.abs(mean[0] - first[0]).max() > 1e-3  # "mayor" is several subwords


@pytest.mark.parametrize("model", _MODELS)
@pytest.mark.parametrize("length", [_WINDOW - 1, _WINDOW, _WINDOW + 1, 57, 58, 150])
def test_long_sentences_are_encoded_in_windows(model: str, length: int) -> None:
    """Each word, here of one subword, from the window whose middle is nearest."""
    random = np.random.RandomState(0)
    sentence = [str(word) for word in random.choice(["a", "e", "t", ",", ".", "s", "1"], length)]
    actual = _encode(_encoder(model), [["e"] * 3, sentence, ["a"]])[1]

    excess = max(length - _WINDOW, 0)
    gaps = -(-excess // (_WINDOW // 2))
    starts = [i * excess // max(gaps, 1) for i in range(gaps + 1)]
    windows = [_encode(_encoder(model), [sentence[start : start + _WINDOW]])[0] for start in starts]
    middles = (_WINDOW - 1) / 2 + np.arange(gaps + 1) * excess / max(gaps, 1)
    for t in range(length):
        distances = np.abs(t - middles)
        candidates = np.flatnonzero(distances < distances.min() + 1e-9)  # two are equally near at times
        errors = [np.abs(actual[t] - windows[i][t - starts[i]]).max() for i in candidates]
        assert min(errors) < 1e-5


def test_a_word_longer_than_a_window_is_encoded_whole() -> None:
    """A word of 100 hyphens is 100 subwords: the mean over them as if they were words."""
    encoder = _encoder("tiny_mpnet")
    word = _encode(encoder, [["a", "-" * 100, "e"]])[0]
    apart = _encode(encoder, [["a", *"-" * 100, "e"]])[0]
    np.testing.assert_allclose(word[1], apart[1:-1].mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(word[[0, 2]], apart[[0, -1]], atol=1e-5)


def test_a_large_request_is_encoded_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    sentences = [["the"] * (7 * i % 61) for i in range(20)]
    expected = _encode(_encoder("tiny_mpnet"), sentences)
    for subwords_at_once in (1, 100):
        monkeypatch.setattr(token_encoder, "_SUBWORDS_AT_ONCE", subwords_at_once)
        _encoder.cache_clear()
        np.testing.assert_allclose(_encode(_encoder("tiny_mpnet"), sentences), expected, atol=1e-5)
    _encoder.cache_clear()
