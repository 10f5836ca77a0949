"""The scores of pairs: the same in blocks of heads as all at once, and in bounded memory."""

from __future__ import annotations

import numpy as np
import pytest

from jner_re.layers import pair_scorer
from jner_re.layers.pair_scorer import PairScorer

D, K, R = 5, 7, 3


def inputs(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two sentences of 40 tokens with `count` entities, the second with one less."""
    random = np.random.default_rng(count)
    starts = np.sort(np.stack([random.choice(36, count, replace=False) for _ in range(2)]), axis=1)
    spans = np.stack([starts, starts + random.integers(1, 3, starts.shape)], axis=-1).astype(np.int32)
    spans[1, count - 1 :] = 0
    states = random.normal(size=(2, 40, D)).astype(np.float32)
    return states, random.integers(0, K, (2, 40)).astype(np.int32), spans


@pytest.mark.parametrize("pairs_at_once", [1, 5, 14, 30, 1000])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_blocks_change_nothing(count: int, pairs_at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = PairScorer(K, R, 3, 6, "tanh", 0.0, 4, 0.0)
    states, tag_ids, spans = inputs(count)
    expected = scorer(states, tag_ids, spans, training=True)  # nothing is dropped, all pairs at once
    monkeypatch.setattr(pair_scorer, "_PAIRS_AT_ONCE", pairs_at_once)
    found = scorer(states, tag_ids, spans, training=False)
    assert found.shape == (2, count, count, R)
    np.testing.assert_allclose(found, expected, atol=1e-6)
