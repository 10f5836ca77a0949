"""The sentences with the most errors, as a table in Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jner_re.evaluation import strict
from jner_re.schema import RelationPair, Sentence

# All that could be Markdown or HTML, and more.
_SPECIAL = re.compile(r"[^\w\s.,;:!?'\"/()-]|_")


def worst_sentences(gold: Sequence[Sentence], predicted: Sequence[Sentence], limit: int = 20) -> str:
    """Lays out the sentences with the most wrong and missed entities and relations.

    Args:
      gold: annotated sentences.
      predicted: the same sentences with predicted annotation.
      limit: of the number of sentences.

    Returns:
      Markdown: a table with a row for each sentence that has errors, those with the most first, ties in the
      order of `gold`: number of errors and the sentence with its gold, then with its predicted annotation.
      What only one of them has is bold: missed in the first, wrong in the second. "No errors." if none has.
    """
    pairs = [(num_errors(*pair), *pair) for pair in zip(gold, predicted, strict=True)]
    worst = sorted((pair for pair in pairs if pair[0]), key=lambda pair: -pair[0])[:limit]
    if not worst:
        return "No errors."
    rows = [
        f"| errors: {errors}<br>{_annotated(theirs, ours)} | {_annotated(ours, theirs)} |"
        for errors, theirs, ours in worst
    ]
    return "\n".join(["| gold, missed in bold | predicted, wrong in bold |", "|--|--|", *rows])


def num_errors(gold: Sentence, predicted: Sentence) -> int:
    """Strict false positives and false negatives, of entities and relations together."""
    return sum(len(facts(gold) ^ facts(predicted)) for facts in (strict.entity_facts, strict.relation_facts))


def _annotated(sentence: Sentence, other: Sentence) -> str:
    """The tokens with entities in brackets, then the relations; bold is what `other` does not have."""
    tokens = list(map(_escaped, sentence.tokens))
    for entity in sentence.entities:
        begin, end = _bold(entity not in other.entities)
        tokens[entity.start] = f"{begin}&#91;{tokens[entity.start]}"
        tokens[entity.end - 1] += f" <em>{_escaped(entity.type)}</em>&#93;{end}"
    others = strict.relation_facts(other)

    def text(relation: RelationPair) -> str:
        head, tail = sentence.entities[relation.head], sentence.entities[relation.tail]
        begin, end = _bold((relation.type, (head, tail)) not in others)
        arguments = f"{sentence.entity_text(head)}, {sentence.entity_text(tail)}"
        return begin + _escaped(f"{relation.type}({arguments})") + end

    return "<br>".join([" ".join(tokens), *map(text, sentence.relations)])


def _bold(bold: bool) -> tuple[str, str]:
    """What stands before and after."""
    return ("<strong>", "</strong>") if bold else ("", "")


def _escaped(text: str) -> str:
    """As character references, which no Markdown or HTML is read from; a space for any white space."""
    return _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", " ".join(text.split()))
