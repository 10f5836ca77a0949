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
    found = iter(model.each([line.text for line in lines if not line.error], threshold))
    told = [line.error or next(found) for line in lines]
    return [answer.problem if isinstance(answer, RefusedInputError) else answer for answer in told]


def as_fields(found: Document | str) -> dict[str, Any]:
    """What is told of a text beside its own fields, as `Document.to_json` has it, or {"error"}."""
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
