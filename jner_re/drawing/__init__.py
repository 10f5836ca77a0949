"""Drawings of what was found in a text: its words in lines, entities in boxes, relations as arcs above them.

Notebooks, the report of an evaluation and the page of the local server show it. It is HTML with one inline
SVG a line, without scripts, ids, style attributes or anything from elsewhere, so that it can stand in any
page, several times. It takes the text colour of the page, light or dark. Lengths are pixels; a monospaced
font makes the width of a text known, and `textLength` holds it where fonts differ.
"""

from __future__ import annotations

import itertools
import pathlib
from collections.abc import Collection

from jner_re.drawing.characters import is_right_to_left
from jner_re.drawing.drawable import Drawable, Link, Span
from jner_re.drawing.layout import arrange
from jner_re.drawing.lines import LINE_WIDTH, lines
from jner_re.drawing.svg import svg

STYLE = (pathlib.Path(__file__).parent / "drawing.css").read_text(encoding="utf-8")


def html(
    document: Drawable,
    max_lines: int = 200,
    dashed: Collection[Span | Link] = (),
    line_width: float = LINE_WIDTH,
    style: bool = True,
) -> str:
    """A document as a <div>, which is well-formed XML too.

    A line is broken where the text has a line break and where it is full; there, relations hold together what
    is not much wider, which can be scrolled. Where a relation goes on in another line, both parts have the
    name of the entity there. Other white space is one
    space. Characters that XML forbids are drawn as U+FFFD. Entities that overlap one before them are left
    out, and so are the weakest relations of a line with more than a hundred. The group of a relation has its
    score as `data-score`.

    Args:
      document: what is drawn.
      max_lines: of a longer document, the first lines; a note says how much is left out.
      dashed: entities and relations of the document that are drawn with dashed lines.
      line_width: of a full line, in pixels.
      style: whether the style sheet is in it; a page can have `STYLE` once for all its drawings.
    """
    all_lines = lines(document, line_width)
    drawn = list(itertools.islice(all_lines, max_lines))
    beyond = next(all_lines, None)
    right_to_left = is_right_to_left(document.text)
    found = [[piece.entity for piece in pieces if piece.entity is not None] for pieces in drawn]
    entities = {entity for line in found for entity in line}
    links = _links(document, entities)
    svgs, relations = [], set()
    for pieces, of_line in zip(drawn, found, strict=True):
        its_links = dict.fromkeys(i for entity in of_line for i in links.get(entity, []))
        line = arrange(pieces, document, list(its_links))
        svgs.append(svg(line, document, right_to_left, dashed))
        relations |= {id(arc.link) for arc in line.arcs}
    left_out = {
        "characters": len(document.text) - beyond[0].start if beyond else 0,
        "entities": len(document.entities) - len(entities),
        "relations": sum(id(link) not in relations for link in document.relations),
    }
    direction = "rtl" if right_to_left else "ltr"
    sheet = f"<style>{STYLE}</style>" if style else ""
    return f'<div class="jner-drawing" dir="{direction}">{sheet}{"".join(svgs)}{_note(left_out)}</div>'


def _note(left_out: dict[str, int]) -> str:
    counts = ", ".join(f"{count:,} {name}" for name, count in left_out.items() if count)
    return f'<div class="jner-not-drawn" dir="ltr">… not drawn: {counts}</div>' if counts else ""


def _links(document: Drawable, drawn: Collection[int]) -> dict[int, list[int]]:
    """An entity to its relations, of which both entities are drawn."""
    links: dict[int, list[int]] = {}
    for i, link in enumerate(document.relations):
        if link.head in drawn and link.tail in drawn:
            for entity in (link.head, link.tail):
                links.setdefault(entity, []).append(i)
    return links
