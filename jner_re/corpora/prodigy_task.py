"""A task of Prodigy's JSON lines as a document (`prodigy` says what is in it)."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from jner_re.corpora import json_records
from jner_re.corpora.annotated_text import AnnotatedText, Place, Reading
from jner_re.corpora.corpus import Loss, shortened
from jner_re.corpora.json_records import WrongShapeError
from jner_re.document import Document, Entity, Relation

OWN = ("text", "tokens", "spans", "relations", "answer")
META = "meta"
_ANSWERS = ("accept", "reject", "ignore")


class _Span(NamedTuple):
    """A span as it stands in the file.

    Attributes:
      field: its place in the record.
      label: the type, "" for none.
      start: in code points.
      end: exclusive.
      quoted: the text that it says it is, None for none.
      last_token: the number of its last token, None if the file doesn't say.
      score: NaN for none.
    """

    field: str
    label: str
    start: int
    end: int
    quoted: str | None
    last_token: int | None
    score: float


class _End(NamedTuple):
    """What a relation leads from or to: the span at a place, or else the span that ends with a token."""

    field: str
    span: tuple[int, int, str] | None
    token: int | None


class _Link(NamedTuple):
    """A relation as it stands in the file."""

    field: str
    label: str
    ends: tuple[_End, _End]
    score: float


class Task(Reading):
    """A record while it is read.

    Attributes:
      text: of the document.
      id: its own, "" for none.
      hash: of the input, None for none.
      is_answered: whether an annotator said anything of it.
      answer: what the annotator said of it, "accept" of a task to import, "" if nobody has annotated it.
    """

    def __init__(self, record: Any, file: str, place: str) -> None:
        """Takes a record; raises WrongShapeError."""
        if not isinstance(record, dict):
            raise WrongShapeError("task", record, "an object with text and spans")
        super().__init__(file, place)
        self.text = json_records.check_text(record.get("text"), "text")
        self.answer = _answer(record)
        self.is_answered = record.get("answer") is not None
        self.id, self._fields = _id_and_fields(record)
        self.hash = record["_input_hash"] if type(record.get("_input_hash")) is int else None
        self._spans = _spans(record)
        self._links = _links(record)
        if record.get("_is_binary") is True:
            expected = "a task that asks for all annotation: other entities may be missing"
            self.find("_is_binary", "true", expected, "warning", action="")

    def document(self) -> AnnotatedText:
        """The document, with the places of its annotation."""
        entities: list[Entity] = []
        entity_places: list[Place] = []
        index: dict[str, int] = {}  # of the spans that are read, by field
        for span in self._spans:
            if self._is_entity(span):
                index[span.field] = len(entities)
                covered = self.text[span.start : span.end]
                entities.append(Entity(span.label, span.start, span.end, covered, span.score))
                entity_places.append(Place(self.place, span.field, span.field))
        relations: list[Relation] = []
        relation_places: list[Place] = []
        for link in self._links:
            pair = self._pair(link, index)
            if pair:
                relations.append(Relation(link.label, *pair, link.score))
                relation_places.append(Place(self.place, link.field, link.field))
        annotation = tuple(entities), tuple(relations)
        document = Document(self.text, (), *annotation, id=self.id, fields=self._fields)
        places = tuple(entity_places), tuple(relation_places)
        return AnnotatedText(document, self.file, self.place, "", *places)

    def _is_entity(self, span: _Span) -> bool:
        """Whether a span is a part of the text with a label; else it is reported."""
        covered = self.text[max(span.start, 0) : max(span.end, 0)]
        value = shortened(f"{span.start} to {span.end}")
        if not 0 <= span.start < span.end <= len(self.text):
            expected = f"places from 0 to {len(self.text)}, the start before the end"
            reason = "an empty span" if span.start >= span.end else "outside of the text"
        elif span.quoted is not None and span.quoted != covered:
            value = f"{value} {shortened(span.quoted)!r}"
            expected, reason = f"the text there, {shortened(covered)!r}", "unlike its text"
        elif not covered.strip():
            value, expected, reason = repr(shortened(covered)), "more than white space", "blank"
        elif not span.label:
            value, expected, reason = repr(shortened(covered)), "a label", "without a label"
        else:
            return True
        self.find(span.field, value, expected, "problem", Loss(reason, entities=1))
        return False

    def _pair(self, link: _Link, index: dict[str, int]) -> tuple[int, int] | None:
        """The entities of a relation; None if it has not two, which is reported."""
        pair = []
        for end in link.ends:
            spans = self._spans_of(end)
            if len(spans) == 1 and spans[0].field in index:
                pair.append(index[spans[0].field])
                continue
            value = shortened(f"{end.span[0]} to {end.span[1]}" if end.span else str(end.token))
            if len(spans) == 1:
                expected, reason = f"a span that is read, unlike {spans[0].field}", "of a lost entity"
            else:
                what = "place" if end.span else "last token"
                expected = f"the {what} of one of the spans, which {len(spans) or 'none'} have"
                reason = "of an unknown entity"
            self.find(end.field, value, expected, "problem", Loss(reason, relations=1))
            return None
        return pair[0], pair[1]

    def _spans_of(self, end: _End) -> list[_Span]:
        """The spans that may be meant; equal ones count as one."""
        if end.span is None:
            return [span for span in self._spans if span.last_token == end.token]
        *place, label = end.span
        there = [span for span in self._spans if [span.start, span.end] == place]
        return [span for span in there if span.label == label][:1] or there


def _answer(record: dict[str, Any]) -> str:
    answer = record.get("answer")
    if answer is None:
        return "accept" if any(record.get(key) is not None for key in ("spans", "relations")) else ""
    if answer not in _ANSWERS:
        raise WrongShapeError("answer", answer, f"one of {', '.join(_ANSWERS)}")
    return answer


def _id_and_fields(record: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The id, that of the metadata or of the record, and further fields but for Prodigy's own."""
    meta = {} if record.get(META) is None else record[META]
    if not isinstance(meta, dict):
        raise WrongShapeError(META, meta, "an object")
    fields = {
        name: value for name, value in record.items() if name not in (*OWN, META) and not name.startswith("_")
    }
    if "id" in meta:
        id = json_records.check_id(meta["id"], f"{META}.id")
    else:
        id = json_records.check_id(fields.pop("id", None), "id")
    rest = {name: value for name, value in meta.items() if name != "id"}
    return id, {**fields, **({META: rest} if rest else {})}


