"""What the page shows of a text: the model's answer, and its drawing."""

from __future__ import annotations

import asyncio
import dataclasses

from jner_re import drawing
from jner_re.drawing.colors import color
from jner_re.extraction.rows import RefusedInputError, Row, document
from jner_re.serving.server import json_tensor
from jner_re.serving.server.batcher import Batcher
from jner_re.serving.server.errors import invalid
from jner_re.serving.server.versions import Version

PATH = "/drawing.json"
_WIDTHS = 100, 10_000  # the least and the greatest
_MAX_LINES = 400


async def answer(body: bytes, version: Version, batcher: Batcher) -> bytes:
    """The body of the answer to {"text": …, "width": of a full line in pixels}.

    It is {"drawing": HTML without its style sheet, "entities": [{fields of Entity}], "relations": [{fields of
    Relation}], "colors": {type of entities: its colour}, "broken_at": places, "answer": the API's}.

    Raises:
      RequestError: the body is not that, or the text is refused.
    """
    text, width = await asyncio.to_thread(_read, body)
    try:
        (row,) = await batcher.run(version, "serving_default", [text.encode()])
    except RefusedInputError as error:
        raise invalid(error.problem) from None
    return await asyncio.to_thread(_printed, text, row, width)


def _read(body: bytes) -> tuple[str, float]:
    request = json_tensor.parse(body)
    text, width = request.get("text"), request.get("width")
    if not isinstance(text, str):
        raise invalid('expected a string as "text"')
    if not isinstance(width, (int, float)) or not _WIDTHS[0] <= width <= _WIDTHS[1]:
        raise invalid(f'"width" is {width!r:.40}, expected a number from {_WIDTHS[0]} to {_WIDTHS[1]:,}')
    return text, width


def _printed(text: str, row: Row, width: float) -> bytes:
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
