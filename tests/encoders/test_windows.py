from __future__ import annotations

import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.encoders.windows import make_windows

_make_windows = tf.function(make_windows, reduce_retracing=True)


def _make(sentences: list[list[int]], size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    windows = _make_windows(
        tf.constant([count for sentence in sentences for count in sentence], tf.int64),
        tf.constant([len(sentence) for sentence in sentences], tf.int64),
        tf.constant(size, tf.int64),
    )
    return tuple(part.numpy() for part in windows)


_sentences = st.lists(st.lists(st.integers(1, 3) | st.integers(1, 60), max_size=40), min_size=0, max_size=4)


@given(sentences=_sentences, size=st.integers(4, 41))
@settings(deadline=None, max_examples=200)
def test_windows_cover_sentences(sentences: list[list[int]], size: int) -> None:
    starts, lengths, owners = _make(sentences, size)
    begin, first = 0, 0
    for sentence in sentences:
        count = sum(sentence)
        number = 1 if count <= size else 1 + -(-(count - size) // (size // 2))
        of_sentence = range(first, first + number)
        assert starts[first] == begin
        assert starts[first + number - 1] + lengths[first + number - 1] == begin + count
        assert set(lengths[of_sentence]) == {min(count, size)}
        assert all(np.diff(starts[of_sentence]) <= size // 2)

        for p in range(begin, begin + count):
            assert owners[p] in of_sentence
            assert starts[owners[p]] <= p < starts[owners[p]] + lengths[owners[p]]
        begin += count
        first += number
    assert len(starts) == first
    assert len(owners) == begin
    assert all(np.diff(owners) >= 0)


@given(sentence=st.lists(st.integers(1, 5), min_size=1, max_size=120), size=st.integers(20, 40))
@settings(deadline=None, max_examples=200)
def test_a_word_comes_from_the_window_where_it_has_most_context(sentence: list[int], size: int) -> None:
    starts, lengths, owners = _make([sentence], size)
    begin = 0
    for count in sentence:
        owner = set(owners[begin : begin + count])
        assert len(owner) == 1
        context = [
            min(begin - start, start + length - begin - count) if start <= begin else -1
            for start, length in zip(starts, lengths, strict=True)
        ]
        # The first window lacks nothing on its left, the last one nothing on its right.
        context[0] = max(context[0], lengths[0] - begin - count)
        context[-1] = max(context[-1], begin - starts[-1])
        assert context[owner.pop()] >= max(context) - 1  # rounding of the even spacing
        begin += count


def test_examples() -> None:
    starts, lengths, owners = _make([[1] * 3, [], [1] * 10, [1] * 16], 8)
    assert starts.tolist() == [0, 3, 3, 5, 13, 17, 21]
    assert lengths.tolist() == [3, 0, 8, 8, 8, 8, 8]
    assert owners.tolist() == [0] * 3 + [2] * 5 + [3] * 5 + [4] * 6 + [5] * 4 + [6] * 6


def test_nothing() -> None:
    starts, lengths, owners = _make([], 8)
    assert starts.shape == lengths.shape == owners.shape == (0,)
