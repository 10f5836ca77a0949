"""A document of BioC, as JSON has it (`bioc` says what is in it)."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from typing import Any, NamedTuple

from jner_re.corpora import json_records
from jner_re.corpora.annotated_text import AnnotatedText, Place, Reading
from jner_re.corpora.bioc_text import Assembled, Segment, assemble
from jner_re.corpora.character_offsets import Quote, Spans, fits
from jner_re.corpora.corpus import Loss, shortened
from jner_re.corpora.json_records import WrongShapeError
from jner_re.document import Document, Entity, Relation

# Of relations, in lower case, the head's first; other relations lead from their first node to the second.
_ROLES = (
    ("head", "tail"),
    ("subject", "object"),
    ("subj", "obj"),
    ("source", "target"),
    ("from", "to"),
    ("arg1", "arg2"),
    ("cause", "theme"),
    ("chemical", "disease"),
)
_TYPES_OF_RELATIONS = ("type", "relation type", "relation")  # infons; the last is that of the CDR corpus
_CONCEPTS = {"role1", "entity1"}  # infons of relations between concepts, of PubTator and BioRED


class _Item(NamedTuple):
    """An annotation or a relation: the name of its field, and itself."""

    field: str
    value: dict[str, Any]


class BiocDocument(Reading):
    """A document while it is read.

    Attributes:
      read_over: how many infons have no place in a document, by what they are of and their name.
    """

    def __init__(self, record: Any, file: str, place: str) -> None:
        """Takes a document; raises WrongShapeError."""
        if not isinstance(record, dict):
            raise WrongShapeError("document", record, "an object with passages")
        super().__init__(file, place)
        self.read_over: Counter[tuple[str, str]] = Counter()
        self._id = json_records.check_id(record.get("id"), "id")
        self._fields = _infons(record, "document")
        self._annotations: list[_Item] = []
        self._relations: list[_Item] = []
        self._segments: list[Segment] = []
        for field, passage in json_records.objects(record, "passages"):
            self._take_passage(passage, field)
        self._take_annotation(record, "")

    def text(self) -> AnnotatedText:
        """The document, with the places of its annotation; raises WrongShapeError."""
        quotes = {item.field: _quote(item) for item in self._annotations}
        assembled = assemble(self._segments, [q for q in quotes.values() if q.spans and q.text])
        if assembled.overlap:
            expected = "a place after the end of the text before it"
            raise WrongShapeError(f"{assembled.overlap.field}.offset", assembled.overlap.offset, expected)
        if assembled.reading.name != "code points":
            expected = "code points, under which fewer quoted texts fit"
            self.find("unit of offsets", assembled.reading.name, expected, "warning", action="translated")
        entities: list[Entity] = []
        places: list[Place] = []
        by_id: dict[str, list[int]] = {}
        for item in self._annotations:
            id = json_records.check_id(item.value.get("id"), f"{item.field}.id")
            entity = self._entity(item, quotes[item.field], assembled)
            by_id.setdefault(id, []).append(len(entities) if entity else -1)
            if entity:
                entities.append(entity)
                places.append(Place(self.place, item.field, f"{item.field} ({id})" if id else item.field))
        found = [(self._relation(item, by_id), item.field) for item in self._relations]
        relations = tuple(relation for relation, _ in found if relation)
        relation_places = tuple(Place(self.place, field, field) for relation, field in found if relation)
        document = Document(assembled.text, (), tuple(entities), relations, id=self._id, fields=self._fields)
        return AnnotatedText(document, self.file, self.place, "", tuple(places), relation_places)

    def _take_passage(self, passage: dict[str, Any], field: str) -> None:
        text, sentences = passage.get("text"), []
        if passage.get("sentences"):
            sentences = json_records.objects(passage, "sentences")
        if not text and sentences:  # the text of a passage may be in its sentences
            for i, (name, sentence) in enumerate(sentences):
                self._take_segment(sentence, f"{field}.{name}", " " if i else "\n")
        else:
            self._take_segment(passage, field, "\n")
        self._take_annotation(passage, f"{field}.")
        self._read_over(_infons(passage, field), "passages")
        for name, sentence in sentences:
            self._take_annotation(sentence, f"{field}.{name}.")
            self._read_over(_infons(sentence, f"{field}.{name}"), "sentences")

    def _take_segment(self, part: dict[str, Any], field: str, gap: str) -> None:
        text = part.get("text")
        checked = "" if text is None else json_records.check_text(text, f"{field}.text")
        self._segments.append(Segment(json_records.integer(part, "offset", field), checked, gap, field))

    def _take_annotation(self, part: dict[str, Any], prefix: str) -> None:
        """Keeps the annotations and relations of a document, a passage or a sentence."""
        for key, kept in (("annotations", self._annotations), ("relations", self._relations)):
            if part.get(key) is not None:
                kept += [_Item(prefix + name, item) for name, item in json_records.objects(part, key)]

    def _entity(self, item: _Item, quote: Quote, assembled: Assembled) -> Entity | None:
        """An annotation as an entity; None if it can't be one, which is told."""
        infons = _infons(item.value, item.field)
        type = _type(infons, ("type",), item.field)
        score = _score(infons)
        text, quoted = assembled.text, repr(shortened(quote.text))
        if not quote.spans:
            loss = Loss("without a place", entities=1)
            self.find(f"{item.field}.locations", "none", "a place in the text", "warning", loss)
            return None
        spans = assembled.reading.spans(quote.spans)
        if spans is None or not all(0 <= start < end <= len(text) for start, end in spans):
            value = f"{_shown(quote.spans)} {quoted}"
            loss = Loss("outside of the text", entities=1)
            self.find(item.field, value, "places in the text of the document", "problem", loss)
            return None
        start, end = min(spans)[0], max(end for _, end in spans)
        if quote.text and not fits(text, spans, quote.text):
            value = f"{_shown(quote.spans)} {quoted}"
            expected = f"the text there, {shortened(text[start:end])!r}"
            self.find(item.field, value, expected, "problem", Loss("unlike its text", entities=1))
            return None
        inside = sorted(spans)
        gaps = [text[a:b] for (_, a), (b, _) in itertools.pairwise(inside)]
        if any(gap.strip() for gap in gaps):
            value = f"{len(spans)} places ({quoted})"
            loss = Loss("discontinuous", entities=1)
            self.find(f"{item.field}.locations", value, "one place", "problem", loss)
            return None
        if not (type and text[start:end].strip()):
            expected = "more than white space" if type else "an infon 'type'"
            loss = Loss("only white space" if type else "without a type", entities=1)
            self.find(item.field, repr(shortened(text[start:end])), expected, "problem", loss)
            return None
        self._read_over(
            {name: value for name, value in infons.items() if name != "type"}, "annotations", score
        )
        return Entity(type, start, end, text[start:end], score)

    def _relation(self, item: _Item, by_id: dict[str, list[int]]) -> Relation | None:
        """A relation; None if it can't be one, which is told."""
        field = item.field
        infons = _infons(item.value, field)
        type, score = _type(infons, _TYPES_OF_RELATIONS, field), _score(infons)
        nodes = _nodes(item)
        if len(nodes) != 2:
            value = shortened(", ".join(f"{role} {id}" for role, id in nodes)) if nodes else "none"
            expected = "two annotations"
            reason = f"of {len(nodes)} nodes"
            if not nodes or _CONCEPTS & infons.keys():
                value = shortened(", ".join(f"{name} {value}" for name, value in infons.items())) or "none"
                expected, reason = "nodes, each with the id of an annotation", "between concepts"
            self.find(field, value, expected, "warning", Loss(reason, relations=1))
            return None
        by_role = {role.lower(): id for role, id in nodes}
        pair = next((pair for pair in _ROLES if set(pair) == by_role.keys()), None)
        ids = [by_role[role] for role in pair] if pair else [id for _, id in nodes]
        ends = []
        for id in ids:
            indexes = by_id.get(id, [])
            if len(indexes) != 1 or indexes[0] < 0:
                reason, expected = "of an unknown entity", "the id of an annotation"
                if len(indexes) > 1:
                    reason, expected = (
                        "of an ambiguous entity",
                        f"the id of one annotation, not {len(indexes)}",
                    )
                elif indexes:
                    reason, expected = "of a lost entity", "an annotation that was read"
                self.find(field, repr(shortened(id)), expected, "problem", Loss(reason, relations=1))
                return None
            ends.append(indexes[0])
        if not type:
            loss = Loss("without a type", relations=1)
            self.find(field, shortened(" to ".join(ids)), "an infon 'type'", "problem", loss)
            return None
        used = next(name for name in _TYPES_OF_RELATIONS if infons.get(name))
        self._read_over({name: value for name, value in infons.items() if name != used}, "relations", score)
        return Relation(type, ends[0], ends[1], score)

    def _read_over(self, infons: dict[str, Any], of: str, score: float = math.nan) -> None:
        names = (name for name in infons if name != "score" or math.isnan(score))
        self.read_over.update((of, name) for name in names)


