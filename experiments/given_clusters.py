"""Clusters of coreferent mentions that a JSON object brings along: its "entities" and "clusters"."""

from __future__ import annotations

from typing import Any

from jner_re.corpora import json_records
from jner_re.corpora.json_records import WrongShapeError
from jner_re.document import Document
from jner_re.extraction.coreference import with_clusters

from .text_lines import Line


def clustered(line: Line, found: Document) -> Document | str:
    """What was found in the text of a line, in its clusters; or what is wrong with these."""
    if "clusters" in line.fields:
        return '"clusters" is given without "entities", expected the mentions that it is of'
    try:
        return with_clusters(found, _mentions(dict(line.annotation), len(found.text)))
    except WrongShapeError as error:
        return f"{error.field} is {error.value}, expected {error.expected}"


def _mentions(record: dict[str, Any], length: int) -> list[list[tuple[int, int]]]:
    """The places of each cluster's mentions; raises WrongShapeError."""
    clusters = json_records.lists_of_integers(record, "clusters")
    if not clusters:
        return []
    spans = json_records.entities(record)
    for i, span in enumerate(spans):
        if not 0 <= span.start < span.end <= length:
            expected = f"places from 0 to {length}, the start before the end"
            raise WrongShapeError(f"entities[{i}]", [span.start, span.end], expected)
    for number, cluster in enumerate(clusters):
        for place, i in enumerate(cluster):
            if i not in range(len(spans)):
                expected = f"an index of the {len(spans)} entities, from 0"
                raise WrongShapeError(f"clusters[{number}][{place}]", i, expected)
    return [[(spans[i].start, spans[i].end) for i in cluster] for cluster in clusters]
