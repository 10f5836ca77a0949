"""What the lines of texts are: parts of paragraphs that an editor wrapped, or paragraphs of their own."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable

from jner_re.corpora.corpus import Look
from jner_re.corpora.text_files import LINE_END

_GOES_ON = 0.2  # of the line ends; below it, lines are rather items of a list
_END = frozenset(".!?:;…。！？：；")  # of a sentence, or before a list
# Where an editor wraps lines, all but the last of a paragraph have nearly the length of the text's longest.
_FULL, _SHORTEST = 0.8, 20  # of it; characters


def look(texts: Iterable[str]) -> Look:
    """Chooses by how many lines go on with the sentence of the line before.

    A line does if it begins in lower case, or with a letter that has no case after a line of full length, and
    the line before ends no sentence.

    Args:
      texts: of a collection. Without a line end between two lines that are not blank, "wrapped".
    """
    ends = goes_on = 0
    for text in texts:
        lines = [line.strip() for line in LINE_END.split(text)]
        full = max(_FULL * max(map(len, lines)), _SHORTEST)
        for before, line in itertools.pairwise(lines):
            if before and line:
                ends += 1
                goes_on += before[-1] not in _END and (
                    line[0].islower() or (_has_no_case(line[0]) and len(before) >= full)
                )
    if not ends:
        return Look("wrapped", "no line follows another without a blank one between")
    lines_are = "wrapped" if goes_on >= _GOES_ON * ends else "separate"
    return Look(lines_are, f"{goes_on:,} of {ends:,} lines go on with the sentence of the line before")


def _has_no_case(character: str) -> bool:
    return unicodedata.category(character) == "Lo"
