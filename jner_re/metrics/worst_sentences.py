"""The sentences with the most errors, as a table in Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jner_re.metrics import strict
from jner_re.schema import Relation, Sentence

_SPECIAL = re.compile(
    r"[^\w\s.,;:!?'\"/()-]|_"
)  # what could be Markdown or HTML; rather too much than too little


def worst_sentences(gold: Sequence[Sentence], predicted: Sequence[Sentence], limit: int = 20) -> str:
    """Lays out the sentences with the most wrong and missed entities and relations.

    Args:
      gold: annotated sentences.
      predicted: the same sentences with predicted annotation.
      limit: of the number of sentences.

    Returns:
      A table with a row for each sentence that has errors, those with the most first, ties in the order of
      `gold`: the number of errors, the sentence with its gold and with its predicted annotation. What only
      one of them has is bold: missed in the first, wrong in the second. "No errors." if there are none.
    """
    pairs = [(num_errors(*pair), *pair) for pair in zip(gold, predicted, strict=True)]
    worst = sorted((pair for pair in pairs if pair[0]), key=lambda pair: -pair[0])[:limit]
    if not worst:
        return "No errors."
    rows = [
        f"| {errors} | {_annotated(theirs, ours)} | {_annotated(ours, theirs)} |"
        for errors, theirs, ours in worst
    ]
    return "\n".join(["| errors | gold (missed in bold) | predicted (wrong in bold) |", "|--|--|--|", *rows])


def num_errors(gold: Sentence, predicted: Sentence) -> int:
    """Strict false positives and false negatives, of entities and relations together."""
    return sum(len(facts(gold) ^ facts(predicted)) for facts in (strict.entity_facts, strict.relation_facts))


def _annotated(sentence: Sentence, other: Sentence) -> str:
    """The tokens with entities in brackets, then the relations; bold is what `other` does not have."""
    before, after = [""] * len(sentence.tokens), [""] * len(sentence.tokens)
    for entity in sentence.entities:
        bold = "" if entity in other.entities else "**"
        before[entity.start] += f"{bold}{_escaped('[')}"
        after[entity.end - 1] = f" {_escaped(f'{entity.type}]')}{bold}{after[entity.end - 1]}"
    tokens = zip(before, map(_escaped, sentence.tokens), after, strict=True)
    others = strict.relation_facts(other)

    def text(relation: Relation) -> str:
        head, tail = sentence.entities[relation.head], sentence.entities[relation.tail]
        bold = "" if (relation.type, (head, tail)) in others else "**"
        arguments = f"{sentence.entity_text(head)}, {sentence.entity_text(tail)}"
        return f"{bold}{_escaped(f'{relation.type}({arguments})')}{bold}"

    return "<br>".join([" ".join(map("".join, tokens)), *map(text, sentence.relations)])


def _escaped(text: str) -> str:
    """As character references, which no Markdown or HTML is read from; a space for any white space."""
    return _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", " ".join(text.split()))
