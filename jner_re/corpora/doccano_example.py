"""An example of doccano's JSON lines as a document (`doccano` says what is in it)."""

from __future__ import annotations

from typing import Any, NamedTuple

from jner_re.corpora import doccano_offsets, json_records
from jner_re.corpora.annotated_text import AnnotatedText, Place, Reading
from jner_re.corpora.corpus import Finding, Loss, shortened
from jner_re.corpora.json_records import WrongShapeError
from jner_re.document import Document, Entity, Relation

COMMENTS = "Comments"
_TEXTS = ("text", "data")  # the name of the text; "data" in older versions
_SPANS = ("entities", "label", "labels")  # that of the spans
_EXPECTED = (
    "the lists entities and relations, or label, as doccano exports a sequence labelling project as JSONL"
)


class _Span(NamedTuple):
    """A span as it stands in the file.

    Attributes:
      field: its place in the record.
      id: "" for none.
      label: the type.
      place: (start, end) in units of the project.
    """

    field: str
    id: str
    label: str
    place: tuple[int, int]


class _Link(NamedTuple):
    """A relation as it stands in the file: its place there, the ids of two spans, and the type."""

    field: str
    ends: tuple[str, str]
    type: str


class Example(Reading):
    """A record while it is read.

    Attributes:
      text: of the document.
    """

    def __init__(self, record: Any, file: str, place: str) -> None:
        """Takes a record; raises WrongShapeError."""
        if not isinstance(record, dict):
            raise WrongShapeError("example", record, "an object with text, entities and relations")
        super().__init__(file, place)
        text_name = next((name for name in _TEXTS if name in record), _TEXTS[0])
        spans_name = next((name for name in _SPANS if name in record), None)
        if spans_name is None:
            raise WrongShapeError(_SPANS[0], None, f"{_EXPECTED} (the keys are missing)")
        self.text = json_records.check_text(record.get(text_name), text_name)
        self._id = json_records.check_id(record.get("id"), "id")
        self._spans = _spans(record, spans_name)
        self._links = _links(record) if record.get("relations") is not None else []
        for other in _SPANS:
            if other != spans_name and record.get(other):
                expected = f"one list of spans, here {spans_name}"
                self.findings.append(
                    Finding(file, place, other, "given, too", expected, "read over", "warning")
                )
        own = ("id", text_name, *_SPANS, "relations")
        self._fields = {
            name: value
            for name, value in record.items()
            if name not in own and not (name == COMMENTS and value == [])
        }

    def count_spans(self) -> int:
        """How many spans there are."""
        return len(self._spans)

    def count_misfits(self, units: str) -> int:
        """How many of them are no whole words of the text."""
        return doccano_offsets.count_misfits(self.text, [span.place for span in self._spans], units)

    def document(self, units: str) -> AnnotatedText:
        """The document, with the places of its annotation.

        Args:
          units: one of `doccano_offsets.UNITS`.
        """
        reading = doccano_offsets.reading(self.text, units)
        entities: list[Entity] = []
        entity_places: list[Place] = []
        index: dict[str, int] = {}
        for span in self._spans:
            [(start, end)] = reading.spans([span.place]) or [(-1, -1)]
            if self._is_in_text(span, start, end, units):
                index[span.id] = len(entities)
                entities.append(Entity(span.label, start, end, self.text[start:end]))
                name = f"{span.field} (id {span.id})" if span.id else span.field
                entity_places.append(Place(self.place, span.field, name))
        relations: list[Relation] = []
        relation_places: list[Place] = []
        for link in self._links:
            if self._has_entities(link, index):
                head, tail = (index[end] for end in link.ends)
                relations.append(Relation(link.type, head, tail))
                relation_places.append(Place(self.place, link.field, link.field))
        annotation = tuple(entities), tuple(relations)
        document = Document(self.text, (), *annotation, id=self._id, fields=self._fields)
        places = tuple(entity_places), tuple(relation_places)
        return AnnotatedText(document, self.file, self.place, "", *places)

    def _is_in_text(self, span: _Span, start: int, end: int, units: str) -> bool:
        """Whether a span is a part of the text; else it is reported."""
        if not 0 <= start < end <= len(self.text):
            is_empty = span.place[0] >= span.place[1]
            value = shortened(f"{span.place[0]} to {span.place[1]}")
            expected = f"places of the text, the start before the end, in {units} (--offsets)"
            self._lose(span.field, value, expected, "an empty span" if is_empty else "outside of the text", 1)
            return False
        if not self.text[start:end].strip():
            value = repr(shortened(self.text[start:end]))
            self._lose(span.field, value, "more than white space", "blank", 1)
            return False
        return True

    def _has_entities(self, link: _Link, index: dict[str, int]) -> bool:
        """Whether a relation has two entities; else it is reported."""
        missing = next((end for end in link.ends if end not in index), None)
        if missing is None:
            return True
        is_known = any(span.id == missing for span in self._spans)
        value = f"{shortened(link.type)!r} from {shortened(link.ends[0])} to {shortened(link.ends[1])}"
        if is_known:
            expected, reason = f"entities that are read, unlike {shortened(missing)}", "of a lost entity"
        else:
            expected, reason = f"ids of entities, unlike {shortened(missing)}", "of an unknown entity"
        self._lose(link.field, value, expected, reason, 0)
        return False

    def _lose(self, field: str, value: str, expected: str, reason: str, entities: int) -> None:
        loss = Loss(reason, entities=entities, relations=1 - entities)
        self.find(field, value, expected, "problem", loss)


def _spans(record: dict[str, Any], key: str) -> list[_Span]:
    """The spans, objects or [start, end, label]; raises WrongShapeError."""
    spans = []
    ids: set[str] = set()
    for i, item in enumerate(json_records.list_of(record, key)):
        field = f"{key}[{i}]"
        if isinstance(item, list) and len(item) == 3:
            item = dict(zip(("start_offset", "end_offset", "label"), item, strict=True))
        if not isinstance(item, dict):
            raise WrongShapeError(field, item, "an object, or [start, end, label]")
        id = json_records.check_id(item.get("id"), f"{field}.id")
        if id and id in ids:
            raise WrongShapeError(f"{field}.id", item["id"], "an id that no other span of the example has")
        ids.add(id)
        start, end = (json_records.integer(item, f"{name}_offset", field) for name in ("start", "end"))
        label = json_records.check_text(item.get("label"), f"{field}.label")
        spans.append(_Span(field, id, label, (start, end)))
    return spans


def _links(record: dict[str, Any]) -> list[_Link]:
    """The relations; raises WrongShapeError."""
    links = []
    for field, item in json_records.objects(record, "relations"):
        head, tail = (
            json_records.check_id(item.get(name), f"{field}.{name}") or _missing(f"{field}.{name}")
            for name in ("from_id", "to_id")
        )
        links.append(_Link(field, (head, tail), json_records.check_text(item.get("type"), f"{field}.type")))
    return links


def _missing(field: str) -> str:
    raise WrongShapeError(field, None, "the id of an entity")
