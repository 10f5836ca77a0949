"""What doccano counts: UTF-16 units, or grapheme clusters if the project says so; scripts count code points.

Its annotator runs in a browser and stores places of JavaScript strings, which nothing translates afterwards;
with the project's option "Count grapheme clusters as one character" it stores numbers of clusters.
"""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Sequence

from jner_re import extras
from jner_re.corpora.character_offsets import Reading, Spans

UNITS = ("utf16", "code_points", "graphemes")
DEFAULT = "utf16"


def reading(text: str, units: str) -> Reading:
    """How offsets into a text are read.

    Args:
      text: the document.
      units: one of `UNITS`.

    Raises:
      InputError: the package that finds grapheme clusters is missing.
    """
    if units == "utf16":
        return Reading(units, utf16_offsets(text))
    if units == "graphemes":
        return Reading(units, _grapheme_offsets(text))
    return Reading("code_points")


def utf16_offsets(text: str) -> list[int]:
    """The offset of every code point of a text and of its end, in UTF-16 units."""
    return list(itertools.accumulate((1 + (character > "\uffff") for character in text), initial=0))


def usable() -> list[str]:
    """Those of `UNITS` that can be counted with what is installed."""
    has_clusters = importlib.util.find_spec("regex") is not None
    return [units for units in UNITS if has_clusters or units != "graphemes"]


def differ(text: str) -> bool:
    """Whether the units differ in a text: it has more than ASCII, or line ends of two characters."""
    return not text.isascii() or "\r\n" in text


def count_misfits(text: str, spans: Spans, units: str) -> int:
    """How many spans lead out of the text, cut a word, or begin or end with white space."""
    read = reading(text, units)
    return sum(_is_misfit(text, read.spans([span])) for span in spans)


def _is_misfit(text: str, spans: Spans | None) -> bool:
    if not spans:
        return True
    [(start, end)] = spans
    if not 0 <= start < end <= len(text):
        return True
    return text[start].isspace() or text[end - 1].isspace() or _cuts(text, start) or _cuts(text, end)


def _cuts(text: str, place: int) -> bool:
    """Whether a place is inside of a word, as far as its script tells: letters with case, and digits."""
    around = text[place - 1 : place + 1] if place else ""
    return len(around) == 2 and all(
        character.isdigit() or character.lower() != character.upper() for character in around
    )


def _grapheme_offsets(text: str) -> Sequence[float]:
    """The offset of every code point and of the end; inside of a cluster it is no whole number."""
    try:
        import regex
    except ImportError:
        raise extras.missing("regex", "annotation") from None
    clusters = regex.findall(r"\X", text)
    offsets: list[float] = []
    for number, cluster in enumerate(clusters):
        offsets += [number, *[number + 0.5] * (len(cluster) - 1)]
    return [*offsets, len(clusters)]
