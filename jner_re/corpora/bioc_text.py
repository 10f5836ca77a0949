"""The text of a BioC document: its passages and sentences, put together, and how its places are counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from jner_re.corpora.character_offsets import Quote, Reading, fits

_UNITS: dict[str, Callable[[str], int]] = {
    "code points": lambda character: 1,
    "UTF-16 units": lambda character: 1 + (character > "\uffff"),
    "bytes": lambda character: len(character.encode()),
}


class Segment(NamedTuple):
    """A piece of text and where it stands.

    Attributes:
      offset: in the document, in units that only the quoted texts tell.
      text: of it.
      gap: the character that stands before it if it does not follow the one before directly.
      field: its name, for messages.
    """

    offset: int
    text: str
    gap: str
    field: str


class Assembled(NamedTuple):
    """A document's text under one reading of its places.

    Attributes:
      text: of all segments.
      reading: translates the places of the file.
      fitting: how many quoted texts stand at their places.
      overlap: the first segment that begins before the end of the one before; None if there is none.
    """

    text: str
    reading: Reading
    fitting: int
    overlap: Segment | None


def assemble(segments: Sequence[Segment], quotes: Sequence[Quote]) -> Assembled:
    """The text under the unit in which no segments overlap and most quotes fit; of several the first.

    Args:
      segments: in the order of the file.
      quotes: what annotations say stands where.
    """
    whole = "".join(segment.text for segment in segments)
    units = ["code points"]
    if max(whole, default="") > "\uffff":
        units.append("UTF-16 units")
    if not whole.isascii():
        units.append("bytes")
    found = []
    for unit in units:
        text, positions, overlap = _joined(segments, _UNITS[unit])
        reading = Reading(unit, positions)
        fitting = sum(fits(text, reading.spans(quote.spans), quote.text) for quote in quotes)
        found.append(Assembled(text, reading, fitting, overlap))
        if fitting == len(quotes) and overlap is None:
            break
    return max(found, key=lambda assembled: (assembled.overlap is None, assembled.fitting))


def _joined(
    segments: Sequence[Segment], width: Callable[[str], int]
) -> tuple[str, list[int], Segment | None]:
    """The text, the place of each of its characters and of its end, and the first segment that overlaps."""
    characters: list[str] = []
    positions: list[int] = []
    place = segments[0].offset if segments else 0
    for segment in segments:
        if segment.offset < place:
            return "", [0], segment
        if segment.offset > place:  # one character stands for a gap of any length
            characters.append(segment.gap)
            positions.append(place)
        place = segment.offset
        for character in segment.text:
            characters.append(character)
            positions.append(place)
            place += width(character)
    return "".join(characters), [*positions, place], None
