"""Where everything in a line is: text and boxes from left to right, arcs above each other."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

from jner_re.drawing.characters import clean
from jner_re.drawing.drawable import Drawable, Link, label
from jner_re.drawing.lines import Piece
from jner_re.drawing.sizes import LABEL_SIZE, MARGIN, PADDING, WORD_SIZE, width

_END = 12.0  # between the ends of arcs in a box
_GAP = 5.0  # at the sides of an arc's label
_ARCS_OF_A_LINE = 100  # more cannot be told apart
_NAME = 24  # characters of the entity in another line


@dataclasses.dataclass
class Box:
    """A piece, its left end and width."""

    piece: Piece
    x: float
    width: float


@dataclasses.dataclass
class Arc:
    """A relation in a line, or the part of one that goes on in another line.

    Attributes:
      link: the relation.
      label: what stands over it: its type, and where it goes on the name of its other entity.
      forward: whether its head is its left end.
      open: "left" or "right" where it goes on; "" if it is whole.
      ends: places of its left and right end.
      label_x: place of its label's middle.
      level: how high it is, from 1.
    """

    link: Link
    label: str
    forward: bool
    open: str = ""
    ends: list[float] = dataclasses.field(default_factory=lambda: [0.0, 0.0])
    label_x: float = 0.0
    level: int = 0

    @property
    def label_width(self) -> float:
        """Width of the label."""
        return width(self.label, LABEL_SIZE)

    @property
    def left(self) -> float:
        """Left end of the arc with its label."""
        return min(*self.ends, self.label_x - self.label_width / 2)

    @property
    def right(self) -> float:
        """Right end of the arc with its label."""
        return max(*self.ends, self.label_x + self.label_width / 2)


@dataclasses.dataclass(frozen=True)
class Line:
    """A line with its width and the highest level of its arcs, 0 without any."""

    boxes: list[Box]
    arcs: list[Arc]
    width: float
    levels: int


def arrange(pieces: Sequence[Piece], document: Drawable, relations: Sequence[int]) -> Line:
    """Places a line.

    Args:
      pieces: of the line.
      document: which it is of.
      relations: indices of those to be drawn, each with an entity in the line, whose other one may be in a
        line before or after it; the weakest are left out if there are more than a hundred.
    """
    position = {piece.entity: i for i, piece in enumerate(pieces) if piece.entity is not None}
    links = [document.relations[i] for i in relations]
    strongest = sorted(links, key=lambda link: -link.score)[:_ARCS_OF_A_LINE]
    arcs = []
    for link in strongest:
        head, tail = (_position(end, position, pieces, document) for end in (link.head, link.tail))
        arcs.append(_arc(link, head, tail, len(pieces), document))
    boxes = _boxes(pieces, document, arcs, _ends(arcs, position, pieces, document))
    edge = max([0.0, *(box.x + box.width for box in boxes)])
    leaving = [arc for arc in arcs if arc.open == "right"]
    edge = max([edge, *(arc.ends[0] + arc.label_width + 3 * _GAP for arc in leaving)])
    for arc in leaving:
        arc.ends[1] = edge
    for arc in arcs:
        arc.label_x = max(sum(arc.ends) / 2, MARGIN + arc.label_width / 2)
    _set_levels(arcs)
    for arc in arcs:
        _set_label(arc, arcs)
    right = max([MARGIN, *(box.x + box.width for box in boxes), *(arc.right for arc in arcs)])
    return Line(boxes, arcs, right + MARGIN, max((arc.level for arc in arcs), default=0))


def _position(entity: int, position: Mapping[int, int], pieces: Sequence[Piece], document: Drawable) -> int:
    """An entity's place in a line: -1 for one in a line before, their number for one in a line after it."""
    is_before = document.entities[entity].start < pieces[0].start
    return position.get(entity, -1 if is_before else len(pieces))


def _arc(link: Link, head: int, tail: int, count: int, document: Drawable) -> Arc:
    """The arc of a relation whose ends are at places from -1 to `count` (`_position`)."""
    open = "left" if min(head, tail) < 0 else "right" if max(head, tail) == count else ""
    text = link.type
    if open:
        other = link.tail if tail in (-1, count) else link.head
        name = " ".join(document.text[document.entities[other].start : document.entities[other].end].split())
        name = clean(name if len(name) <= _NAME else f"{name[: _NAME - 1]}…")
        text = f"{link.type} → {name}" if other == link.tail else f"{name} → {link.type}"
    return Arc(link, text, head <= tail, open)


