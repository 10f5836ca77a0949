"""Which sentences a passage reads and decides."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from jner_re.features.passages import MAX_TOKENS, cut

LENGTHS = st.lists(st.sampled_from([1, 7, 20, 300, 900]), max_size=40)


def test_by_hand() -> None:
    assert cut([5] * 9, 3, 4) == [(0, 0, 6, 8), (4, 6, 9, 9)]
    assert cut([5] * 8, 3, 4) == [(0, 0, 8, 8)]
    assert cut([5] * 3, 1, 1) == [(0, 0, 1, 1), (1, 1, 2, 2), (2, 2, 3, 3)]
    assert cut([], 3, 4) == []


@given(LENGTHS, st.integers(1, 5), st.integers(1, 9))
def test_each_sentence_and_pair_is_decided_once_with_its_context(
    lengths: list[int], window: int, step: int
) -> None:
    passages = cut(lengths, window, step)
    count = len(lengths)
    assert [number for p in passages for number in range(p.first, p.last)] == list(range(count))
    for passage in passages:
        for number in range(passage.first, passage.last):
            around = range(max(number - window + 1, 0), min(number + window, count))
            assert passage.start <= around[0] and around[-1] < passage.end
        several = passage.last - passage.first > 2 * window - 1
        assert not several or sum(lengths[passage.start : passage.end]) <= MAX_TOKENS
    for early, late in itertools.pairwise(passages):
        assert early.start < late.start


@given(st.integers(1, 400), st.integers(1, 5), st.integers(1, 9))
def test_what_is_read_grows_with_the_document_alone(count: int, window: int, step: int) -> None:
    read = sum(p.end - p.start for p in cut([10] * count, window, step))
    assert read <= count * (step + 2 * (window - 1)) / step + 2 * window
