"""A task of Label Studio's JSON as a document (`label_studio` says what is in it)."""

from __future__ import annotations

import collections
from typing import Any

from jner_re.corpora import json_records
from jner_re.corpora.annotated_text import AnnotatedText, Place, Reading
from jner_re.corpora.character_offsets import Quote, find_reading, fits
from jner_re.corpora.corpus import Loss, shortened
from jner_re.corpora.json_records import WrongShapeError
from jner_re.document import Document, Entity, Relation

TEXT = "text"  # the field of a task's data, unless it has one string alone


class Task(Reading):
    """A task while it is read.

    Attributes:
      is_annotated: whether anybody's annotation of it counts.
    """

    def __init__(self, task: Any, file: str, place: str, annotator: str | None) -> None:
        """Takes a task; raises WrongShapeError."""
        if not isinstance(task, dict):
            raise WrongShapeError("task", task, "an object with data and annotations")
        super().__init__(file, place)
        data = task.get("data")
        if not isinstance(data, dict):
            raise WrongShapeError("data", data, "an object with the text")
        field = _text_field(data)
        self._text = json_records.check_text(data[field], f"data.{field}")
        id = data.get("id", task.get("id"))
        self._id = json_records.check_id(id, "id")
        self._fields = {name: value for name, value in data.items() if name not in (field, "id")}
        annotation = _chosen(task, annotator)
        self.is_annotated = annotation is not None
        if annotation is None:
            expected = f"an annotation by {annotator!r}" if annotator else "an annotation"
            loss = Loss("task without annotation", 1)
            self.find("annotations", "none", f"{expected} that was not cancelled", "warning", loss)
        self._results = json_records.objects(annotation, "result") if annotation else []

    def text(self) -> AnnotatedText:
        """The document, with the places of its annotation."""
        regions = {field: item for field, item in self._results if _is_region(item)}
        quotes = [_quote(item, field) for field, item in regions.items()]
        fit = find_reading(self._text, [quote for quote in quotes if quote.text])
        if fit.reading.name != "code points":
            expected = "code points, under which fewer quoted texts fit"
            self.find("unit of offsets", fit.reading.name, expected, "warning", action="translated")
        entities: list[Entity] = []
        places: list[Place] = []
        by_id: dict[str, int] = {}
        lost: set[str] = set()
        for (field, item), quote in zip(regions.items(), quotes, strict=True):
            id = str(item.get("id", ""))
            spans = fit.reading.spans(quote.spans)
            (start, end), labels = (spans or [(0, 0)])[0], _labels(item, field)
            inside = spans is not None and 0 <= start < end <= len(self._text)
            right = inside and (not quote.text or fits(self._text, spans, quote.text))
            if not (right and self._text[start:end].strip()):
                value = f"{quote.spans[0][0]} to {quote.spans[0][1]} {shortened(quote.text)!r}"
                loss = Loss(
                    "unlike its text" if inside else "outside of the text", entities=max(len(labels), 1)
                )
                self.find(field, value, f"a text of the task (tried: {fit.tried})", "problem", loss)
                lost.add(id)
                continue
            if not labels:
                loss = Loss("without a label", entities=1)
                self.find(field, shortened(repr(self._text[start:end])), "a label", "problem", loss)
                lost.add(id)
            for label in labels:
                by_id.setdefault(id, len(entities))
                covered = self._text[start:end]
                entities.append(Entity(label, start, end, covered))
                places.append(Place(self.place, field, f"{field} ({id})" if id else field))
        relations, relation_places = self._relations(by_id, lost)
        self._tell_other_kinds()
        document = Document(self._text, (), tuple(entities), relations, id=self._id, fields=self._fields)
        return AnnotatedText(document, self.file, self.place, "", tuple(places), relation_places)

    def _relations(
        self, by_id: dict[str, int], lost: set[str]
    ) -> tuple[tuple[Relation, ...], tuple[Place, ...]]:
        relations: list[Relation] = []
        places: list[Place] = []
        for field, item in self._results:
            if item.get("type") != "relation":
                continue
            ends = [str(item.get(name, "")) for name in ("from_id", "to_id")]
            direction, labels = (
                item.get("direction") or "right",
                _strings(item.get("labels"), f"{field}.labels"),
            )
            pairs = {"right": [ends], "left": [ends[::-1]], "bi": [ends, ends[::-1]]}.get(str(direction))
            if pairs is None:
                raise WrongShapeError(f"{field}.direction", direction, "right, left or bi")
            count = len(pairs) * max(len(labels), 1)
            missing = next((end for end in ends if end not in by_id), None)
            if missing is not None:
                known = missing in lost
                reason = "of a lost entity" if known else "of an unknown entity"
                expected = "a region that was read" if known else "the id of a region"
                self.find(field, repr(shortened(missing)), expected, "problem", Loss(reason, relations=count))
                continue
            if not labels:
                loss = Loss("without a label", relations=count)
                self.find(field, " to ".join(ends), "a label", "problem", loss)
            for label in labels:
                for head, tail in pairs:
                    relations.append(Relation(label, by_id[head], by_id[tail]))
                    places.append(Place(self.place, field, field))
        return tuple(relations), tuple(places)

    def _tell_other_kinds(self) -> None:
        others = collections.Counter(
            str(item.get("type"))
            for _, item in self._results
            if not _is_region(item) and item.get("type") != "relation"
        )
        for kind, count in others.items():
            self.find(
                f"results of type {shortened(kind)!r}",
                str(count),
                "labels of a text, and relations",
                "warning",
            )


def _text_field(data: dict[str, Any]) -> str:
    """The field of the text: "text", or the only string; raises WrongShapeError."""
    texts = [name for name, value in data.items() if isinstance(value, str) and name != "id"]
    if TEXT in data:
        return TEXT
    if len(texts) != 1:
        raise WrongShapeError("data", ", ".join(texts) or "no text", "one text, or a field 'text'")
    return texts[0]


def _chosen(task: dict[str, Any], annotator: str | None) -> dict[str, Any] | None:
    """The newest annotation that was not cancelled; None if there is none."""
    if "annotations" not in task:
        return None
    annotations = [item for _, item in json_records.objects(task, "annotations")]
    counting = [
        item
        for item in annotations
        if not item.get("was_cancelled") and (annotator is None or annotator in _names(item))
    ]
    return max(
        counting, key=lambda item: str(item.get("updated_at") or item.get("created_at") or ""), default=None
    )


def _names(annotation: dict[str, Any]) -> set[str]:
    """By which an annotator is known: of an expanded user the id and the address."""
    user = annotation.get("completed_by")
    if isinstance(user, dict):
        return {str(user.get("id")), str(user.get("email"))}
    return {str(user)}


def _is_region(item: dict[str, Any]) -> bool:
    value = item.get("value")
    return (
        isinstance(value, dict) and {"start", "end"} <= value.keys() and item.get("type") in ("labels", None)
    )


def _quote(item: dict[str, Any], field: str) -> Quote:
    value = item["value"]
    places = [value[name] for name in ("start", "end")]
    for name, place in zip(("start", "end"), places, strict=True):
        if type(place) is not int:
            raise WrongShapeError(f"{field}.value.{name}", place, "an integer")
    return Quote(
        ((places[0], places[1]),), json_records.check_text(value.get("text", ""), f"{field}.value.text")
    )


def _labels(item: dict[str, Any], field: str) -> list[str]:
    return _strings(item["value"].get("labels"), f"{field}.value.labels")


def _strings(value: Any, field: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise WrongShapeError(field, value, "a list of labels")
    return [json_records.check_text(label, f"{field}[{i}]") for i, label in enumerate(value)]