def _ends(
    arcs: Sequence[Arc], position: Mapping[int, int], pieces: Sequence[Piece], document: Drawable
) -> dict[int, list[tuple[int, int]]]:
    """The ends of arcs at each entity, from left to right: (arc, 0 for its left or 1 for its right end).

    Those of arcs that lead to the left come first, the nearest first, then those of arcs to the right, the
    farthest first: so the arcs of one entity do not cross.

    Args:
      arcs: of a line.
      position: the places of the entities in the line; also the keys of what is returned.
      pieces: of the line.
      document: which it is of.
    """
    found: dict[int, list[tuple[int, int, int]]] = {}  # 0 to the left or 1 to the right, order, arc or -arc
    for i, arc in enumerate(arcs):
        places = (_position(end, position, pieces, document) for end in (arc.link.head, arc.link.tail))
        left, right = sorted(places)
        found.setdefault(left, []).append((1, left - right, i))
        found.setdefault(right, []).append((0, right - left, -i))
    return {place: [(abs(i), 1 - side) for side, _, i in sorted(ends)] for place, ends in found.items()}


def _boxes(
    pieces: Sequence[Piece],
    document: Drawable,
    arcs: Sequence[Arc],
    ends: Mapping[int, Sequence[tuple[int, int]]],
) -> list[Box]:
    """Places the pieces from left to right, and sets the ends of the arcs."""
    boxes: list[Box] = []
    x = MARGIN
    for i, piece in enumerate(pieces):
        x += width(" ", WORD_SIZE) if piece.space and i else 0.0
        box = Box(piece, x, width(piece.text, WORD_SIZE))
        if piece.entity is not None:
            label_width = width(label(document.entities[piece.entity]), LABEL_SIZE)
            inside = max(box.width, label_width, _END * len(ends.get(i, ())))
            box = Box(piece, x + 1, inside + 2 * PADDING)
            shift = _connect(box, arcs, ends.get(i, ()))
            if boxes and not piece.space and _is_opening(boxes[-1].piece):
                boxes[-1].x += shift
        boxes.append(box)
        x = box.x + box.width + (piece.entity is not None)
    return boxes


def _is_opening(piece: Piece) -> bool:
    """Whether text before an entity belongs to it, as a parenthesis does."""
    return piece.entity is None and piece.space != "" and " " not in piece.text


def _connect(box: Box, arcs: Sequence[Arc], ends: Sequence[tuple[int, int]]) -> float:
    """Sets the ends of arcs at a box, and moves it to the right as far as their labels need: how far."""
    first = box.x + box.width / 2 - _END * (len(ends) - 1) / 2
    shift = 0.0
    for k, (i, side) in enumerate(ends):
        arc = arcs[i]
        arc.ends[side] = first + k * _END
        if side == 1:
            shift = max(shift, arc.ends[0] + arc.label_width + 3 * _GAP - arc.ends[1])
    for i, side in ends:
        arcs[i].ends[side] += shift
    box.x += shift
    return shift


def _set_levels(arcs: Sequence[Arc]) -> None:
    """Gives arcs that overlap different levels, the wider one the higher."""
    placed: list[Arc] = []
    for arc in sorted(arcs, key=lambda arc: arc.right - arc.left):
        taken = {other.level for other in placed if arc.left <= other.right and other.left <= arc.right}
        arc.level = next(level for level in itertools.count(1) if level not in taken)
        placed.append(arc)


def _set_label(arc: Arc, arcs: Sequence[Arc]) -> None:
    """Moves a label away from the legs of higher arcs, as little as it can; if it cannot, it stays."""
    legs = [x for other in arcs if other.level > arc.level for x in other.ends]
    half = arc.label_width / 2 + _GAP
    bounds = [arc.left, *sorted(x for x in legs if arc.left < x < arc.right), arc.right]
    gaps = [(a + half, b - half) for a, b in itertools.pairwise(bounds) if b - a >= 2 * half]
    places = [min(max(arc.label_x, low), high) for low, high in gaps]
    arc.label_x = min(places, key=lambda place: abs(place - arc.label_x), default=arc.label_x)
