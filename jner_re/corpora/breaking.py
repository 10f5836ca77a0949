"""Sentences that are too long for a model are broken, as the exported model breaks them."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import pathlib
from collections.abc import Sequence

from jner_re.corpora.corpus import Corpus, Finding, Loss
from jner_re.schema import Sentence, cut_out, keep_entities
from jner_re.text.long_sentences import MAX_TOKENS, break_points


def broken(corpus: Corpus, path: pathlib.Path, window: int = 1) -> Corpus:
    """The corpus with its long sentences broken, and a warning for each; entities and relations across go.

    Args:
      corpus: as a reader gives it.
      path: quoted in the warnings.
      window: how many sentences the model reads together; if several, pieces are sentences of a document.
    """
    sentences: list[Sentence] = []
    warnings = []
    for number, sentence in enumerate(corpus.sentences):
        pieces = _pieces(sentence, window)
        sentences += pieces
        if pieces != [sentence]:
            breaks = len(pieces) - 1 + len(pieces[0].breaks) - len(sentence.breaks)
            entities = len(sentence.entities) - sum(len(piece.entities) for piece in pieces)
            relations = len(sentence.relations) - sum(len(piece.relations) for piece in pieces)
            warnings.append(
                Finding(
                    str(path),
                    f"sentence {number} ({' '.join(sentence.tokens[:4])[:40] + ' …'!r})",
                    "length",
                    f"{max(map(len, sentence.parts()))} tokens",
                    f"at most {MAX_TOKENS}",
                    f"broken into {breaks + 1}; across the breaks and left out: "
                    f"{entities} entities, {relations} relations",
                    kind="warning",
                    loss=Loss("across a break of a long sentence", 1 - len(pieces), entities, relations),
                )
            )
    if not warnings:
        return corpus
    return dataclasses.replace(corpus, sentences=sentences, findings=[*corpus.findings, *warnings])


def _pieces(sentence: Sentence, window: int) -> list[Sentence]:
    begins = [0, *sentence.breaks]
    cuts = [
        begin + cut
        for begin, part in zip(begins, sentence.parts(), strict=True)
        for cut in break_points(part)
    ]
    if not cuts:
        return [sentence]
    if window > 1:
        return [_with_breaks(sentence, cuts, window)]
    bounds = [0, *cuts, len(sentence.tokens)]
    return [_piece(sentence, begin, end) for begin, end in itertools.pairwise(bounds)]


def _with_breaks(sentence: Sentence, cuts: Sequence[int], window: int) -> Sentence:
    """The sentences of a document with some broken; entities across the breaks go.

    So do relations that are too far apart now.
    """
    breaks = tuple(sorted((*sentence.breaks, *cuts)))
    numbers = [bisect.bisect_right(breaks, entity.start) for entity in sentence.entities]
    near = (pair for pair in sentence.relations if abs(numbers[pair.head] - numbers[pair.tail]) < window)
    whole = [i for i, e in enumerate(sentence.entities) if not any(e.start < cut < e.end for cut in cuts)]
    return keep_entities(dataclasses.replace(sentence, relations=tuple(near), breaks=breaks), whole)


def _piece(sentence: Sentence, begin: int, end: int) -> Sentence:
    inside = [i for i, e in enumerate(sentence.entities) if begin <= e.start and e.end <= end]
    return cut_out(sentence, begin, end, inside)
