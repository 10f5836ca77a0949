"""Where a text is broken into lines."""

from __future__ import annotations

import dataclasses
import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence

from jner_re.drawing.characters import clean
from jner_re.drawing.drawable import Drawable, label
from jner_re.drawing.sizes import LABEL_SIZE, MARGIN, PADDING, WORD_SIZE, width

LINE_WIDTH = 850.0  # a hundred characters; a longer line is broken where it can be
# Chinese and Japanese characters, between which lines may be broken; no punctuation.
_CJK = "\u2e80-\u2fdf\u3041-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
_CAN_BEGIN_A_LINE = re.compile(f"[{_CJK}]")
_WIDEST = 2  # widths of a line that relations hold together
_CLOSING = frozenset(".,:;!?%…、。，．：；！？")  # besides brackets and quotes
_LINE_BREAK = re.compile("[\n\r\u2028\u2029]")
_WORD = re.compile(rf"[{_CJK}]?[^\s{_CJK}]+|[{_CJK}]")


@dataclasses.dataclass(frozen=True)
class Piece:
    """An entity, or text that is in none.

    Attributes:
      text: what is to be drawn.
      start: place in the document.
      space: what the white space before it counts as: a line break ("\\n"), one space, or none ("").
      entity: its index.
    """

    text: str
    start: int
    space: str
    entity: int | None = None

    @property
    def can_begin_a_line(self) -> bool:
        """After white space, and with Chinese and Japanese characters; not with marks that close a word."""
        if self.entity is None and all(_is_closing(character) for character in self.text):
            return False
        return bool(self.space or _CAN_BEGIN_A_LINE.match(self.text))


def lines(document: Drawable, line_width: float = LINE_WIDTH) -> Iterator[list[Piece]]:
    """The pieces of each line: up to a line break, as many as fit, or as many as relations hold together.

    Relations hold no more than _WIDEST lines' width together, and nothing across a line break.
    """
    reach = _reach(document)
    line: list[Piece] = []
    whole: list[Piece] = []  # what cannot be broken
    taken, whole_width, linked = 2 * MARGIN, 0.0, -1
    for piece in itertools.chain(_pieces(document), [None]):
        is_loose = piece is None or piece.start > linked or piece.space == "\n"
        is_wide = taken + whole_width > _WIDEST * line_width
        if piece is None or (piece.can_begin_a_line and (is_loose or is_wide)):
            is_full = taken + whole_width > line_width
            if line and (is_full or whole[0].space == "\n"):
                yield _joined(line)
                line, taken = [], 2 * MARGIN
            line += whole
            taken += whole_width
            whole, whole_width = [], 0.0
        if piece is not None:
            whole.append(piece)
            whole_width += _width(piece, document)
            linked = max(linked, reach.get(piece.entity, -1))
    if line:
        yield _joined(line)


def _width(piece: Piece, document: Drawable) -> float:
    """The piece's, with the space before it; arcs may need more."""
    space = width(" ", WORD_SIZE) if piece.space else 0.0
    word = width(piece.text, WORD_SIZE)
    if piece.entity is None:
        return space + word
    return space + max(word, width(label(document.entities[piece.entity]), LABEL_SIZE)) + 2 * PADDING + 2


def _reach(document: Drawable) -> dict[int | None, int]:
    """An entity to the start of the furthest one that a relation joins it with, or of its own."""
    reach: dict[int | None, int] = {}
    for link in document.relations:
        start = max(document.entities[i].start for i in (link.head, link.tail))
        for i in (link.head, link.tail):
            reach[i] = max(reach.get(i, -1), start)
    return reach


def _pieces(document: Drawable) -> Iterator[Piece]:
    """The entities, and between them the words, or Chinese and Japanese characters."""
    text = document.text
    position = 0
    for index, entity in sorted(enumerate(document.entities), key=lambda item: item[1].start):
        if entity.start >= position:
            yield from _words(text, position, entity.start)
            covered = " ".join(text[entity.start : entity.end].split())
            yield Piece(clean(covered), entity.start, _space(text, entity.start), index)
            position = entity.end
    yield from _words(text, position, len(text))


def _words(text: str, start: int, end: int) -> Iterator[Piece]:
    for match in _WORD.finditer(text, start, end):
        yield Piece(clean(match.group()), match.start(), _space(text, match.start()))


def _is_closing(character: str) -> bool:
    return character in _CLOSING or unicodedata.category(character) in ("Pe", "Pf")


def _space(text: str, end: int) -> str:
    """What the white space that ends at a place counts as."""
    start = end
    while start and text[start - 1].isspace():
        start -= 1
    if start in (0, end):
        return " " if start < end else ""
    return "\n" if _LINE_BREAK.search(text, start, end) else " "


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Neighbours that are in no entity as one piece."""
    joined: list[Piece] = []
    for _, group in itertools.groupby(pieces, key=lambda piece: piece.entity):
        first, *others = group
        text = first.text + "".join(" " * len(piece.space) + piece.text for piece in others)
        joined.append(dataclasses.replace(first, text=text))
    return joined
