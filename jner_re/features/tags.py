"""Spans to BIO tags and back (tag ids as `LabelSet.tags` orders them: O is 0, B-e is 2e+1, I-e is 2e+2)."""

from __future__ import annotations

from collections.abc import Sequence

from jner_re.errors import InputError
from jner_re.schema import EntitySpan, LabelSet, Sentence

OUTSIDE = 0


def begin_tag(type_index: int) -> int:
    """Id of "B-x", x being entity type number `type_index` of the label set."""
    return 2 * type_index + 1


def inside_tag(type_index: int) -> int:
    """Id of "I-x", x being entity type number `type_index` of the label set."""
    return 2 * type_index + 2


def encode(sentence: Sentence, label_set: LabelSet) -> list[int]:
    """The BIO tag id of every token.

    Args:
      sentence: free of the faults that `schema.find_problems` reports: one tag a token cannot
        express overlapping entities.
      label_set: numbers the entity types.

    Returns:
      As many tag ids as the sentence has tokens.

    Raises:
      InputError: an entity overlaps another one, or leaves the sentence, or its type is not in the label set.
    """
    tag_ids = [OUTSIDE] * len(sentence.tokens)
    for i, entity in enumerate(sentence.entities):
        field = f"{sentence.id or 'sentence'}: entities[{i}]"
        if entity.type not in label_set.entity_types:
            raise InputError(
                f"{field}.type is {entity.type!r}, expected one of {', '.join(label_set.entity_types)}"
            )
        if not 0 <= entity.start < entity.end <= len(tag_ids):
            raise InputError(
                f"{field} is [{entity.start}, {entity.end}), expected a span within {len(tag_ids)} tokens"
            )
        if any(tag_ids[entity.start : entity.end]):
            raise InputError(
                f"{field} is [{entity.start}, {entity.end}), expected no overlap with another entity"
            )
        type_index = label_set.entity_types.index(entity.type)
        tag_ids[entity.start : entity.end] = [inside_tag(type_index)] * (entity.end - entity.start)
        tag_ids[entity.start] = begin_tag(type_index)
    return tag_ids


def decode(tag_ids: Sequence[int], label_set: LabelSet) -> tuple[EntitySpan, ...]:
    """The entities that a tag sequence spells, in order of position.

    Sequences need not be well formed: an I-x at the start, after O or after a tag of another type opens
    a new span, as in the CoNLL shared tasks' scorer (conlleval).

    Args:
      tag_ids: one id a token, from 0 to 2|E|.
      label_set: names the entity types.

    Returns:
      Non-empty spans that do not overlap.
    """
    entities: list[EntitySpan] = []
    previous = OUTSIDE
    for position, tag_id in enumerate(tag_ids):
        if tag_id != OUTSIDE:
            type_index, is_inside = divmod(tag_id - 1, 2)
            if is_inside and previous in (begin_tag(type_index), inside_tag(type_index)):
                opened = entities.pop()
                entities.append(EntitySpan(opened.start, position + 1, opened.type))
            else:
                entities.append(EntitySpan(position, position + 1, label_set.entity_types[type_index]))
        previous = tag_id
    return tuple(entities)
