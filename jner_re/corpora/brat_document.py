"""A document of brat standoff, from its text and its annotation."""

from __future__ import annotations

import dataclasses
import itertools
import math

from jner_re.corpora.annotated_text import AnnotatedText, Place
from jner_re.corpora.brat_annotation import Annotation, BinaryRelation, TextBound
from jner_re.corpora.brat_configuration import Roles, in_order
from jner_re.corpora.character_offsets import Quote, Spans, find_reading
from jner_re.corpora.corpus import Finding, Loss, shortened
from jner_re.document import Document, Entity, Relation

_LEFT_OUT = "the annotation is left out"


@dataclasses.dataclass(frozen=True)
class Source:
    """What is known of a document besides its annotation.

    Attributes:
      text: without a byte order mark.
      byte_order_mark: whether the file has one.
      file: the .ann file, quoted in findings.
      text_name: the .txt file's name, quoted in findings.
      id: the document's.
      roles: of relations, as annotation.conf has them.
    """

    text: str
    byte_order_mark: bool
    file: str
    text_name: str
    id: str
    roles: Roles


def read(
    source: Source, annotation: Annotation, event_arguments: bool
) -> tuple[AnnotatedText, list[Finding]]:
    """The document, and what was found wrong or left out.

    A relation's argument is an entity, or an event, which stands for its trigger.

    Args:
      source: its text and the like.
      annotation: its .ann file.
      event_arguments: whether the arguments of events are relations from their triggers.
    """
    document = _BratDocument(source, annotation, event_arguments)
    return document.text(), document.findings


