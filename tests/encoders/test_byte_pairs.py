"""Byte-level BPE in the graph against a few lines of Python."""

from __future__ import annotations

import itertools

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.encoders import byte_pairs
from jner_re.encoders.byte_pairs import BytePairs

_BYTES = tuple(range(256))


def _merge(word: bytes, merges: list[tuple[int, int, int]]) -> list[int]:
    """The leftmost pair of the lowest rank is merged, until there is none."""
    ranks = {(left, right): (rank, merged) for rank, (left, right, merged) in enumerate(merges)}
    ids = list(word)
    while pairs := [(ranks[pair], i) for i, pair in enumerate(itertools.pairwise(ids)) if pair in ranks]:
        (_, merged), i = min(pairs)
        ids[i : i + 2] = [merged]
    return ids


@st.composite
def _merges(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """Of few subwords, each made of any two before it; some of them are made of several pairs."""
    subwords = list(b"abc")
    merges: dict[tuple[int, int], int] = {}
    for i in range(draw(st.integers(0, 12))):
        pair = draw(st.sampled_from(subwords)), draw(st.sampled_from(subwords))
        if pair not in merges:
            merges[pair] = draw(st.sampled_from([256 + i, subwords[-1]]))
            subwords.append(merges[pair])
    return [(*pair, merged) for pair, merged in merges.items()]


@given(merges=_merges(), words=st.lists(st.text("abcé", max_size=12), max_size=8))
@settings(deadline=None, max_examples=30)
def test_equals_plain_python(merges: list[tuple[int, int, int]], words: list[str]) -> None:
    actual = BytePairs(_BYTES, tuple(merges))(tf.constant(words, tf.string))
    assert actual.to_list() == [_merge(word.encode(), merges) for word in words]


def test_long_words() -> None:
    merges = [(97, 97, 256), (256, 256, 257), (257, 97, 258)]
    words = ["a" * 601, "ab" * 100, "b"]
    actual = tf.function(BytePairs(_BYTES, tuple(merges)))(tf.constant(words))
    assert actual.to_list() == [_merge(word.encode(), merges) for word in words]


def test_a_byte_without_a_subword() -> None:
    with pytest.raises(ValueError, match=r"no subword is the byte 0 \('Ā'\)"):
        byte_pairs.byte_ids({chr(i): i for i in range(33, 127)})


def test_the_last_of_two_equal_merges_counts() -> None:
    vocabulary = {"a": 0, "b": 1, "ab": 2, "ba": 3}
    assert byte_pairs.merge_ids([("a", "b"), ("b", "a"), ("a", "b")], vocabulary) == ((1, 0, 3), (0, 1, 2))
