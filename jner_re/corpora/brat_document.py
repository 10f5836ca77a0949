"""A document of brat standoff: its text and its annotation as sentences."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
from collections.abc import Sequence

from jner_re.corpora.alignment import is_exact, token_span, whole_tokens
from jner_re.corpora.brat_annotation import LINE_END, Annotation, BinaryRelation, TextBound
from jner_re.corpora.brat_configuration import Roles, in_order
from jner_re.corpora.character_offsets import Quote, Spans, find_reading
from jner_re.corpora.corpus import Finding, Loss, check_sentence, shortened
from jner_re.schema import EntitySpan, RelationPair, Sentence
from jner_re.text.tokenization import tokenize

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


@dataclasses.dataclass
class _Line:
    """A sentence while it is read: its number is that of its first line, its tokens are [start, end)."""

    number: int
    start: int
    end: int
    entities: list[EntitySpan] = dataclasses.field(default_factory=list)
    entity_ids: list[str] = dataclasses.field(default_factory=list)
    relations: list[RelationPair] = dataclasses.field(default_factory=list)
    relation_ids: list[str] = dataclasses.field(default_factory=list)

    def file_name(self, field: str) -> str:
        """A field such as "entities[2]" with the annotation's id in the file."""
        kind, index = field.removesuffix("]").split("[")
        ids = {"entities": self.entity_ids, "relations": self.relation_ids}.get(kind)
        return f"{field} ({ids[int(index)]})" if ids else field


