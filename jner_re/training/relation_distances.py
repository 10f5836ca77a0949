"""How rare relations are between entities of different sentences: where the biases of distances begin.

Nearly all pairs of entities that a passage holds are of different sentences, and hardly any of these are
related. Biases that begin at 0 are too slow for that, and what the other weights learn in their place costs
relations in a sentence (docs/results.md). So a training begins with what is known of its corpus, as is usual
for rare classes (Lin et al., "Focal Loss for Dense Object Detection", section 4.1).
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence

import numpy as np

from jner_re.schema import Sentence

_UNSEEN = 0.5  # added to each count


def log_odds(sentences: Sequence[Sentence], farthest: int) -> np.ndarray:
    """Of a pair of entities being related, by their distance in sentences, less those inside a sentence.

    Args:
      sentences: a corpus of documents.
      farthest: distance to look at.

    Returns:
      float32 [farthest + 1], the first of which is 0.
    """
    related, pairs = np.zeros(farthest + 1), np.zeros(farthest + 1)
    for sentence in sentences:
        numbers = [bisect.bisect_right(sentence.breaks, entity.start) for entity in sentence.entities]
        counts = np.bincount(numbers, minlength=len(sentence.breaks) + 1)
        pairs[0] += (counts * (counts - 1)).sum()
        for distance in range(1, min(farthest, len(counts) - 1) + 1):
            pairs[distance] += 2 * (counts[:-distance] * counts[distance:]).sum()
        for head, tail in {(relation.head, relation.tail) for relation in sentence.relations}:
            if (distance := abs(numbers[head] - numbers[tail])) <= farthest:
                related[distance] += 1
    found = np.log(related + _UNSEEN) - np.log(np.maximum(pairs - related, 0) + _UNSEEN)
    return (found - found[0]).astype(np.float32)
