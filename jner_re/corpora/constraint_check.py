"""Declared constraints compared with the annotation that a model is trained on.

What the corpus has no type for is an error, and so is what at least half of a type's relations break: then
the declaration is wrong, such as head and tail exchanged. Less is a warning: annotation has faults and
exceptions, and the constraint may be worth more than they are.
"""

from __future__ import annotations

import collections
import logging
from collections.abc import Iterator, Sequence

from jner_re.constraints import BOTH, ONCE, Constraints
from jner_re.errors import InputError
from jner_re.schema import LabelSet, RelationPair, Sentence

_LOGGER = logging.getLogger(__name__)
_MISTAKEN = 0.5  # of a type's relations


def check(constraints: Constraints, sentences: Sequence[Sentence], label_set: LabelSet) -> None:
    """Warns of annotation that breaks constraints.

    Args:
      constraints: declared.
      sentences: for training.
      label_set: types that may be declared something of.

    Raises:
      InputError: a type isn't in the set, or a declaration doesn't fit the annotation.
    """
    constraints.check_types(label_set)
    counts = collections.Counter(relation.type for each in sentences for relation in each.relations)
    broken: collections.Counter[tuple[str, str]] = collections.Counter()
    first: dict[tuple[str, str], str] = {}
    for number, sentence in enumerate(sentences):
        for key, relation, why in _breaks(constraints, sentence):
            broken[key, relation.type] += 1
            first.setdefault(
                (key, relation.type), f"{_place(sentence, number)}: {_shown(sentence, relation)} {why}"
            )
    for (key, type), count in broken.items():
        declared = _declared(constraints, key, type)
        message = (
            f"{constraints.source}: {key}: {type!r} is {declared}, and {count:,} of {counts[type]:,} "
            f"relations for training break it, the first in {first[key, type]}"
        )
        if count >= _MISTAKEN * counts[type]:
            raise InputError(f"{message}; expected less than half")
        _LOGGER.warning("%s; the model will give no such relation", message)


def _breaks(constraints: Constraints, sentence: Sentence) -> Iterator[tuple[str, RelationPair, str]]:
    """The key, the relation and what is wrong, of each constraint that a relation of a sentence breaks."""
    given = set(sentence.relations)
    as_head: collections.Counter[tuple[int, str]] = collections.Counter()
    as_tail: collections.Counter[tuple[int, str]] = collections.Counter()
    for relation in sentence.relations:
        type = relation.type
        kinds = [sentence.entities[i].type for i in (relation.head, relation.tail)]
        if not constraints.allows(kinds[0], kinds[1], type):
            yield "argument_types", relation, f"joins {kinds[0]} and {kinds[1]}"
        limits = constraints.at_most.get(type, {})
        as_head[relation.head, type] += 1
        as_tail[relation.tail, type] += 1
        for end, number in (("head", as_head[relation.head, type]), ("tail", as_tail[relation.tail, type])):
            if number > limits.get(end, number):
                yield "at_most", relation, f"is number {number} of its {end}"
        partner = constraints.partner(type)
        if partner and RelationPair(relation.tail, relation.head, partner) not in given:
            key = "symmetric" if partner == type else "inverse"
            yield key, relation, f"is without {partner!r} in the other direction"
        is_twice = RelationPair(relation.tail, relation.head, type) in given
        if constraints.symmetric.get(type) == ONCE and is_twice and relation.head > relation.tail:
            yield "symmetric", relation, "is given in the other direction, too"


def _declared(constraints: Constraints, key: str, type: str) -> str:
    if key == "argument_types":
        ends = constraints.argument_types[type]
        return " and ".join(f"{end} {', '.join(kinds)}" for end, kinds in ends.items())
    if key == "at_most":
        return " and ".join(f"per_{end} {number}" for end, number in constraints.at_most[type].items())
    if key == "symmetric":
        return BOTH if constraints.symmetric[type] == BOTH else ONCE
    return f"the inverse of {constraints.inverse[type]!r}"


def _place(sentence: Sentence, number: int) -> str:
    if sentence.document or sentence.id:
        return f"{'document' if sentence.document else 'sentence'} {sentence.document or sentence.id}"
    return f"sentence {number} (from 0)"


def _shown(sentence: Sentence, relation: RelationPair) -> str:
    head, tail = (sentence.entity_text(sentence.entities[i]) for i in (relation.head, relation.tail))
    return f"{head!r} {relation.type} {tail!r}"