class BratDocument:
    """The sentences of a document, and what was found wrong or left out.

    A line that is not blank is a sentence; lines that an entity joins are one. A relation's argument is an
    entity, or an event, which stands for its trigger.

    Attributes:
      sentences: in the order of the text.
      places: the line of each, for messages.
      findings: about all of them.
      spans: of each different entity (start and end in code points, type), whether it is whole tokens.
    """

    def __init__(
        self, source: Source, annotation: Annotation, tokenization: str, event_arguments: bool
    ) -> None:
        """Reads a document.

        Args:
          source: its text and the like.
          annotation: its .ann file.
          tokenization: how the text is split.
          event_arguments: whether the arguments of events are relations from their triggers.
        """
        self._source, self._annotation = source, annotation
        self.findings = list(annotation.findings)
        self.spans: dict[tuple[int, int, str], bool] = {}
        self._tokens = tokenize(source.text, tokenization)
        self._lines = _lines(source.text, [token.start for token in self._tokens])
        spans = self._entity_spans()
        self._join_lines(spans)
        self._starts = [line.start for line in self._lines]
        self._places = {id: self._add_entity(id, span) for id, span in spans.items()}
        for relation in annotation.relations:
            arguments = in_order(relation.arguments, source.roles.get(relation.type, []))
            self._add_relation(dataclasses.replace(relation, arguments=arguments))
        self._add_events(event_arguments)
        self.sentences = [self._sentence(line) for line in self._lines]
        self.places = [f"{source.text_name} line {line.number}" for line in self._lines]
        for sentence, place, line in zip(self.sentences, self.places, self._lines, strict=True):
            self.findings += check_sentence(sentence, source.file, f"sentence of {place}", line.file_name)

    def _report(
        self, item: TextBound | BinaryRelation, field: str, value: str, expected: str, reason: str
    ) -> None:
        is_entity = isinstance(item, TextBound)
        loss = Loss(reason, entities=int(is_entity), relations=int(not is_entity))
        place, value = f"line {item.line} ({item.id[:20]})", repr(shortened(value))
        self.findings.append(Finding(self._source.file, place, field, value, expected, _LEFT_OUT, loss=loss))

    def _warn(
        self, place: str, field: str, value: str, expected: str, action: str, loss: Loss | None = None
    ) -> None:
        self.findings.append(
            Finding(self._source.file, place, field, value, expected, action, kind="warning", loss=loss)
        )

    def _entity_spans(self) -> dict[str, tuple[int, int]]:
        """The token spans of the entities that have one; the others are reported."""
        entities, text = self._annotation.entities, self._source.text
        quotes = [Quote(entity.fragments, entity.text) for entity in entities.values()]
        fit = find_reading(text, quotes, self._source.byte_order_mark)
        if fit.reading.name != "code points":
            expected = "code points, under which fewer quoted texts fit"
            self._warn("whole file", "unit of offsets", fit.reading.name, expected, "translated")
        spans = {}
        for entity, fits in zip(entities.values(), fit.fitting, strict=True):
            fragments = fit.reading.spans(entity.fragments)
            span = self._token_span(entity, fragments, fits, fit.tried)
            if span:
                spans[entity.id] = span
        return spans

    def _token_span(
        self, entity: TextBound, fragments: Spans | None, fits: bool, tried: str
    ) -> tuple[int, int] | None:
        """The tokens of an entity, or None if it is reported.

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
        span = token_span(self._tokens, start, end)
        if _has_gap(text, fragments):
            expected = "one fragment (a discontinuous entity is no span of tokens)"
            self._report(entity, "span", value, expected, "discontinuous")
        elif not fits:
            expected = f"the text at {shortened(value)}, {shortened(text[start:end])!r} (tried: {tried})"
            self._report(entity, "text", entity.text, expected, "unlike its text")
        elif span is None:
            self._report(entity, "span", value, "text on one line (a line is a sentence)", "blank")
        elif len(LINE_END.split(text[start:end].strip())) > 2:
            expected = "text on one line (a line is a sentence) or two without a blank one between"
            self._report(entity, "span", value, expected, "on two lines")
        else:
            self.spans[start, end, entity.type] = is_exact(self._tokens, span, start, end)
            self._warn_if_widened(entity, span, start, end)
            return span
        return None

    def _warn_if_widened(self, entity: TextBound, span: tuple[int, int], start: int, end: int) -> None:
        if not is_exact(self._tokens, span, start, end):
            whole = self._source.text[self._tokens[span[0]].start : self._tokens[span[1] - 1].end]
            place = f"line {entity.line} ({entity.id[:20]})"
            action = f"changed to {shortened(whole)!r}"
            line = self._lines[bisect.bisect_right(self._lines, span[0], key=lambda line: line.start) - 1]
            begin = self._tokens[line.start].start
            text = self._source.text[begin : self._tokens[line.end - 1].end]
            expected = whole_tokens(text, start - begin, end - begin)
            self._warn(place, "span", repr(shortened(entity.text)), expected, action)

    def _join_lines(self, spans: dict[str, tuple[int, int]]) -> None:
        """Makes one sentence of the lines that an entity joins."""
        starts = [line.start for line in self._lines]
        inner: set[int] = set()  # lines that continue the one before
        for start, end in spans.values():
            first, last = (bisect.bisect_right(starts, token) for token in (start, end - 1))
            inner.update(range(first, last))
        joined: list[_Line] = []
        for i, line in enumerate(self._lines):
            if i in inner:
                joined[-1].end = line.end
            else:
                joined.append(line)
        self._lines = joined

    def _add_entity(self, id: str, span: tuple[int, int]) -> tuple[_Line, int]:
        """Adds an entity to its line; gives the line and the entity's index there."""
        line = self._lines[bisect.bisect_right(self._starts, span[0]) - 1]
        start, end = span[0] - line.start, span[1] - line.start
        line.entities.append(EntitySpan(start, end, self._annotation.entities[id].type))
        line.entity_ids.append(id)
        return line, len(line.entities) - 1

    def _add_relation(self, relation: BinaryRelation) -> None:
        ids = [self._annotation.entity_id(id) for _, id in relation.arguments]
        for (role, named), id in zip(relation.arguments, ids, strict=True):
            if id not in self._places:
                known = id in self._annotation.entities
                expected = "an entity that was read" if known else "the id of an entity or of an event"
                reason = "of a lost entity" if known else "of an unknown entity"
                self._report(relation, role, named, expected, reason)
                return
        (line, head), (tail_line, tail) = (self._places[id] for id in ids)
        role, named = relation.arguments[1]
        if tail_line is not line:
            expected = f"an entity on line {line.number}, where {shortened(relation.arguments[0][1])} is"
            self._report(relation, role, named, f"{expected} (a line is a sentence)", "on two lines")
            return
        found = RelationPair(head, tail, relation.type)
        if ids != [id for _, id in relation.arguments] and found in line.relations:
            same = line.relation_ids[line.relations.index(found)]
            expected = f"entities or triggers of its own, unlike {same}"
            loss = Loss("same triggers", relations=1)
            self._warn(f"line {relation.line} ({relation.id[:20]})", role, named, expected, "merged", loss)
            return
        line.relations.append(found)
        line.relation_ids.append(relation.id)

    def _add_events(self, as_relations: bool) -> None:
        for event in self._annotation.events.values():
            if as_relations:
                for role, id in event.arguments:
                    self._add_relation(
                        BinaryRelation(event.line, event.id, role, [("trigger", event.id), (role, id)])
                    )
            elif event.arguments:
                value = " ".join(f"{role}:{id}" for role, id in event.arguments)
                expected = "relations (--event_arguments makes them of an event's arguments)"
                action = "the arguments are left out"
                place = f"line {event.line} ({event.id[:20]})"
                self._warn(place, "event (E)", repr(shortened(value)), expected, action)

    def _sentence(self, line: _Line) -> Sentence:
        id = self._source.id if len(self._lines) == 1 else f"{self._source.id}:{line.number}"
        tokens = tuple(token.text for token in self._tokens[line.start : line.end])
        return Sentence(tokens, tuple(line.entities), tuple(line.relations), id)


def _has_gap(text: str, fragments: Spans) -> bool:
    """Whether there is more than white space between the parts of an entity."""
    if len(fragments) == 1:
        return False
    parts = itertools.pairwise(sorted(fragments))
    return any(text[left[1] : right[0]].strip() for left, right in parts)


def _lines(text: str, token_starts: Sequence[int]) -> list[_Line]:
    """The lines that have a token."""
    ends = [match.end() for match in LINE_END.finditer(text)] + [len(text)]
    lines, start = [], 0
    for number, end in enumerate(ends, start=1):
        after = bisect.bisect_left(token_starts, end, lo=start)
        if after > start:
            lines.append(_Line(number, start, after))
        start = after
    return lines