def _spans(record: dict[str, Any]) -> list[_Span]:
    """The spans; raises WrongShapeError."""
    token_at = _tokens_by_end(record.get("tokens"))
    found = []
    for field, item in _objects(record, "spans"):
        start, end = json_records.integer(item, "start", field), json_records.integer(item, "end", field)
        label = item.get("label")
        label = "" if label is None else json_records.check_text(label, f"{field}.label")
        quoted = item.get("text")
        quoted = quoted if isinstance(quoted, str) else None
        last = item.get("token_end")
        last = last if type(last) is int else token_at.get(end)
        found.append(_Span(field, label, start, end, quoted, last, _score(record, item, field)))
    return found


def _links(record: dict[str, Any]) -> list[_Link]:
    """The relations; raises WrongShapeError."""
    return [
        _Link(
            field,
            json_records.check_text(item.get("label"), f"{field}.label"),
            (_end(item, "head", field), _end(item, "child", field)),
            _score(record, item, field),
        )
        for field, item in _objects(record, "relations")
    ]


def _end(item: dict[str, Any], name: str, field: str) -> _End:
    span = item.get(f"{name}_span")
    # Of a single word that is no span, some versions say no place.
    if span is None or (isinstance(span, dict) and span.get("start") is None):
        return _End(f"{field}.{name}", None, json_records.integer(item, name, field))
    field = f"{field}.{name}_span"
    if not isinstance(span, dict):
        raise WrongShapeError(field, span, "an object")
    place = json_records.integer(span, "start", field), json_records.integer(span, "end", field)
    return _End(field, (*place, str(span.get("label"))), None)


def _tokens_by_end(tokens: Any) -> dict[int, int]:
    """The numbers of tokens by where they end, as far as they say so."""
    if not isinstance(tokens, list):
        return {}
    return {
        token["end"]: i
        for i, token in enumerate(tokens)
        if isinstance(token, dict) and type(token.get("end")) is int
    }


def _score(record: dict[str, Any], item: dict[str, Any], field: str) -> float:
    """The score of a suggestion; of one that was answered none: it is annotation now."""
    return math.nan if record.get("answer") is not None else json_records.score(item, field)


def _objects(record: dict[str, Any], key: str) -> list[tuple[str, dict[str, Any]]]:
    return [] if record.get(key) is None else json_records.objects(record, key)
