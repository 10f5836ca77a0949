"""Passages: what a model reads of a document whose relations may join entities of several sentences.

With a window of K sentences, a document is read in passages that overlap. A passage decides `step` sentences
in its middle, and reads K - 1 more on either side, as far as there are so many. So

- each sentence is decided once, in a passage with its K - 1 neighbours on either side,
- each pair of sentences less than K apart is in the passage that decides the later one,
- what is read grows with the document, and not with its square.

With a window of 1 and a step of 1, passages are sentences.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

MAX_TOKENS = 2048  # of a passage that decides several sentences


class Passage(NamedTuple):
    """Consecutive sentences of a document, `[start, end)`, of which it decides `[first, last)`.

    The numbers count the document's sentences from 0. Entities before `first` are those that the passage
    before has decided; what is after `last` is context alone.
    """

    start: int
    first: int
    last: int
    end: int


def cut(lengths: Sequence[int], window: int, step: int) -> list[Passage]:
    """The passages of a document.

    Args:
      lengths: of its sentences, in tokens.
      window: K.
      step: sentences that a passage decides; the first and the last one of a document decide up to K - 1
        more. Where a passage would have more than MAX_TOKENS tokens, those of its document decide one each.
    """
    count = len(lengths)
    margin = window - 1
    totals = np.concatenate([[0], np.cumsum(lengths)])
    size = step + 2 * margin
    longest = max((int(totals[min(i + size, count)] - totals[i]) for i in range(0, count, step)), default=0)
    if longest > MAX_TOKENS:
        step, size = 1, 1 + 2 * margin
    number = 1 + max(-(-(count - size) // step), 0) if count else 0
    return [
        Passage(
            i * step,
            i * step + margin if i else 0,
            i * step + margin + step if i + 1 < number else count,
            min(i * step + size, count),
        )
        for i in range(number)
    ]