def _infons(part: dict[str, Any], field: str) -> dict[str, Any]:
    infons = part.get("infons") or {}
    if not isinstance(infons, dict):
        raise WrongShapeError(f"{field}.infons", infons, "an object")
    return infons


def _type(infons: dict[str, Any], names: tuple[str, ...], field: str) -> str:
    """The first of the infons that is there; "" for none."""
    name = next((name for name in names if infons.get(name)), None)
    return json_records.check_text(infons[name], f"{field}.infons.{name}") if name else ""


def _score(infons: dict[str, Any]) -> float:
    """Its score if that is a probability, else NaN."""
    value = infons.get("score")
    try:
        score = float(value) if isinstance(value, str | float | int) else math.nan
    except (ValueError, OverflowError):
        return math.nan
    return score if 0 <= score <= 1 else math.nan


def _quote(item: _Item) -> Quote:
    text = item.value.get("text")
    quoted = "" if text is None else json_records.check_text(text, f"{item.field}.text")
    locations = json_records.objects(item.value, "locations") if item.value.get("locations") else []
    spans = []
    for name, location in locations:
        offset, length = (
            json_records.integer(location, key, f"{item.field}.{name}") for key in ("offset", "length")
        )
        spans.append((offset, offset + length))
    return Quote(tuple(spans), quoted)


def _nodes(item: _Item) -> list[tuple[str, str]]:
    """Role and id of each node."""
    nodes = json_records.objects(item.value, "nodes") if item.value.get("nodes") else []
    found = []
    for name, node in nodes:
        role, id = (
            json_records.check_id(node.get(key), f"{item.field}.{name}.{key}") for key in ("role", "refid")
        )
        found.append((role, id))
    return found


def _shown(spans: Spans) -> str:
    return shortened(", ".join(f"{start} to {end}" for start, end in spans))
