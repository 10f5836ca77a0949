"""Evaluation from raw text: splitting and tokenization are part of what is measured.

A document takes the place of a sentence, and characters that of tokens: an entity is right if its place in
the text and its type are. So the same functions compare, count and draw.
"""

from __future__ import annotations

import bisect
import dataclasses
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from jner_re.corpora.corpus import Loss, by_reason
from jner_re.corpora.dropping import longest
from jner_re.document import Document, Entity, Relation
from jner_re.evaluation import strict, table
from jner_re.models.decode import without_scores
from jner_re.schema import EntitySpan, LabelSet, RelationPair, Scored, Sentence
from jner_re.text.sentences import split

BETWEEN = "ends of sentences between"
DISTANCES = ("0", "1", "2", "more")  # in sentences


class WholeText(Sentence):
    """A document as a sentence of one token, its text; places of entities are in characters."""

    @classmethod
    def of(cls, document: Document) -> WholeText:
        """With the document's annotation."""
        entities, relations = _annotation(document)
        tokens = (document.text,)
        return cls(tokens, tuple(e for e, _ in entities), tuple(r for r, _ in relations), document.id)

    def entity_text(self, entity: EntitySpan) -> str:
        """What stands at its place."""
        return self.tokens[0][entity.start : entity.end]

    def drawn(self, scored: Scored | None) -> Document:
        """The document with what was found in it, or with its own annotation."""
        if scored is None:
            scored = [(e, math.nan) for e in self.entities], [(r, math.nan) for r in self.relations]
        entities = (Entity(e.type, e.start, e.end, self.entity_text(e), score) for e, score in scored[0])
        relations = (Relation(r.type, r.head, r.tail, score) for r, score in scored[1])
        return Document(self.tokens[0], (), tuple(entities), tuple(relations))


@dataclasses.dataclass(frozen=True)
class Reading:
    """What a model makes of texts before it finds anything in them.

    Attributes:
      tokenization: a key of `TOKEN_PATTERNS`.
      lines: a key of `PARAGRAPH_END`.
      label_set: the types that it knows.
      argument_types: (head type, tail type, relation type) that it gives; None for any.
      distance: how many sentences apart the entities of a relation may be.
      language: a key of `LANGUAGE_PATTERNS`.
      declared: whether argument types were declared, too.
    """

    tokenization: str
    lines: str
    label_set: LabelSet
    argument_types: Collection[tuple[str, str, str]] | None
    distance: int = 0
    language: str = "en"
    declared: bool = False


def evaluate(
    gold: Sequence[Document],
    predicted: Sequence[Document],
    reading: Reading,
    threshold: float,
    name: str,
) -> tuple[dict[str, Any], list[WholeText], list[Scored]]:
    """Compares what was found in texts with their annotation.

    Args:
      gold: annotated documents.
      predicted: what was found in their texts, relations of any score.
      reading: the model's.
      threshold: theta_r.
      name: of the documents, for the warning that some of their types are not the model's.

    Returns:
      What `strict.evaluate` gives, and in it "by_distance": {distance: P of relations} for `DISTANCES`, and
      "never_found": [{"reason", "entities", "relations"}], the annotation that the model cannot give whatever
      its scores are; the texts; and what was found in each, relations of any score.
    """
    texts = [WholeText.of(document) for document in gold]
    scored = [_annotation(document) for document in predicted]
    found = without_scores(texts, scored, threshold)
    report = strict.evaluate(texts, found, reading.label_set.extended_with(texts, name))
    places = [_Places(document.text, reading) for document in gold]
    report["by_distance"] = _by_distance(texts, found, places)
    report["never_found"] = rows(
        loss for text, place in zip(texts, places, strict=True) for loss in _never_found(text, place, reading)
    )
    return report, texts, scored


def rows(losses: Iterable[Loss]) -> list[dict[str, Any]]:
    """[{"reason", "entities", "relations"}], of each reason one."""
    return [
        {"reason": loss.reason, "entities": loss.entities, "relations": loss.relations}
        for loss in by_reason(losses)
    ]


