"""Splits a corpus: into train, dev and test, or into folds.

Every draw depends only on the seed and on the sentences' tokens: sentences are ranked by a hash of both.
Sentences with equal tokens stay together, so that no test sentence is seen in training, and every part keeps
the order of the corpus. Of documents, all sentences of one stay together, and the documents with it that are
nearly the same (`_alike`); then equal sentences of other documents may be apart.
"""

from __future__ import annotations

import collections
import hashlib
from collections.abc import Sequence

from jner_re.corpora.data_dir import SPLITS
from jner_re.errors import InputError
from jner_re.schema import Sentence

_MANY = 10  # documents
_LARGER = 1.1


def split(sentences: Sequence[Sentence], dev: float, test: float, seed: int) -> dict[str, list[Sentence]]:
    """Draws dev and test at random; the rest is train.

    Args:
      sentences: the corpus.
      dev: the fraction of the sentences to go to dev, as near as what stays together allows.
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
    drawn: dict[str, list[int]] = {}
    groups = kept_together(sentences, seed)
    left = groups
    for name, size in sizes.items():
        drawn[name], left = _drawn(left, size)
    drawn["train"] = [i for group in left for i in group]
    for name in SPLITS:
        if not drawn[name]:
            raise InputError(
                f"{name} would be empty: {_told(sentences, groups)} are too few for such a split"
            )
    return {name: [sentences[i] for i in sorted(drawn[name])] for name in SPLITS}


def hold_out(
    sentences: Sequence[Sentence], fraction: float, seed: int
) -> tuple[list[Sentence], list[Sentence]]:
    """Draws a part at random.

    Args:
      sentences: the corpus.
      fraction: of the sentences to draw, as near as what stays together allows.
      seed: of the draw.

    Returns:
      The rest, and what was drawn.

    Raises:
      InputError: the fraction is not between 0 and 1, or one of the two would be empty.
    """
    if not 0 < fraction < 1:
        raise InputError(f"fraction to hold out is {fraction:g}, expected more than 0 and less than 1")
    groups = kept_together(sentences, seed)
    drawn, _ = _drawn(groups, round(fraction * len(sentences)))
    if not 0 < len(drawn) < len(sentences):
        raise InputError(f"{_told(sentences, groups)} are too few to hold out {fraction:g} of them")
    held = set(drawn)
    parts: tuple[list[Sentence], list[Sentence]] = ([], [])
    for i, sentence in enumerate(sentences):
        parts[i in held].append(sentence)
    return parts


def folds(sentences: Sequence[Sentence], count: int, seed: int) -> list[list[Sentence]]:
    """Draws the test sets of a cross-validation: each sentence is in one of them.

    They are as equally large as what stays together allows.

    Args:
      sentences: the corpus.
      count: the number of folds, at least 2.
      seed: of the draw.

    Raises:
      InputError: there are fewer groups of what stays together than folds, or fewer than two folds.
    """
    groups = kept_together(sentences, seed)
    if not 2 <= count <= len(groups):
        raise InputError(
            f"{count} folds of {_told(sentences, groups)}, expected from 2 folds to one for each"
        )
    drawn: list[list[int]] = [[] for _ in range(count)]
    for group in groups:
        min(drawn, key=len).extend(group)
    return [[sentences[i] for i in sorted(fold)] for fold in drawn]


def _drawn(groups: Sequence[list[int]], size: int) -> tuple[list[int], list[list[int]]]:
    """A part of so many sentences, and the groups that are left.

    Groups that would make it larger by more than a tenth are passed over; if all would, it is the smallest.
    """
    part: list[int] = []
    left = []
    for group in groups:
        if len(part) < size and len(part) + len(group) <= max(_LARGER * size, size + 1):
            part += group
        else:
            left.append(group)
    if size and not part and len(left) > 1:
        smallest = min(left, key=len)
        left.remove(smallest)
        part = smallest
    return part, left


def _told(sentences: Sequence[Sentence], groups: Sequence[Sequence[int]]) -> str:
    """What may be apart, for messages."""
    of_documents = any(sentence.document for sentence in sentences)
    return f"{len(groups)} different {'documents' if of_documents else 'sentences'}"


def kept_together(sentences: Sequence[Sentence], seed: int) -> list[list[int]]:
    """The positions of sentences that stay together, in the order of the draw (see above)."""
    documents: dict[object, list[int]] = collections.defaultdict(list)
    for i, sentence in enumerate(sentences):
        documents[sentence.document or sentence.tokens].append(i)
    texts = [
        frozenset(part for i in document for part in sentences[i].parts()) for document in documents.values()
    ]
    ranks = {tokens: _rank(tokens, seed) for text in texts for tokens in text}
    groups: dict[int, list[int]] = collections.defaultdict(list)
    for group, document in zip(_alike(texts), documents.values(), strict=True):
        groups[group] += document

    def rank(group: list[int]) -> bytes:
        found = sorted({ranks[part] for i in group for part in sentences[i].parts()})
        return found[0] if len(found) == 1 else hashlib.sha256(b"".join(found)).digest()

    return sorted(map(sorted, groups.values()), key=rank)


def _alike(texts: Sequence[frozenset[tuple[str, ...]]]) -> list[int]:
    """The number of the group of each document.

    A document is in that of the longer one with which it has most sentences in common, if these are half of
    its own or more. Sentences of many documents, such as headings, don't count.

    Args:
      texts: the different sentences of each.
    """
    first: dict[frozenset[tuple[str, ...]], int] = {}
    group = [first.setdefault(text, number) for number, text in enumerate(texts)]
    different = sorted(first.values(), key=lambda number: -len(texts[number]))
    occurrences = collections.Counter(tokens for number in different for tokens in texts[number])
    having: dict[tuple[str, ...], list[int]] = collections.defaultdict(list)
    for number in different:
        rare = [tokens for tokens in texts[number] if 1 < occurrences[tokens] <= _MANY]
        common = collections.Counter(other for tokens in rare for other in having[tokens])
        if common:
            most = max(common.values())
            if 2 * most >= len(texts[number]):
                group[number] = group[min(other for other, count in common.items() if count == most)]
        for tokens in rare:
            having[tokens].append(number)
    return [group[group[number]] for number in range(len(texts))]


def _rank(tokens: tuple[str, ...], seed: int) -> bytes:
    return hashlib.sha256("\n".join((str(seed), *tokens)).encode()).digest()
