"""What the lines of texts are: parts of paragraphs that an editor wrapped, or paragraphs of their own."""

from __future__ import annotations

from collections.abc import Iterable

from jner_re.corpora.corpus import Look
from jner_re.corpora.text_files import LINE_END

_GOES_ON = 0.2  # of the line ends; below it, a line that begins in lower case is rather an item of a list


def look(texts: Iterable[str]) -> Look:
    """Chooses by how many lines go on in lower case with the sentence of the line before.

    Args:
      texts: of a collection. Without a line end between two lines that are not blank, "wrapped".
    """
    ends = goes_on = 0
    for text in texts:
        before = ""
        for line in map(str.strip, LINE_END.split(text)):
            if before and line:
                ends += 1
                goes_on += line[0].islower() and before[-1] not in ".!?:;"
            before = line
    if not ends:
        return Look("wrapped", "no line follows another without a blank one between")
    lines = "wrapped" if goes_on >= _GOES_ON * ends else "separate"
    return Look(
        lines, f"{goes_on:,} of {ends:,} lines go on in lower case with the sentence of the line before"
    )
