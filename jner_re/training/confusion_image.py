"""A confusion matrix as a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_FONT_SIZE = 18
_PADDING = 12
_CELL_HEIGHT = 44
_RIGHT, _WRONG = (46, 125, 50), (198, 40, 40)  # a cell with all of its row's entities


def confusion_image(counts: np.ndarray, entity_types: Sequence[str]) -> np.ndarray:
    """Draws what `confusion` counts: a cell is the darker the more of its row's entities it has.

    The font has few letters, so that others than ASCII's are written as "\\xdc" or "\\u65e5".

    Args:
      counts: int [E + 1, E + 1], rows gold, columns predicted, the last of both for none.
      entity_types: the E types.

    Returns:
      uint8 [height, width, 3].
    """
    font = ImageFont.load_default(_FONT_SIZE)
    names = [name.encode("ascii", "backslashreplace").decode() for name in (*entity_types, "none")]
    cell_width = int(max(font.getlength(text) for text in [*names, str(counts.max())])) + 2 * _PADDING
    left = int(max(font.getlength(name) for name in [*names, "gold"])) + 2 * _PADDING
    top = 2 * _CELL_HEIGHT
    size = (left + cell_width * len(names), top + _CELL_HEIGHT * len(names))
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)

    def write(x: float, y: float, text: str, color: str = "black", anchor: str = "mm") -> None:
        draw.text((x, y), text, color, font, anchor)

    def center(i: int) -> float:
        return _CELL_HEIGHT * (i + 0.5)

    write(left + cell_width * len(names) / 2, center(0), "predicted")
    write(_PADDING, center(1), "gold", anchor="lm")
    totals = np.maximum(counts.sum(axis=1), 1)
    for row, name in enumerate(names):
        write(left + cell_width * (row + 0.5), center(1), name)
        write(_PADDING, top + center(row), name, anchor="lm")
        for column, count in enumerate(counts[row]):
            share = count / totals[row]
            x, y = left + cell_width * column, top + _CELL_HEIGHT * row
            fill = _tint(_RIGHT if row == column else _WRONG, share)
            draw.rectangle((x, y, x + cell_width - 2, y + _CELL_HEIGHT - 2), fill)
            if (row, column) != (len(entity_types), len(entity_types)):
                color = "white" if share > 0.75 else "black"
                write(x + cell_width / 2, y + _CELL_HEIGHT / 2, str(count), color)
    return np.asarray(image)


def _tint(color: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    """From light grey (0) to `color` (1)."""
    red, green, blue = (round(240 + share * (part - 240)) for part in color)
    return red, green, blue
