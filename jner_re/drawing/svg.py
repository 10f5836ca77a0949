"""A line as an SVG."""

from __future__ import annotations

import html
import math
from collections.abc import Collection

from jner_re.drawing.characters import clean
from jner_re.drawing.colors import color
from jner_re.drawing.drawable import Drawable, Link, Span, label
from jner_re.drawing.layout import Arc, Box, Line
from jner_re.drawing.sizes import LABEL_SIZE, WORD_SIZE, width

_FONT = "ui-monospace,Menlo,Consolas,DejaVu Sans Mono,monospace"
_LEVEL = 19.0  # between arcs above each other
_LOWEST_ARC = 20.0  # above the boxes
_RADIUS = 6.0  # of the corners of arcs
_ARROW = 4.0  # half of the width of an arrow head
_WORD_BASELINE, _LABEL_BASELINE, _BOX = 16.0, 29.0, 34.0  # from the top of a box; its height
_BELOW = 6.0
_DASHES = ' stroke-dasharray="5 3"'


def svg(line: Line, document: Drawable, right_to_left: bool, dashed: Collection[Span | Link] = ()) -> str:
    """The SVG; from right to left, all places are mirrored. What is in `dashed` has dashed lines."""
    top = _LOWEST_ARC + (line.levels - 1) * _LEVEL + LABEL_SIZE + 3 if line.levels else 2.0  # of the boxes
    has_entity = any(box.piece.entity is not None for box in line.boxes)
    height = top + (_BOX if has_entity else _WORD_BASELINE + 5) + _BELOW

    def at(x: float) -> float:
        return line.width - x if right_to_left else x

    parts = []
    for arc in line.arcs:
        head, tail = arc.ends if arc.forward else reversed(arc.ends)
        y = top - _LOWEST_ARC - (arc.level - 1) * _LEVEL
        dashes = _DASHES if arc.link in dashed else ""
        parts.append(_arc(arc, document, (at(head), at(tail)), at(arc.label_x), (y, top), dashes))
    parts += [_box(box, document, at(box.x + box.width / 2), top, dashed) for box in line.boxes]
    size = f'width="{line.width:.1f}" height="{height:.1f}" viewBox="0 0 {line.width:.1f} {height:.1f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{_FONT}" '
        f'text-anchor="middle" fill="currentColor">{"".join(parts)}</svg>'
    )


def _box(box: Box, document: Drawable, middle: float, top: float, dashed: Collection[Span | Link]) -> str:
    """A piece: its text, and around that of an entity the box with its type."""
    word = _text(box.piece.text, WORD_SIZE, (middle, top + _WORD_BASELINE))
    if box.piece.entity is None:
        return word
    entity = document.entities[box.piece.entity]
    shade = color(entity.type)
    under = _text(label(entity), LABEL_SIZE, (middle, top + _LABEL_BASELINE), shade)
    dashes = _DASHES if entity in dashed else ""
    return (
        f'<g class="jner-entity">{_title(f"{box.piece.text}: {_scored(entity)}")}'
        f'<rect x="{middle - box.width / 2:.1f}" y="{top:.1f}" width="{box.width:.1f}" height="{_BOX:g}" '
        f'rx="4" fill="{shade}" fill-opacity=".15" stroke="{shade}"{dashes}/>{word}{under}</g>'
    )


def _arc(
    arc: Arc,
    document: Drawable,
    ends: tuple[float, float],
    label_x: float,
    heights: tuple[float, float],
    dashes: str,
) -> str:
    """An arc from its head to its tail, whose `heights` are that of its line and that of its ends."""
    (head, tail), (y, base) = ends, heights
    shade = color(arc.link.type)
    turn = _RADIUS if head <= tail else -_RADIUS
    begin = f"M{head:.1f},{base:.1f} V{y + _RADIUS:.1f} Q{head:.1f},{y:.1f} {head + turn:.1f},{y:.1f} "
    end = f"H{tail - turn:.1f} Q{tail:.1f},{y:.1f} {tail:.1f},{y + _RADIUS:.1f} V{base - _ARROW:.1f}"
    point = f"M{tail:.1f},{base:.1f} l{-_ARROW:g},{-2 * _ARROW:g} h{2 * _ARROW:g} Z"
    if arc.open and arc.forward == (arc.open == "left"):  # the head is in another line
        begin = f"M{head:.1f},{y:.1f} "
    elif arc.open:
        end = f"H{tail:.1f}"
        point = f"M{tail:.1f},{y:.1f} l{-turn:g},{-_ARROW:g} v{2 * _ARROW:g} Z"
    entities = document.entities[arc.link.head], document.entities[arc.link.tail]
    names = " → ".join(document.text[entity.start : entity.end] for entity in entities)
    score = "" if math.isnan(arc.link.score) else f' data-score="{arc.link.score:.9g}"'
    return (
        f'<g class="jner-relation"{score}>{_title(f"{names}: {_scored(arc.link)}")}'
        f'<path d="{begin}{end}" fill="none" stroke="{shade}" stroke-width="1.3"{dashes}/>'
        f'<path d="{point}" fill="{shade}"/>{_text(arc.label, LABEL_SIZE, (label_x, y - 3), shade)}</g>'
    )


def _scored(found: Span | Link) -> str:
    """The type, and the score if there is one."""
    return found.type if math.isnan(found.score) else f"{found.type} {found.score:.4f}"


def _title(text: str) -> str:
    """What is shown where the pointer rests."""
    return f"<title>{html.escape(clean(' '.join(text.split())))}</title>"


def _text(text: str, size: float, place: tuple[float, float], shade: str = "") -> str:
    """A text around the middle of its baseline, in its width: `columns` of a monospaced font.

    lengthAdjust scales the glyphs too, so that joined letters stay joined. A label's shade is mixed with the
    colour of the page's text, for contrast on dark grey.
    """
    paint = f' fill="color-mix(in srgb,{shade} 70%,currentColor)" font-weight="600"' if shade else ""
    return (
        f'<text x="{place[0]:.1f}" y="{place[1]:.1f}" font-size="{size:g}" '
        f'textLength="{width(text, size):.1f}" lengthAdjust="spacingAndGlyphs"{paint}>'
        f"{html.escape(clean(text))}</text>"
    )
