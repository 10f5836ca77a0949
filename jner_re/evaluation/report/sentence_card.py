"""A sentence of the report: both annotations drawn, its errors, and what is right."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from jner_re import drawing
from jner_re.drawing.colors import color
from jner_re.drawing.drawable import Link, Span
from jner_re.evaluation.report.documents import annotation, document
from jner_re.evaluation.report.escaped import escaped
from jner_re.evaluation.report.outcomes import RIGHT, Outcome, RelationFact
from jner_re.schema import Entity, Scored, Sentence

Fact = Entity | RelationFact


def sentence_card(index: int, sentence: Sentence, predicted: Scored, found: Sequence[Outcome]) -> str:
    """An <article>; rows of the lists have data attributes, by which the page's script filters.

    Args:
      index: of the sentence in its corpus, from 0.
      sentence: with its gold annotation.
      predicted: what was predicted: no relations below the threshold.
      found: the sentence's outcomes.
    """
    errors = [outcome for outcome in found if outcome.kind != RIGHT]
    right = [outcome for outcome in found if outcome.kind == RIGHT]
    if errors:
        drawings = _drawing("Gold", sentence, annotation(sentence), {outcome.gold for outcome in errors})
        wrong = {outcome.predicted for outcome in errors}
        drawings += _drawing("Predicted", sentence, predicted, wrong)
    else:
        drawings = _drawing("Gold and predicted", sentence, predicted, ())
    id = f" {escaped(sentence.id)}" if sentence.id else ""
    rows = [_row(outcome, _error(outcome, sentence)) for outcome in errors]
    right_rows = [
        _row(outcome, _fact(outcome.predicted, sentence) + _score(outcome))
        for outcome in right
        if outcome.predicted is not None
    ]
    return (
        f'<article id="s{index}"><h3><a href="#s{index}">{index}</a>{id}</h3>{drawings}'
        + (f'<ul class="errors">{"".join(rows)}</ul>' if rows else "")
        + (f'<div class="right">Right: <ul>{"".join(right_rows)}</ul></div>' if right_rows else "")
        + "</article>\n"
    )


def _drawing(name: str, sentence: Sentence, scored: Scored, wrong: Collection[Fact | None]) -> str:
    """A drawing under its name; what is wrong is dashed."""
    entities = [entity for entity, _ in scored[0]]
    drawn = document(sentence, scored)
    dashed: list[Span | Link] = [
        *(shape for entity, shape in zip(entities, drawn.entities, strict=True) if entity in wrong),
        *(
            link
            for link in drawn.relations
            if RelationFact(entities[link.head], entities[link.tail], link.type) in wrong
        ),
    ]
    return f"<h4>{name}</h4>{drawing.html(drawn, dashed=dashed)}"


def _row(outcome: Outcome, content: str) -> str:
    """A list item. `data-score` is that of what was predicted: missed facts have none."""
    values = {"task": outcome.task, "kind": outcome.kind}
    if outcome.gold is not None:
        values["gold"] = outcome.gold.type
    if outcome.predicted is not None:
        values["predicted"] = outcome.predicted.type
        values["score"] = f"{outcome.score:.6f}"
    attributes = "".join(f' data-{name}="{escaped(value)}"' for name, value in values.items())
    return f"<li{attributes}>{content}</li>"


def _error(outcome: Outcome, sentence: Sentence) -> str:
    sides = []
    if outcome.predicted is not None:
        sides.append(f"predicted {_fact(outcome.predicted, sentence)}{_score(outcome)}")
    if outcome.gold is not None:
        score = "" if outcome.predicted is not None else _score(outcome)
        sides.append(f"gold {_fact(outcome.gold, sentence)}{score}")
    return f'<b class="kind">{outcome.kind}</b> {"; ".join(sides)}'


def _score(outcome: Outcome) -> str:
    return "" if outcome.score is None else f' <span class="score">{outcome.score:.3f}</span>'


def _fact(fact: Fact, sentence: Sentence) -> str:
    type = f'<span class="type" style="--type:{color(fact.type)}">{escaped(fact.type)}</span>'
    if isinstance(fact, Entity):
        return f"{_quoted(sentence.entity_text(fact))} {type}"
    head, tail = (
        f"{_quoted(sentence.entity_text(entity))} ({escaped(entity.type)})"
        for entity in (fact.head, fact.tail)
    )
    return f"{head} {type} {tail}"


def _quoted(text: str) -> str:
    return f'<q dir="auto">{escaped(text)}</q>'
