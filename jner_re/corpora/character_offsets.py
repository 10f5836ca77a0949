"""Offsets into a text that a tool counted in other units than code points, told by the texts it quotes.

Tools count code points, UTF-16 units (JavaScript) or bytes; a line end of two characters (CRLF) as one, as
brat does, or one of a single character as two, where the line ends were changed afterwards; and a byte order
mark as a character or not. Each such combination is a reading of the offsets.
"""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

Spans = Sequence[tuple[int, int]]

_SPACE = re.compile(r"\s+")
_MORE_SPACE = 100  # characters of white space that a text may have more than its quotation


class Quote(NamedTuple):
    """A text that an annotation quotes, and where it says that it stands.

    Attributes:
      spans: the parts of the text, (start, end) with an exclusive end.
      text: the parts as quoted, joined by a space.
    """

    spans: tuple[tuple[int, int], ...]
    text: str


class Reading:
    """One way to count: translates offsets into code points.

    Attributes:
      name: of the units, for messages; "code points" if nothing is to be translated.
    """

    def __init__(self, name: str, positions: Sequence[float] | None = None) -> None:
        """Makes a reading.

        Args:
          name: of the units.
          positions: the offset of every code point of the text and of its end, no whole number where none
            can lead; None for code points.
        """
        self.name, self._positions = name, positions

    def spans(self, spans: Spans) -> tuple[tuple[int, int], ...] | None:
        """The spans in code points; None if one begins or ends inside a character or beyond the text."""
        if self._positions is None:
            return tuple(spans)
        found = []
        for offset in itertools.chain.from_iterable(spans):
            place = bisect.bisect_left(self._positions, offset)
            if place == len(self._positions) or self._positions[place] != offset:
                return None
            found.append(place)
        return tuple(zip(found[::2], found[1::2], strict=True))


def fits(text: str, spans: Spans | None, quoted: str) -> bool:
    """Whether the text has what is quoted at the spans; white space may differ.

    Args:
      text: the document.
      spans: (start, end) in code points, or None, which never fits.
      quoted: the parts at the spans, joined by a space, or all of the text from the first to the last.
    """
    if spans is None or not all(0 <= start < end <= len(text) for start, end in spans):
        return False
    if len(spans) == 1:
        return _has(text, spans, quoted)
    whole = (min(spans)[0], max(end for _, end in spans))
    return _has(text, spans, quoted) or _has(text, [whole], quoted)


@dataclasses.dataclass(frozen=True)
class Fit:
    """How offsets are to be read.

    Attributes:
      reading: under which most quoted texts fit; of several the one nearest to code points.
      fitting: for each quote whether it fits.
      tried: the names of the readings that were tried, for messages.
    """

    reading: Reading
    fitting: list[bool]
    tried: str


def find_reading(text: str, quotes: Sequence[Quote], byte_order_mark: bool = False) -> Fit:
    """Tries readings, from code points on, until all quoted texts fit.

    Args:
      text: the document, without its byte order mark.
      quotes: what is said to stand in it.
      byte_order_mark: whether the file has one, which may be counted.
    """
    best: Reading | None = None
    most: list[bool] = []
    tried = []
    for reading in _readings(text, byte_order_mark):
        fitting = [fits(text, reading.spans(quote.spans), quote.text) for quote in quotes]
        tried.append(reading.name)
        if best is None or sum(fitting) > sum(most):
            best, most = reading, fitting
        if all(most):
            break
    assert best
    return Fit(best, most, ", ".join(tried))


def _readings(text: str, byte_order_mark: bool) -> Iterator[Reading]:
    """All readings that differ for this text, the ones with the fewest changes first."""
    yield Reading("code points")
    units = ["code points"]
    if max(text, default="") > "\uffff":
        units.append("UTF-16 units")
    if not text.isascii():
        units.append("bytes")
    line_ends = [""]
    if "\r\n" in text:
        line_ends.append("CRLF as one")
    elif "\n" in text:
        line_ends.append("line ends as two")
    marks = ["", "the byte order mark counted"] if byte_order_mark else [""]
    combinations = itertools.product(marks, units, line_ends)
    for mark, unit, line_end in sorted(combinations, key=_changes):
        changes = " and ".join(filter(None, (line_end, mark)))
        name = f"{unit} with {changes}" if changes else unit
        if name != "code points":
            yield Reading(name, _positions(text, unit, line_end, bool(mark)))


def _changes(combination: tuple[str, str, str]) -> int:
    return sum(name not in ("", "code points") for name in combination)


def _positions(text: str, unit: str, line_end: str, mark: bool) -> list[int]:
    if unit == "bytes":
        widths = [len(character.encode()) for character in text]
    else:
        widths = [1 + (unit == "UTF-16 units" and character > "\uffff") for character in text]
    if line_end == "CRLF as one":
        for match in re.finditer("\r\n", text):
            widths[match.start()] = 0
    elif line_end:
        for match in re.finditer("\n", text):
            widths[match.start()] = 2
    first = (3 if unit == "bytes" else 1) if mark else 0
    return list(itertools.accumulate(widths, initial=first))


def _has(text: str, spans: Spans, quoted: str) -> bool:
    if sum(end - start for start, end in spans) > 2 * len(quoted) + _MORE_SPACE:
        return False
    parts = " ".join(text[start:end] for start, end in spans)
    return parts == quoted or _plain(parts) == _plain(quoted)


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
