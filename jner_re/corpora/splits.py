"""Splits a corpus into train, dev and test."""

from __future__ import annotations

import collections
import hashlib
from collections.abc import Sequence

from jner_re.corpora.data_dir import SPLITS
from jner_re.errors import InputError
from jner_re.schema import Sentence


def split(sentences: Sequence[Sentence], dev: float, test: float, seed: int) -> dict[str, list[Sentence]]:
    """Draws dev and test at random; the rest is train.

    The draw depends only on the seed and on the sentences' tokens: sentences are ranked by a hash of both.
    Sentences with equal tokens stay together, so that no test sentence is seen in training, and every split
    keeps the order of the corpus.

    Args:
      sentences: the corpus.
      dev: the fraction of the sentences to go to dev, to the nearest sentence.
      test: likewise for test.
      seed: of the draw.

    Returns:
      The sentences of "train", "dev" and "test".

    Raises:
      InputError: a fraction is not between 0 and 1, or a split would be empty.
    """
    for name, fraction in (("dev", dev), ("test", test), ("dev and test together", dev + test)):
        if not 0 < fraction < 1:
            raise InputError(f"fraction for {name} is {fraction:g}, expected more than 0 and less than 1")
    groups: dict[tuple[str, ...], list[int]] = collections.defaultdict(list)
    for i, sentence in enumerate(sentences):
        groups[sentence.tokens].append(i)
    sizes = {"test": round(test * len(sentences)), "dev": round(dev * len(sentences))}
    drawn: dict[str, list[int]] = {name: [] for name in SPLITS}
    for tokens in sorted(groups, key=lambda tokens: _rank(tokens, seed)):
        target = next((name for name, size in sizes.items() if len(drawn[name]) < size), "train")
        drawn[target] += groups[tokens]
    for name in SPLITS:
        if not drawn[name]:
            raise InputError(
                f"{name} would be empty: {len(sentences)} sentences are too few for such a split"
            )
    return {name: [sentences[i] for i in sorted(drawn[name])] for name in SPLITS}


def _rank(tokens: tuple[str, ...], seed: int) -> bytes:
    return hashlib.sha256("\n".join((str(seed), *tokens)).encode()).digest()
