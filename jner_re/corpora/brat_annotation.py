"""The lines of a brat standoff file (.ann): https://brat.nlplab.org/standoff.html"""

from __future__ import annotations

import dataclasses
import re
from typing import NamedTuple

from jner_re.corpora.corpus import Finding, Loss
from jner_re.corpora.text_files import LINE_END

_ENTITY = re.compile(r"(\S+) (\d+ \d+(?:;\d+ \d+)*)", re.ASCII)
# A score as `Document.to_brat` writes it.
_SCORE = re.compile(r"AnnotatorNotes ([TR]\S*) (0\.\d+|1\.0)", re.ASCII)
_BEYOND = 10**15  # stands for offsets of more digits, which no text has
_OTHER_KINDS = {
    "*": "equivalence (*)",
    "A": "attribute (A)",
    "M": "modification (M)",
    "N": "normalization (N)",
    "#": "note (#)",
}
_LEFT_OUT = "the annotation is left out"


class TextBound(NamedTuple):
    """An entity: `fragments` are (start, end) in the file's own units and order, end exclusive.

    `span` is what the file says of them.
    """

    line: int
    id: str
    type: str
    span: str
    fragments: tuple[tuple[int, int], ...]
    text: str


@dataclasses.dataclass(frozen=True)
class BinaryRelation:
    """A relation between two entities or events: `arguments` are (role, id), in the order of the line."""

    line: int
    id: str
    type: str
    arguments: list[tuple[str, str]]


@dataclasses.dataclass(frozen=True)
class Event:
    """An event: the id of its trigger, an entity, and its arguments, (role without its number, id)."""

    line: int
    id: str
    type: str
    trigger: str
    arguments: list[tuple[str, str]]


@dataclasses.dataclass(frozen=True)
class Annotation:
    """What an .ann file says, in its order, and what was found wrong with its lines.

    `scores` are those of entities and relations by their ids, from notes that are a number from 0 to 1, and
    `score_places` their lines.
    """

    entities: dict[str, TextBound]
    relations: list[BinaryRelation]
    events: dict[str, Event]
    scores: dict[str, float]
    score_places: dict[str, str]
    findings: list[Finding]

    def entity_id(self, id: str) -> str:
        """The entity that an id means: an event stands for its trigger."""
        return self.events[id].trigger if id in self.events else id


def parse(text: str, file: str) -> Annotation:
    """Parses an .ann file.

    Lines that cannot be understood and second uses of an id are problems and left out; annotations of other
    kinds than entities, relations and events are warnings.

    Args:
      text: the file's text.
      file: quoted in the findings.
    """
    annotation = Annotation({}, [], {}, {}, {}, [])
    lines_by_id: dict[str, int] = {}
    for number, line in enumerate(LINE_END.split(text), start=1):
        if not line.strip():
            continue
        id = line.split("\t", 1)[0]
        if id in lines_by_id and id != "*":
            expected = f"an id of its own (the same as line {lines_by_id[id]})"
            loss = loss_of_line(line, "id used twice")
            finding: Finding | None = Finding("", "", "id", repr(id[:60]), expected, _LEFT_OUT, loss=loss)
        else:
            lines_by_id[id] = number
            finding = _parse_line(line, number, annotation)
        if finding:
            place = f"line {number} ({id[:20]})"
            annotation.findings.append(dataclasses.replace(finding, file=file, record=place))
    known = {*annotation.entities, *(relation.id for relation in annotation.relations)}
    for id in [id for id in annotation.scores if id not in known]:
        expected = "the id of an entity or a relation"
        place = annotation.score_places[id]
        finding = Finding(file, place, "what has the score", repr(id), expected, _LEFT_OUT, kind="warning")
        annotation.findings.append(finding)
    return annotation


def count(text: str, reason: str) -> Loss:
    """The entities and relations of a file that is left out whole."""
    kinds = [line[:1] for line in LINE_END.split(text)]
    return Loss(reason, entities=kinds.count("T"), relations=kinds.count("R"))


def loss_of_line(line: str, reason: str) -> Loss | None:
    """The entity or the relation of a line that is left out; None if it is neither."""
    loss = count(line, reason)
    return loss if loss.entities or loss.relations else None


def _parse_line(line: str, number: int, annotation: Annotation) -> Finding | None:
    """Adds a line to the annotation, or says what is wrong with it (file and record still to be set)."""
    id, *fields = line.split("\t", 2)
    kind = id[:1]
    note = _SCORE.fullmatch(" ".join(fields)) if kind == "#" else None
    if note and note[1] not in annotation.scores:
        annotation.scores[note[1]] = float(note[2])
        annotation.score_places[note[1]] = f"line {number} ({id[:20]})"
        return None
    if kind in _OTHER_KINDS:
        expected = "an entity (T), a relation (R) or an event (E)"
        value = repr(" ".join(fields)[:60])
        return Finding("", "", _OTHER_KINDS[kind], value, expected, _LEFT_OUT, kind="warning")
    if kind == "T" and len(fields) == 2:
        match = _ENTITY.fullmatch(fields[0])
        if match:
            offsets = [_offset(digits) for digits in match[2].replace(";", " ").split(" ")]
            fragments = tuple(zip(offsets[::2], offsets[1::2], strict=True))
            annotation.entities[id] = TextBound(number, id, match[1], match[2], fragments, fields[1])
            return None
    if kind in ("R", "E") and fields:
        type, *arguments = fields[0].split() or [""]
        pairs = [(role, target) for role, _, target in (field.partition(":") for field in arguments)]
        whole = all(role and target for role, target in pairs)
        if kind == "R":
            if whole and len(pairs) == 2:
                annotation.relations.append(BinaryRelation(number, id, type, pairs))
                return None
            return _wrong("relation", fields[0], "'TYPE Arg1:ID Arg2:ID', two arguments", line)
        type, _, trigger = type.partition(":")
        if whole and type and trigger:
            unnumbered = [(role.rstrip("0123456789") or role, target) for role, target in pairs]
            annotation.events[id] = Event(number, id, type, trigger, unnumbered)
            return None
        return _wrong("event", fields[0], "'TYPE:TRIGGER ROLE:ID …'", line)
    expected = "'T1<tab>TYPE START END<tab>TEXT' or 'R1<tab>TYPE Arg1:ID Arg2:ID'"
    return _wrong("line", line, expected, line)


def _wrong(field: str, value: str, expected: str, line: str) -> Finding:
    loss = loss_of_line(line, "malformed line")
    return Finding("", "", field, repr(value[:60]), expected, _LEFT_OUT, loss=loss)


def _offset(digits: str) -> int:
    return int(digits) if len(digits) <= 15 else _BEYOND
