"""Where a text is broken into lines."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence

from jner_re.drawing.characters import clean, columns, is_wide
from jner_re.drawing.drawable import Drawable

_LINE_COLUMNS = 100  # a longer line is broken where it can be
_NOT_SPACE = re.compile(r"\S+")


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
        """After white space, and at East Asian characters that are no punctuation."""
        first = self.text[:1] or " "
        return self.space or (is_wide(first) and not unicodedata.category(first).startswith("P"))


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
    """The entities, and between them the words, cut where tokens begin and end."""
    text = document.text
    cuts = sorted({place for token in document.tokens for place in (token.start, token.end)})
    position = 0
    for index, entity in sorted(enumerate(document.entities), key=lambda item: item[1].start):
        if entity.start >= position:
            yield from _words(text, position, entity.start, cuts)
            covered = " ".join(text[entity.start : entity.end].split())
            yield Piece(clean(covered), entity.start, _is_after_space(text, entity.start), index)
            position = entity.end
    yield from _words(text, position, len(text), cuts)


def _words(text: str, start: int, end: int, cuts: Sequence[int]) -> Iterator[Piece]:
    for match in _NOT_SPACE.finditer(text, start, end):
        inside = cuts[bisect.bisect_right(cuts, match.start()) : bisect.bisect_left(cuts, match.end())]
        for one, other in itertools.pairwise((match.start(), *inside, match.end())):
            yield Piece(clean(text[one:other]), one, _is_after_space(text, one))


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
