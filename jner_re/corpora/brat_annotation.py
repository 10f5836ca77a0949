"""The lines of a brat standoff file (.ann): https://brat.nlplab.org/standoff.html"""

from __future__ import annotations

import dataclasses
import pathlib
import re

from jner_re.corpora.corpus import Finding

# No text has a place of more digits.
_ENTITY = re.compile(r"(\S+) (\d{1,18} \d{1,18}(?:;\d{1,18} \d{1,18})*)", re.ASCII)
_RELATION = re.compile(r"(\S+) Arg1:(\S+) Arg2:(\S+)")
_OTHER_KINDS = {
    "*": "equivalence (*)",
    "E": "event (E)",
    "A": "attribute (A)",
    "M": "modification (M)",
    "N": "normalization (N)",
    "#": "note (#)",
}


@dataclasses.dataclass(frozen=True)
class TextBound:
    """An entity: `fragments` are (start, end) in code points of the document, end exclusive."""

    line: int
    id: str
    type: str
    fragments: tuple[tuple[int, int], ...]
    text: str


@dataclasses.dataclass(frozen=True)
class BinaryRelation:
    """A relation from the entity `head` (Arg1) to the entity `tail` (Arg2), by their ids."""

    line: int
    id: str
    type: str
    head: str
    tail: str


@dataclasses.dataclass(frozen=True)
class Annotation:
    """What an .ann file says, in its order, and what was found wrong with its lines."""

    entities: dict[str, TextBound]
    relations: list[BinaryRelation]
    findings: list[Finding]


def parse(text: str, file: pathlib.Path) -> Annotation:
    """Parses an .ann file.

    Lines that cannot be understood and second uses of an id are problems and left out; annotations of other
    kinds than entities and relations are warnings.

    Args:
      text: the file's text.
      file: quoted in the findings.
    """
    annotation = Annotation({}, [], [])
    lines_by_id: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.removesuffix("\r")
        if not line.strip():
            continue
        id = line.split("\t", 1)[0]
        place = f"line {number} ({id[:20]})"
        if id in lines_by_id and id != "*":
            expected = f"an id of its own (the same as line {lines_by_id[id]})"
            problem = Finding(str(file), place, "id", repr(id), expected, "the annotation is left out")
            annotation.findings.append(problem)
            continue
        lines_by_id[id] = number
        finding = _parse_line(line, number, annotation)
        if finding:
            annotation.findings.append(dataclasses.replace(finding, file=str(file), record=place))
    return annotation


def _parse_line(line: str, number: int, annotation: Annotation) -> Finding | None:
    """Adds a line to the annotation, or says what is wrong with it (file and record still to be set)."""
    id, *fields = line.split("\t")
    if id[:1] in _OTHER_KINDS:
        kind, value = _OTHER_KINDS[id[0]], repr(" ".join(fields)[:60])
        expected = "an entity (T) or a relation (R)"
        return Finding("", "", kind, value, expected, "the annotation is left out", kind="warning")
    if id[:1] == "T" and len(fields) == 2:
        match = _ENTITY.fullmatch(fields[0])
        if match:
            spans = [span.split(" ") for span in match[2].split(";")]
            fragments = tuple((int(start), int(end)) for start, end in spans)
            annotation.entities[id] = TextBound(number, id, match[1], fragments, fields[1])
            return None
    if id[:1] == "R" and fields:
        match = _RELATION.fullmatch(fields[0].strip())
        if match:
            annotation.relations.append(BinaryRelation(number, id, match[1], match[2], match[3]))
            return None
        expected = "'TYPE Arg1:ID Arg2:ID'"
        return Finding("", "", "relation", repr(fields[0][:60]), expected, "the annotation is left out")
    expected = "'T1<tab>TYPE START END<tab>TEXT' or 'R1<tab>TYPE Arg1:ID Arg2:ID'"
    return Finding("", "", "line", repr(line[:60]), expected, "the annotation is left out")
