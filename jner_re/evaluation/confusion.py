"""Which types of entities are taken for which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jner_re.schema import Sentence


def confusion(
    gold: Sequence[Sentence], predicted: Sequence[Sentence], entity_types: Sequence[str]
) -> np.ndarray:
    """Counts entities by gold and predicted type, where the spans are the same.

    Args:
      gold: annotated sentences.
      predicted: the same sentences with predicted entities; in neither do entities overlap.
      entity_types: the E types of both.

    Returns:
      int [E + 1, E + 1], rows gold, columns predicted. The last column counts gold spans that are not
      predicted, the last row predicted spans that are not gold; their corner is 0.
    """
    index = {name: i for i, name in enumerate(entity_types)}
    none = len(index)
    counts = np.zeros([none + 1, none + 1], int)
    for theirs, ours in zip(gold, predicted, strict=True):
        expected = {(entity.start, entity.end): index[entity.type] for entity in theirs.entities}
        found = {(entity.start, entity.end): index[entity.type] for entity in ours.entities}
        for span in expected.keys() | found.keys():
            counts[expected.get(span, none), found.get(span, none)] += 1
    return counts
