"""Where a text is broken into lines."""

from __future__ import annotations

import dataclasses
import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence

from jner_re.drawing.characters import clean, columns
from jner_re.drawing.drawable import Drawable

_LINE_COLUMNS = 100  # a longer line is broken where it can be
# Chinese and Japanese characters, between which lines may be broken; no punctuation.
_CJK = "\u2e80-\u2fdf\u3041-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
_CAN_BEGIN_A_LINE = re.compile(f"[{_CJK}]")
_CLOSING = frozenset(".,:;!?%…、。，．：；！？")  # besides brackets and quotes
_WORD = re.compile(rf"[{_CJK}]?[^\s{_CJK}]+|[{_CJK}]")


@dataclasses.dataclass(frozen=True)
class Piece:
    """An entity, or text that is in none.

    Attributes:
      text: what is to be drawn.
      start: place in the document.
      space: whether white space is before it.
      entity: its index.
    """

    text: str
    start: int
    space: bool
    entity: int | None = None

    @property
    def can_begin_a_line(self) -> bool:
        """After white space, and with Chinese and Japanese characters; not with marks that close a word."""
        if self.entity is None and all(_is_closing(character) for character in self.text):
            return False
        return self.space or bool(_CAN_BEGIN_A_LINE.match(self.text))


def lines(document: Drawable) -> Iterator[list[Piece]]:
    """The pieces of each line: as many as fit, or as many as relations hold together."""
    reach = _reach(document)
    line: list[Piece] = []
    whole: list[Piece] = []  # what cannot be broken
    line_width, whole_width, linked = 0, 0, -1
    for piece in itertools.chain(_pieces(document), [None]):
        if piece is None or (piece.can_begin_a_line and piece.start > linked):
            if line and line_width + whole_width > _LINE_COLUMNS:
                yield _joined(line)
                line, line_width = [], 0
            line += whole
            line_width += whole_width
            whole, whole_width = [], 0
        if piece is not None:
            whole.append(piece)
            whole_width += piece.space + columns(piece.text)
            linked = max(linked, reach.get(piece.entity, -1))
    if line:
        yield _joined(line)


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
            yield Piece(clean(covered), entity.start, _is_after_space(text, entity.start), index)
            position = entity.end
    yield from _words(text, position, len(text))


def _words(text: str, start: int, end: int) -> Iterator[Piece]:
    for match in _WORD.finditer(text, start, end):
        yield Piece(clean(match.group()), match.start(), _is_after_space(text, match.start()))


def _is_closing(character: str) -> bool:
    return character in _CLOSING or unicodedata.category(character) in ("Pe", "Pf")


def _is_after_space(text: str, place: int) -> bool:
    return place > 0 and text[place - 1].isspace()


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Neighbours that are in no entity as one piece."""
    joined: list[Piece] = []
    for _, group in itertools.groupby(pieces, key=lambda piece: piece.entity):
        first, *others = group
        text = first.text + "".join(" " * piece.space + piece.text for piece in others)
        joined.append(dataclasses.replace(first, text=text))
    return joined
