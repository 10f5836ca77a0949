"""Growing parts of a training corpus: drawn by chance, or chosen by the model of the part before."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from jner_re.schema import Sentence

Group = list[int]  # positions of sentences that stay together


def first(groups: Sequence[Group], size: int) -> list[Group]:
    """The first groups with at least so many sentences, or all."""
    part: list[Group] = []
    count = 0
    for group in groups:
        if count >= size:
            break
        part.append(group)
        count += len(group)
    return part


def sentences_of(sentences: Sequence[Sentence], groups: Sequence[Group]) -> tuple[Sentence, ...]:
    """In the order of the corpus."""
    return tuple(sentences[i] for i in sorted(i for group in groups for i in group))


def chosen(
    sentences: Sequence[Sentence], groups: Sequence[Group], model: pathlib.Path, by: str
) -> list[Group]:
    """Groups in the order in which `selection.select` would have them annotated; those it passes over, last.

    Args:
      sentences: the corpus. Nobody looks at its annotation.
      groups: to be ordered.
      model: a model directory.
      by: as of `selection.select`.
    """
    from jner_re.document import Document, Token
    from jner_re.extraction.selection import Read, select
    from jner_re.features.cache import feature_cache
    from jner_re.models import model_dir, uncertainty

    trained = uncertainty.with_log_probability(model_dir.load(model))
    tokens = [sentences[i].tokens for group in groups for i in group]
    corpus = trained.inputs.corpus([Sentence(each, (), ()) for each in tokens], feature_cache())
    found = iter(uncertainty.of_corpus(trained, corpus))
    read = []
    for group in groups:
        words = tuple(tuple(Token(word, 0, 0) for word in sentences[i].tokens) for i in group)
        read.append(Read(Document(""), tuple(next(found) for _ in group), words))
    order = [each.number for each in select(read, len(read), by)]
    left = sorted(set(range(len(groups))) - set(order))
    return [groups[i] for i in [*order, *left]]
