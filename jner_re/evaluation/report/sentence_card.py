"""A sentence of the report: both annotations drawn, its errors, and what is right."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from typing import Any

from jner_re import drawing
from jner_re.document import Document
from jner_re.drawing.drawable import Link, Span
from jner_re.evaluation.report.outcomes import RIGHT, Outcome, RelationFact
from jner_re.schema import EntitySpan, Scored, Sentence

ToDocument = Callable[[Any, Scored | None], Document]


@dataclasses.dataclass(frozen=True)
class SentenceCard:
    """What sentence_card.html shows.

    Attributes:
      sentence: with its gold annotation.
      drawings: of its annotations, by their names; HTML.
      errors: the outcomes that are wrong.
      right: the others.
    """

    sentence: Sentence
    drawings: dict[str, str]
    errors: list[Outcome]
    right: list[Outcome]


def sentence_card(
    sentence: Sentence,
    predicted: Scored,
    found: Sequence[Outcome],
    document: ToDocument = Document.of_sentence,
) -> SentenceCard:
    """Draws the gold annotation and the prediction, once if they are the same.

    Args:
      sentence: with its gold annotation.
      predicted: what was predicted: no relations below the threshold.
      found: the sentence's outcomes.
      document: makes what is drawn of the sentence, with what was predicted or with its own annotation.
    """
    errors = [outcome for outcome in found if outcome.kind != RIGHT]
    right = [outcome for outcome in found if outcome.kind == RIGHT]
    if errors:
        drawings = {
            "Gold": _drawing(sentence, None, {outcome.gold for outcome in errors}, document),
            "Predicted": _drawing(sentence, predicted, {outcome.predicted for outcome in errors}, document),
        }
    else:
        drawings = {"Gold and predicted": _drawing(sentence, predicted, (), document)}
    return SentenceCard(sentence, drawings, errors, right)


def _drawing(
    sentence: Sentence,
    scored: Scored | None,
    wrong: Collection[EntitySpan | RelationFact | None],
    document: ToDocument,
) -> str:
    """The sentence with what was predicted, or with its own annotation; what is wrong is dashed."""
    entities = sentence.entities if scored is None else [entity for entity, _ in scored[0]]
    drawn = document(sentence, scored)
    dashed: list[Span | Link] = [
        *(shape for entity, shape in zip(entities, drawn.entities, strict=True) if entity in wrong),
        *(
            link
            for link in drawn.relations
            if RelationFact(entities[link.head], entities[link.tail], link.type) in wrong
        ),
    ]
    return drawing.html(drawn, dashed=dashed, style=False)
