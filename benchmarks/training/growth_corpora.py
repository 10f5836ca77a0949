"""Corpora that grow in one respect, put together from the sentences of a real one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from jner_re.errors import InputError
from jner_re.schema import EntitySpan, RelationPair, Sentence


def repeated(sentences: Sequence[Sentence], count: int) -> list[Sentence]:
    """The first `count` sentences; from the first one again where there are fewer."""
    return list(itertools.islice(itertools.cycle(sentences), count))


def of_length(sentences: Sequence[Sentence], length: int, count: int) -> list[Sentence]:
    """`count` sentences of `length` tokens: the corpus as one text, cut; what a cut goes through is left out.

    Lengths that divide `length * count` make their sentences of the same words.
    """
    whole = _joined(sentences, length * count)
    return [_part(whole, start, start + length) for start in range(0, length * count, length)]


def with_entities(sentences: Sequence[Sentence], entities: int, length: int, count: int) -> list[Sentence]:
    """`count` sentences of `length` tokens with so many entities, evenly spread among words that are in none.

    Entities follow each other as in the corpus, those longer than `length // entities` tokens left out;
    relations stay where both entities have come into the same sentence.

    Raises:
      InputError: the corpus has no entity that is short enough, or no word outside of entities.
    """
    short = [
        (k, i)
        for k, sentence in enumerate(sentences)
        for i, entity in enumerate(sentence.entities)
        if entity.end - entity.start <= length // entities
    ]
    words = [word for sentence in sentences for word in _outside(sentence)]
    if not short or not words:
        raise InputError(
            f"{len(sentences)} sentences have {len(short)} entities of at most {length // entities} tokens "
            f"and {len(words)} words outside of entities, expected some of both"
        )
    mentions, fillers = itertools.cycle(short), itertools.cycle(words)
    return [
        _spread(sentences, list(itertools.islice(mentions, entities)), fillers, length) for _ in range(count)
    ]


def _joined(sentences: Sequence[Sentence], length: int) -> Sentence:
    """The corpus, as often as it takes, as one sentence of at least `length` tokens."""
    tokens: list[str] = []
    entities: list[EntitySpan] = []
    relations: list[RelationPair] = []
    for sentence in itertools.cycle(sentences):
        if len(tokens) >= length:
            break
        relations += [
            RelationPair(r.head + len(entities), r.tail + len(entities), r.type) for r in sentence.relations
        ]
        entities += [
            EntitySpan(e.start + len(tokens), e.end + len(tokens), e.type) for e in sentence.entities
        ]
        tokens += sentence.tokens
    return Sentence(tuple(tokens), tuple(entities), tuple(relations))


def _part(whole: Sentence, start: int, end: int) -> Sentence:
    """Tokens `start` to `end`, with the annotation that is all inside."""
    inside = [i for i, entity in enumerate(whole.entities) if start <= entity.start and entity.end <= end]
    place = {i: k for k, i in enumerate(inside)}
    return Sentence(
        whole.tokens[start:end],
        tuple(
            EntitySpan(entity.start - start, entity.end - start, entity.type)
            for entity in map(whole.entities.__getitem__, inside)
        ),
        tuple(
            RelationPair(place[relation.head], place[relation.tail], relation.type)
            for relation in whole.relations
            if relation.head in place and relation.tail in place
        ),
    )


def _outside(sentence: Sentence) -> list[str]:
    """The words in no entity."""
    covered = {i for entity in sentence.entities for i in range(entity.start, entity.end)}
    return [token for i, token in enumerate(sentence.tokens) if i not in covered]


def _spread(
    sentences: Sequence[Sentence], mentions: Sequence[tuple[int, int]], fillers: Iterator[str], length: int
) -> Sentence:
    """One sentence of these mentions, each a sentence's number and that of its entity."""
    found = [sentences[k].entities[i] for k, i in mentions]
    left = length - sum(entity.end - entity.start for entity in found)
    gaps = len(found) + 1
    tokens: list[str] = []
    entities: list[EntitySpan] = []
    for gap, ((k, _), entity) in enumerate(zip(mentions, found, strict=True)):
        tokens += itertools.islice(fillers, left * (gap + 1) // gaps - left * gap // gaps)
        start = len(tokens)
        tokens += sentences[k].tokens[entity.start : entity.end]
        entities.append(EntitySpan(start, len(tokens), entity.type))
    tokens += itertools.islice(fillers, length - len(tokens))
    place = {mention: number for number, mention in enumerate(mentions)}
    relations = tuple(
        RelationPair(place[k, relation.head], place[k, relation.tail], relation.type)
        for k in dict.fromkeys(k for k, _ in mentions)
        for relation in sentences[k].relations
        if (k, relation.head) in place and (k, relation.tail) in place
    )
    return Sentence(tuple(tokens), tuple(entities), relations)
