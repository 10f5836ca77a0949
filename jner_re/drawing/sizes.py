"""Sizes that decide where lines are broken and boxes are drawn, in pixels."""

from __future__ import annotations

from jner_re.drawing.characters import columns

WORD_SIZE, LABEL_SIZE = 14.0, 11.0  # of the font
MARGIN, PADDING = 4.0, 5.0  # at the ends of a line; in a box at its sides
_COLUMN = 0.6  # width of a character, by the font size


def width(text: str, size: float) -> float:
    """The width of a text in a font of some size; of an empty one that of a character."""
    return max(columns(text), 1) * size * _COLUMN
