"""What the page shows of a text: the model's answer, and its drawing."""

from __future__ import annotations

import dataclasses

from jner_re import drawing
from jner_re.drawing.colors import color
from jner_re.extraction.rows import Row, document
from jner_re.serving.server import json_tensor
from jner_re.serving.server.errors import invalid

PATH = "/drawing.json"
_WIDTHS = 100, 10_000  # the least and the greatest
_MAX_LINES = 400


def read(body: bytes) -> tuple[str, float]:
    """The text and the width of a full line in pixels: {"text": …, "width": …}.

    Raises:
      RequestError: the body is not that.
    """
    request = json_tensor.read_object(body, '{"text": string, "width": number}')
    text, width = request.get("text"), request.get("width")
    if not isinstance(text, str):
        raise invalid('expected a string as "text"')
    try:
        text.encode()
    except UnicodeEncodeError:
        raise invalid('"text" has half of a surrogate pair, expected Unicode') from None
    if not isinstance(width, (int, float)) or not _WIDTHS[0] <= width <= _WIDTHS[1]:
        found = "missing" if width is None else f"{width!r:.40}"
        raise invalid(f'"width" is {found}, expected a number from {_WIDTHS[0]} to {_WIDTHS[1]:,}')
    return text, width


def answer(text: str, row: Row, width: float) -> bytes:
    """The body of the answer.

    {"drawing": HTML without its style sheet, "entities": [{fields of Entity}], "relations": [{fields of
    Relation}], "colors": {type of entities: its colour}, "broken_at": places, "answer": the API's}.
    """
    found = document(text, row)
    return json_tensor.print_json(
        {
            "drawing": drawing.html(found, _MAX_LINES, line_width=width, style=False),
            "entities": [dataclasses.asdict(entity) for entity in found.entities],
            "relations": [dataclasses.asdict(relation) for relation in found.relations],
            "colors": {entity.type: color(entity.type) for entity in found.entities},
            "broken_at": list(found.broken_at),
            "answer": {"predictions": [row]},
        }
    )