def tables(report: Mapping[str, Any]) -> str:
    """The scores of relations by distance, what the model cannot find, and what was not read ("not_read")."""
    shown = []
    distances = table.rows({"per_type": report["by_distance"]})
    columns = [BETWEEN, *table.COLUMNS[1:]]
    shown.append("Relations by distance in sentences:")
    shown.append(pd.DataFrame(distances, columns=columns).to_string(index=False, justify="right"))
    for key, title in (
        ("never_found", "Annotated, and found at no threshold:"),
        ("not_read", "In the files, and not read, so not counted as missed:"),
    ):
        if report[key]:
            shown += [title, pd.DataFrame(report[key]).to_string(index=False, justify="right")]
    return "\n".join(shown)


class _Places:
    """The sentences and tokens that a model makes of a text."""

    def __init__(self, text: str, reading: Reading) -> None:
        sentences = list(split(text, reading.tokenization, reading.lines, language=reading.language))
        self._first = [tokens[0].start for tokens in sentences]
        self._starts = {token.start for tokens in sentences for token in tokens}
        self._ends = {token.end for tokens in sentences for token in tokens}

    def sentence(self, place: int) -> int:
        """The number of the sentence that a place in the text is in."""
        return max(bisect.bisect_right(self._first, place) - 1, 0)

    def problem(self, entity: EntitySpan) -> str:
        """Why no span of tokens of a sentence is the entity; "" if one is."""
        if self.sentence(entity.start) != self.sentence(entity.end - 1):
            return "across the end of a sentence"
        whole = entity.start in self._starts and entity.end in self._ends
        return "" if whole else "not whole tokens"


def _annotation(document: Document) -> Scored:
    entities = [(EntitySpan(e.start, e.end, e.type), e.score) for e in document.entities]
    return entities, [(RelationPair(r.head, r.tail, r.type), r.score) for r in document.relations]


def _by_distance(
    texts: Sequence[Sentence], found: Sequence[Sentence], places: Sequence[_Places]
) -> dict[str, Any]:
    """P of the relations of each distance."""
    facts: dict[str, tuple[list[set[strict.Fact]], list[set[strict.Fact]]]] = {
        distance: ([], []) for distance in DISTANCES
    }
    for text, answer, place in zip(texts, found, places, strict=True):
        for side, sentence in enumerate((text, answer)):
            by_distance: dict[str, set[strict.Fact]] = {distance: set() for distance in DISTANCES}
            for head, tail, type in sentence.relation_facts():
                between = abs(place.sentence(head.start) - place.sentence(tail.start))
                by_distance[DISTANCES[min(between, 3)]].add((type, (head, tail)))
            for distance, its_facts in by_distance.items():
                facts[distance][side].append(its_facts)
    return {distance: strict.micro(*sides) for distance, sides in facts.items()}


def _never_found(text: Sentence, places: _Places, reading: Reading) -> list[Loss]:
    """Each entity and relation that no scores can give, once, with the first reason that holds."""
    entities = sorted(set(text.entities), key=lambda e: (e.start - e.end, e))
    reasons = [
        places.problem(entity)
        if entity.type in reading.label_set.entity_types
        else "of a type not in training"
        for entity in entities
    ]
    possible = [i for i, reason in enumerate(reasons) if not reason]
    _, blocked = longest(entities, possible)
    for i in blocked:
        reasons[i] = "overlapping a longer one"
    losses = [Loss(reason, entities=1) for reason in reasons if reason]
    lost = {entity for entity, reason in zip(entities, reasons, strict=True) if reason}
    for head, tail, type in text.relation_facts():
        triple = head.type, tail.type, type
        if type not in reading.label_set.relation_types:
            losses.append(Loss("of a type not in training", relations=1))
        elif head in lost or tail in lost:
            losses.append(Loss("of such an entity", relations=1))
        elif abs(places.sentence(head.start) - places.sentence(tail.start)) > reading.distance:
            reason = "of sentences too far apart" if reading.distance else "between two sentences"
            losses.append(Loss(reason, relations=1))
        elif head == tail:
            losses.append(Loss("of an entity with itself", relations=1))
        elif reading.argument_types is not None and triple not in reading.argument_types:
            reason = "of types of entities not so related in training"
            losses.append(Loss(f"{reason}{', or by constraints' * reading.declared}", relations=1))
    return losses
