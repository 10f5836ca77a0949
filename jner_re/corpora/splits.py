"""Splits a corpus: into train, dev and test, or into folds.

Every draw depends only on the seed and on the sentences' tokens: sentences are ranked by a hash of both.
Sentences with equal tokens stay together, so that no test sentence is seen in training, and every part keeps
the order of the corpus. Of documents, all sentences of one stay together, and those of two that have half of
the sentences of the shorter one in common; then equal sentences of other documents may be apart.
"""

from __future__ import annotations

import collections
import hashlib
from collections.abc import Sequence

from jner_re.corpora.data_dir import SPLITS
from jner_re.errors import InputError
from jner_re.schema import Sentence


def split(sentences: Sequence[Sentence], dev: float, test: float, seed: int) -> dict[str, list[Sentence]]:
    """Draws dev and test at random; the rest is train.

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
    sizes = {"test": round(test * len(sentences)), "dev": round(dev * len(sentences))}
    drawn: dict[str, list[int]] = {name: [] for name in SPLITS}
    for group in _groups(sentences, seed):
        target = next((name for name, size in sizes.items() if len(drawn[name]) < size), "train")
        drawn[target] += group
    for name in SPLITS:
        if not drawn[name]:
            raise InputError(
                f"{name} would be empty: {len(sentences)} sentences are too few for such a split"
            )
    return {name: [sentences[i] for i in sorted(drawn[name])] for name in SPLITS}


def hold_out(
    sentences: Sequence[Sentence], fraction: float, seed: int
) -> tuple[list[Sentence], list[Sentence]]:
    """Draws a part at random.

    Args:
      sentences: the corpus.
      fraction: the fraction of the sentences to draw, to the nearest sentence.
      seed: of the draw.

    Returns:
      The rest, and what was drawn.

    Raises:
      InputError: the fraction is not between 0 and 1, or one of the two would be empty.
    """
    if not 0 < fraction < 1:
        raise InputError(f"fraction to hold out is {fraction:g}, expected more than 0 and less than 1")
    drawn: set[int] = set()
    for group in _groups(sentences, seed):
        if len(drawn) < round(fraction * len(sentences)):
            drawn.update(group)
    if not 0 < len(drawn) < len(sentences):
        raise InputError(f"{len(sentences)} sentences are too few to hold out {fraction:g} of them")
    parts: tuple[list[Sentence], list[Sentence]] = ([], [])
    for i, sentence in enumerate(sentences):
        parts[i in drawn].append(sentence)
    return parts


def folds(sentences: Sequence[Sentence], count: int, seed: int) -> list[list[Sentence]]:
    """Draws the test sets of a cross-validation: each sentence is in one of them, and they are equally large.

    Args:
      sentences: the corpus.
      count: the number of folds, at least 2.
      seed: of the draw.

    Raises:
      InputError: there are fewer different sentences than folds, or fewer than two folds.
    """
    groups = _groups(sentences, seed)
    if not 2 <= count <= len(groups):
        raise InputError(
            f"{count} folds of {len(groups)} different sentences, expected from 2 folds to one a sentence"
        )
    drawn: list[list[int]] = [[] for _ in range(count)]
    for group in groups:
        min(drawn, key=len).extend(group)
    return [[sentences[i] for i in sorted(fold)] for fold in drawn]


def _groups(sentences: Sequence[Sentence], seed: int) -> list[list[int]]:
    """Positions of sentences that stay together, in the order of the draw."""
    documents: dict[object, list[int]] = collections.defaultdict(list)
    for i, sentence in enumerate(sentences):
        documents[sentence.document or sentence.tokens].append(i)
    ranks = {tokens: _rank(tokens, seed) for tokens in {sentence.tokens for sentence in sentences}}
    groups = [
        sorted(i for document in alike for i in document)
        for alike in _alike(list(documents.values()), sentences)
    ]
    return sorted(groups, key=lambda group: min(ranks[sentences[i].tokens] for i in group))


def _alike(documents: list[list[int]], sentences: Sequence[Sentence]) -> list[list[list[int]]]:
    """Groups of documents: each has half of its sentences or more in common with a longer one.

    Args:
      documents: positions of the sentences of each.
      sentences: of all.
    """
    texts = [{sentences[i].tokens for i in document} for document in documents]
    having: dict[tuple[str, ...], list[int]] = collections.defaultdict(list)
    parent = list(range(len(documents)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for number in sorted(range(len(documents)), key=lambda number: -len(texts[number])):
        common = collections.Counter(other for tokens in texts[number] for other in having[tokens])
        for other, count in common.items():
            if 2 * count >= len(texts[number]):
                parent[root(number)] = root(other)
        for tokens in texts[number]:
            having[tokens].append(number)
    groups: dict[int, list[list[int]]] = collections.defaultdict(list)
    for number, document in enumerate(documents):
        groups[root(number)].append(document)
    return list(groups.values())


def _rank(tokens: tuple[str, ...], seed: int) -> bytes:
    return hashlib.sha256("\n".join((str(seed), *tokens)).encode()).digest()
