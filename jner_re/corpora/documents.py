"""Documents as JSON lines: raw text with annotation in characters, as `predict` prints it.

A line is {"id": str or int (optional), "text": str, "entities": [{"type", "start", "end"}], "relations":
[{"type", "head", "tail"}]}, its places in code points, `end` exclusive; head and tail index the document's
entities, "score" may stand in both. An entity's "text" has to be what stands at its place. "clusters", a list
of lists of indexes, says which entities are mentions of the same thing. Further fields of the document are
kept. `text_sentences` makes sentences of documents.
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

from jner_re import files, json_text
from jner_re.corpora import json_lines, json_records
from jner_re.corpora.annotated_text import AnnotatedText, Place
from jner_re.corpora.corpus import Finding, Loss, shortened
from jner_re.corpora.dropping import renumbered
from jner_re.document import Document, Entity, Relation

_OWN = ("id", "text", "entities", "relations", "broken_at", "clusters")
_OF_ENTITIES = {"type", "start", "end", "text", "score"}
_OF_RELATIONS = {"type", "head", "tail", "score"}


def texts(path: pathlib.Path) -> tuple[list[AnnotatedText], list[Finding]]:
    """Reads a file.

    A line that is no JSON, or of a wrong shape, is left out whole; so are entities outside of the text or
    unlike it, and relations without two entities. Each has a finding.

    Raises:
      InputError: the file is no UTF-8 text, or empty.
    """
    path = pathlib.Path(path)
    documents, findings = json_lines.read(path, lambda record, place: _Document(record, str(path), place))
    found = []
    for document in documents:
        found.append(document.text())
        findings += document.findings
    return found, findings


def write(documents: Sequence[Document], path: pathlib.Path) -> None:
    """Writes a document a line.

    Raises:
      InputError: the file cannot be written.
    """
    lines = (json_text.line(document.to_json()) for document in documents)
    files.write_text(pathlib.Path(path), "".join(f"{line}\n" for line in lines))


def unsupported(documents: Sequence[Document], path: pathlib.Path) -> list[Finding]:
    """What the format cannot represent of valid documents: nothing."""
    return []


class _Document:
    """A record while it is read.

    Attributes:
      findings: what was found wrong or left out.
    """

    def __init__(self, record: Any, file: str, place: str) -> None:
        """Takes a record; raises WrongShapeError."""
        if not isinstance(record, dict):
            raise json_records.WrongShapeError(
                "document", record, "an object with text, entities and relations"
            )
        self._record, self._file, self._place = record, file, place
        self._text = json_records.check_text(record.get("text"), "text")
        self._id = json_records.check_id(record.get("id"), "id")
        self._spans = json_records.entities(record)
        self._pairs = json_records.relations(record)
        self._scores = {key: json_records.scores(record, key) for key in ("entities", "relations")}
        self._broken_at = json_records.integers(record, "broken_at")
        self._clusters = json_records.lists_of_integers(record, "clusters")
        self.findings: list[Finding] = []

    def text(self) -> AnnotatedText:
        """The document, with the places of its annotation."""
        entities: dict[int, Entity] = {}
        for i, (span, score) in enumerate(zip(self._spans, self._scores["entities"], strict=True)):
            if self._is_in_text(i):
                covered = self._text[span.start : span.end]
                entities[i] = Entity(span.type, span.start, span.end, covered, score)
        index = {old: new for new, old in enumerate(entities)}
        relations: dict[int, Relation] = {}
        for i, (pair, score) in enumerate(zip(self._pairs, self._scores["relations"], strict=True)):
            if self._has_entities(i, index):
                relations[i] = Relation(pair.type, index[pair.head], index[pair.tail], score)
        clusters = renumbered(self._valid_clusters(), {i: index.get(i) for i in range(len(self._spans))})
        self._tell_other_keys("entities", _OF_ENTITIES)
        self._tell_other_keys("relations", _OF_RELATIONS)
        fields = {name: value for name, value in self._record.items() if name not in _OWN}
        annotation = tuple(entities.values()), tuple(relations.values())
        document = Document(self._text, (), *annotation, self._broken_at, self._id, fields, clusters)
        places = (self._places("entities", entities), self._places("relations", relations))
        return AnnotatedText(document, self._file, self._place, "", *places)

    def _places(self, key: str, kept: dict[int, Any]) -> tuple[Place, ...]:
        return tuple(Place(self._place, f"{key}[{i}]", f"{key}[{i}]") for i in kept)

    def _is_in_text(self, index: int) -> bool:
        """Whether an entity is what stands at its place; else it is reported."""
        span, field = self._spans[index], f"entities[{index}]"
        start, end = span.start, span.end
        if not 0 <= start < end <= len(self._text):
            expected = f"places from 0 to {len(self._text)}, the start before the end"
            reason = "an empty span" if start >= end else "outside of the text"
            self._lose(field, shortened(f"{start} to {end}"), expected, reason)
            return False
        covered, quoted = self._text[start:end], self._record["entities"][index].get("text")
        if quoted is not None and quoted != covered:
            expected = f"the text at {start} to {end}, {shortened(covered)!r}"
            self._lose(f"{field}.text", repr(shortened(str(quoted))), expected, "unlike its text")
            return False
        if not covered.strip():
            self._lose(field, repr(shortened(covered)), "more than white space", "blank")
            return False
        return True

    def _has_entities(self, index: int, entities: dict[int, int]) -> bool:
        """Whether a relation has two entities; else it is reported."""
        pair, field, count = self._pairs[index], f"relations[{index}]", len(self._spans)
        ends = pair.head, pair.tail
        if not all(0 <= end < count for end in ends):
            expected = f"indexes of the {count} entities, from 0"
            self._lose(field, shortened(" to ".join(map(str, ends))), expected, "of an unknown entity")
            return False
        for end in ends:
            if end not in entities:
                value = f"{shortened(pair.type)!r} of entities[{pair.head}] and entities[{pair.tail}]"
                expected = f"entities that are read, unlike entities[{end}]"
                self._lose(field, value, expected, "of a lost entity")
                return False
        return True

    def _valid_clusters(self) -> list[list[int]]:
        """The clusters with entities of the document, each in one; what else they have is reported."""
        seen: dict[int, int] = {}
        valid: list[list[int]] = []
        for number, cluster in enumerate(self._clusters):
            valid.append([])
            for place, i in enumerate(cluster):
                if i not in range(len(self._spans)):
                    expected = f"an index of the {len(self._spans)} entities, from 0"
                elif i in seen:
                    expected = f"each entity in one cluster, and {i} is in clusters[{seen[i]}]"
                else:
                    seen[i] = number
                    valid[-1].append(i)
                    continue
                field = f"clusters[{number}][{place}]"
                self.findings.append(Finding(self._file, self._place, field, str(i), expected, "left out"))
        return valid

    def _tell_other_keys(self, list_name: str, known: set[str]) -> None:
        """Says what is not kept of entities or relations, by name."""
        others = {
            key: i for i, item in enumerate(self._record[list_name]) for key in item if key not in known
        }
        for key, i in others.items():
            field, value = f"{list_name}[{i}]", shortened(repr(key))
            expected = f"no keys but {', '.join(sorted(known))}"
            self.findings.append(
                Finding(self._file, self._place, field, value, expected, "read over", "warning")
            )

    def _lose(self, field: str, value: str, expected: str, reason: str) -> None:
        is_entity = field.startswith("entities")
        loss = Loss(reason, entities=int(is_entity), relations=int(not is_entity))
        self.findings.append(Finding(self._file, self._place, field, value, expected, "left out", loss=loss))
