"""What a model answers to lines of text, those that it refuses among them."""

from __future__ import annotations

import dataclasses
import math
import unicodedata
from collections.abc import Sequence
from typing import Any

from jner_re import json_text
from jner_re.document import Document
from jner_re.extraction.client import Client
from jner_re.extraction.coreference import cluster_relations
from jner_re.extraction.rows import RefusedInputError

from .text_lines import TEXT, Line


def answers(model: Client, lines: Sequence[Line], threshold: float | None) -> list[Document | str]:
    """The document of each line, or why it is refused."""
    found = iter(model.documents_or_errors([line.text for line in lines if not line.error], threshold))
    told = [line.error or next(found) for line in lines]
    return [answer.problem if isinstance(answer, RefusedInputError) else answer for answer in told]


def as_fields(found: Document | str, clusters: bool = False) -> dict[str, Any]:
    """What is told of a text beside its own fields, as `Document.to_json` has it, or {"error"}.

    Where clusters are asked for, "cluster_relations" has the fields of each `ClusterRelation`.
    """
    if isinstance(found, str):
        return {"error": found}
    record = found.to_json()
    del record["text"]  # one of the line's
    if clusters:
        record.setdefault("clusters", [])
        record["cluster_relations"] = [
            {**dataclasses.asdict(relation), "score": round(relation.score, 4)}
            for relation in cluster_relations(found)
        ]
    return record


def as_json(line: Line, found: Document | str, clusters: bool = False) -> str:
    """A JSON object: the line's fields, and what was found."""
    return json_text.line({**line.fields, **as_fields(found, clusters)})


def as_text(line: Line, found: Document | str, clusters: bool = False) -> str:
    """Lines for a reader: the text, then relations between their entities, then the entities without one.

    Where clusters are asked for, relations are between these, and entities of one are joined by "=".
    """
    shown = [_printable(line.text or str(line.fields.get(TEXT, "")))]
    if isinstance(found, str):
        return "\n".join([*shown, f"  error: {found}"])
    names = [f"{_printable(entity.text)} ({_printable(entity.type)})" for entity in found.entities]
    related = {index for relation in found.relations for index in (relation.head, relation.tail)}
    if clusters:
        for joint in cluster_relations(found):
            head, tail = (" = ".join(names[i] for i in end) for end in (joint.head, joint.tail))
            shown.append(f"  {head} —{joint.type}→ {tail} {_score(joint.score)}")
    for relation in () if clusters else found.relations:
        head, tail = names[relation.head], names[relation.tail]
        shown.append(f"  {head} —{relation.type}→ {tail} {_score(relation.score)}")
    for index, entity in enumerate(found.entities):
        if index not in related:
            shown.append(f"  {names[index]} {_score(entity.score)}")
    if not found.entities:
        shown.append("  nothing found")
    if found.broken_at:
        places = ", ".join(map(str, found.broken_at))
        shown.append(f"  too long a sentence was broken at character {places}: no relation goes across")
    return "\n".join(shown)


def _score(score: float) -> str:
    """With two digits, rounded down: nothing is certain that isn't."""
    return f"{math.floor(100 * score + 1e-9) / 100:.2f}"


def _printable(text: str) -> str:
    """On one line, without what a terminal takes for commands and what can't be encoded."""
    return "".join(
        "\ufffd" if unicodedata.category(character) in ("Cc", "Cs") else character
        for character in " ".join(text.split())
    )
