"""What a model answers to lines of text, those that it refuses among them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from jner_re.document import Document
from jner_re.serving.client import Client
from jner_re.serving.rows import RefusedInputError

from .text_lines import Line


def answers(model: Client, lines: Sequence[Line], threshold: float | None) -> list[Document | str]:
    """The document of each line, or why it is refused."""
    readable = [line for line in lines if not line.error]
    found: list[Document | str]
    try:
        found = [*model([line.text for line in readable], threshold)]
    except RefusedInputError as error:
        if len(readable) == 1:
            found = [error.problem]
        else:  # one of them, at least: each on its own
            found = [answers(model, [line], threshold)[0] for line in readable]
    remaining = iter(found)
    return [line.error or next(remaining) for line in lines]


def as_fields(found: Document | str) -> dict[str, Any]:
    """What is told of a text beside its own fields: {"entities", "relations"} or {"error"}."""
    if isinstance(found, str):
        return {"error": found}
    record = found.to_json()
    del record["text"]  # one of the line's
    return record


def as_json(line: Line, found: Document | str) -> str:
    """A JSON object: the line's fields, and what was found."""
    record = {**line.fields, **as_fields(found)}
    text = json.dumps(record, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a pair, which JSON can say
        return json.dumps(record)
    return text
