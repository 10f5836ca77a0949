"""What characters are to a drawing: their width, their direction, and which of them XML forbids."""

from __future__ import annotations

import re
import unicodedata

_FORBIDDEN = re.compile("[^\t\n\r\\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """The text with U+FFFD for what XML 1.0 forbids: control characters and halves of surrogate pairs."""
    return _FORBIDDEN.sub("\ufffd", text)


def columns(text: str) -> int:
    """How many columns of a monospaced font a text takes.

    Wide characters (East Asian, emoji) take two, combining marks and what follows a zero-width joiner none.
    """
    if text.isascii():
        return len(text)
    width = last = 0
    joined = False
    for character in text:
        if character == "\ufe0f":  # what is before it becomes an emoji
            width, last = width + (last == 1), 2
        elif joined or (last == 2 and "\U0001f3fb" <= character <= "\U0001f3ff"):  # a tone of skin
            pass
        elif unicodedata.category(character) not in ("Mn", "Me", "Cf"):
            last = 2 if unicodedata.east_asian_width(character) in "WF" else 1
            width += last
        joined = character == "\u200d"
    return width


def is_right_to_left(text: str) -> bool:
    """Whether the first character with a direction is one from right to left, as HTML's dir="auto" has it."""
    directions = (unicodedata.bidirectional(character) for character in text)
    return next((found for found in directions if found in ("L", "R", "AL")), "L") != "L"