class _BratDocument:
    """The entities and relations of a document while it is read.

    Attributes:
      findings: about all of them.
    """

    def __init__(self, source: Source, annotation: Annotation, event_arguments: bool) -> None:
        self._source, self._annotation = source, annotation
        self.findings = list(annotation.findings)
        self._spans = self._entity_spans()
        self._index = {id: i for i, id in enumerate(self._spans)}
        self._relations: list[Relation] = []
        self._relation_places: list[Place] = []
        self._ids: dict[tuple[str, int, int], str] = {}  # of relations
        for relation in annotation.relations:
            arguments = in_order(relation.arguments, source.roles.get(relation.type, []))
            self._add_relation(dataclasses.replace(relation, arguments=arguments))
        self._add_events(event_arguments)

    def text(self) -> AnnotatedText:
        """The document with the places of its annotation."""
        source, annotation = self._source, self._annotation
        entities, places = [], []
        for id, (start, end) in self._spans.items():
            entity = annotation.entities[id]
            score = annotation.scores.get(id, math.nan)
            entities.append(Entity(entity.type, start, end, source.text[start:end], score))
            places.append(Place(_line(entity), "span", id))
        document = Document(source.text, (), tuple(entities), tuple(self._relations), id=source.id)
        return AnnotatedText(
            document, source.file, "", source.text_name, tuple(places), tuple(self._relation_places)
        )

    def _report(
        self, item: TextBound | BinaryRelation, field: str, value: str, expected: str, reason: str
    ) -> None:
        is_entity = isinstance(item, TextBound)
        loss = Loss(reason, entities=int(is_entity), relations=int(not is_entity))
        value = repr(shortened(value))
        self.findings.append(
            Finding(self._source.file, _line(item), field, value, expected, _LEFT_OUT, loss=loss)
        )

    def _warn(
        self, place: str, field: str, value: str, expected: str, action: str, loss: Loss | None = None
    ) -> None:
        self.findings.append(
            Finding(self._source.file, place, field, value, expected, action, kind="warning", loss=loss)
        )

    def _entity_spans(self) -> dict[str, tuple[int, int]]:
        """The spans of the entities that have one, in code points; the others are reported."""
        entities, text = self._annotation.entities, self._source.text
        quotes = [Quote(entity.fragments, entity.text) for entity in entities.values()]
        fit = find_reading(text, quotes, self._source.byte_order_mark)
        if fit.reading.name != "code points":
            expected = "code points, under which fewer quoted texts fit"
            self._warn("whole file", "unit of offsets", fit.reading.name, expected, "translated")
        spans = {}
        for entity, fits in zip(entities.values(), fit.fitting, strict=True):
            span = self._span(entity, fit.reading.spans(entity.fragments), fits, fit.tried)
            if span:
                spans[entity.id] = span
        return spans

    def _span(
        self, entity: TextBound, fragments: Spans | None, fits: bool, tried: str
    ) -> tuple[int, int] | None:
        """The place of an entity, or None if it is reported.

        Args:
          entity: as the file has it.
          fragments: its parts in code points; None if there are no such places.
          fits: whether the text has what the entity quotes.
          tried: what offsets may have counted, for messages.
        """
        text = self._source.text
        value = entity.span
        if fragments is None or not all(start < end <= len(text) for start, end in fragments):
            if any(start >= end for start, end in entity.fragments):
                self._report(entity, "span", value, "a start before its end", "an empty span")
                return None
            expected = f"a span within 0 and {len(text)} (tried: {tried})"
            self._report(entity, "span", value, expected, "outside of the text")
            return None
        start, end = min(fragments)[0], max(end for _, end in fragments)
        if _has_gap(text, fragments):
            expected = "one fragment (a discontinuous entity is no span of the text)"
            self._report(entity, "span", value, expected, "discontinuous")
        elif not fits:
            expected = f"the text at {shortened(value)}, {shortened(text[start:end])!r} (tried: {tried})"
            self._report(entity, "text", entity.text, expected, "unlike its text")
        elif not text[start:end].strip():
            self._report(entity, "span", value, "more than white space", "blank")
        else:
            return start, end
        return None

    def _add_relation(self, relation: BinaryRelation) -> None:
        ids = [self._annotation.entity_id(id) for _, id in relation.arguments]
        for (role, named), id in zip(relation.arguments, ids, strict=True):
            if id not in self._index:
                known = id in self._annotation.entities
                expected = "an entity that was read" if known else "the id of an entity or of an event"
                reason = "of a lost entity" if known else "of an unknown entity"
                self._report(relation, role, named, expected, reason)
                return
        head, tail = (self._index[id] for id in ids)
        found = Relation(relation.type, head, tail, self._annotation.scores.get(relation.id, math.nan))
        same = self._ids.setdefault((relation.type, head, tail), relation.id)
        if same != relation.id and ids != [id for _, id in relation.arguments]:
            role, named = relation.arguments[1]
            expected = f"entities or triggers of its own, unlike {same}"
            loss = Loss("same triggers", relations=1)
            self._warn(_line(relation), role, named, expected, "merged", loss)
            return
        self._relations.append(found)
        self._relation_places.append(Place(_line(relation), "relation", relation.id))

    def _add_events(self, as_relations: bool) -> None:
        events = [event for event in self._annotation.events.values() if event.arguments]
        count = sum(len(event.arguments) for event in events)
        if as_relations:
            for event in events:
                for role, id in event.arguments:
                    self._add_relation(
                        BinaryRelation(event.line, event.id, role, [("trigger", event.id), (role, id)])
                    )
        elif events:
            first = events[0]
            value = f"{count} arguments, the first {first.arguments[0][0]}:{first.arguments[0][1]}"
            expected = "relations (--event_arguments makes them of the arguments of events)"
            place = f"line {first.line} ({first.id[:20]})"
            place += f" and {len(events) - 1} more" if len(events) > 1 else ""
            loss = Loss("arguments of events", relations=count)
            self._warn(place, "event (E)", shortened(value), expected, "the arguments are left out", loss)


def _line(item: TextBound | BinaryRelation) -> str:
    return f"line {item.line} ({item.id[:20]})"


def _has_gap(text: str, fragments: Spans) -> bool:
    """Whether there is more than white space between the parts of an entity."""
    if len(fragments) == 1:
        return False
    parts = itertools.pairwise(sorted(fragments))
    return any(text[left[1] : right[0]].strip() for left, right in parts)
