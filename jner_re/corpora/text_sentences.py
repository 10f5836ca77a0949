"""Annotated texts become sentences: split and tokenized by the rules of the exported model.

What no sentence can have is left out with a warning and counted: an entity across the end of a sentence, a
relation between two sentences, unless the model reads several together (`Splitting.window`). An entity that
does not begin and end where tokens do is widened to whole tokens. Where the annotation is trusted more than
the rules, tokens and ends of sentences give way (`Splitting.repair`).
"""

from __future__ import annotations

import bisect
import collections
import itertools
import pathlib
from collections.abc import Sequence
from typing import NamedTuple

from jner_re.corpora.alignment import cuts_a_token, is_exact, pieces, token_span, whole_tokens, words_around
from jner_re.corpora.annotated_text import AnnotatedText, Place
from jner_re.corpora.corpus import Corpus, Finding, Loss, Spans, check_corpus, check_sentence, shortened
from jner_re.corpora.text_files import LINE_END
from jner_re.document import Entity, Relation, Token
from jner_re.schema import EntitySpan, RelationPair, Sentence
from jner_re.text.sentences import split


class Splitting(NamedTuple):
    """How texts are split.

    Attributes:
      tokenization: a key of `TOKEN_PATTERNS`.
      lines: a key of `PARAGRAPH_END`.
      repair: whether a token is split where an entity begins or ends in it, and sentences are joined that an
        entity is in: prediction does neither.
      window: how many consecutive sentences the model reads (`ModelConfig.window`); where these are more than
        one, a text is one `Sentence` with `breaks`, and relations join entities of so many sentences.
      language: a key of `LANGUAGE_PATTERNS`.
    """

    tokenization: str
    lines: str = "wrapped"
    repair: bool = False
    window: int = 1
    language: str = "en"


def corpus_of(
    texts: Sequence[AnnotatedText], findings: Sequence[Finding], splitting: Splitting, path: pathlib.Path
) -> Corpus:
    """The corpus of a format of running text.

    Args:
      texts: of the corpus.
      findings: of its reader.
      splitting: how they are split.
      path: quoted in findings.
    """
    read = [_TextSentences(text, splitting) for text in texts]
    sentences = [sentence for each in read for sentence in each.sentences]
    places = [place for each in read for place in each.places]
    more = [finding for each in read for finding in each.findings]
    return Corpus(
        sentences,
        [*findings, *more, *check_corpus(sentences, path, places)],
        Spans(sum(sum(each.whole.values()) for each in read), sum(len(each.whole) for each in read)),
        [text.document for text in texts],
        [text.key for text in texts],
        [each.outside for each in read],
        list(findings),
        collections.Counter(distance for each in read for distance in each.distances),
    )


class _TextSentences:
    """The sentences of a text, and what was left out or changed.

    Attributes:
      sentences: in the order of the text.
      places: of each, for messages.
      findings: about all of them.
      whole: of each different entity (start, end, type), whether it is whole tokens.
      distances: of each relation, in sentences.
      outside: the indexes of the entities that no sentence has.
    """

    def __init__(self, source: AnnotatedText, splitting: Splitting) -> None:
        self._source, document = source, source.document
        self.findings: list[Finding] = []
        self.whole: dict[tuple[int, int, str], bool] = {}
        self._line_ends = [match.end() for match in LINE_END.finditer(document.text)]
        self._language = splitting.language
        parts = list(
            split(document.text, splitting.tokenization, splitting.lines, language=splitting.language)
        )
        if splitting.repair:
            parts = self._repaired(parts)
        self._tokens = [token for tokens in parts for token in tokens]
        self._starts = [0, *itertools.accumulate(map(len, parts))]  # of sentences, in tokens, and the end
        spans = {
            i: span for i, entity in enumerate(document.entities) if (span := self._token_span(i, entity))
        }
        self.outside = frozenset(range(len(document.entities))) - spans.keys()
        for i in self._inside_tokens_of_others(spans):
            del spans[i]
        self.distances: list[int] = []
        self._window = splitting.window
        related = [i for i, relation in enumerate(document.relations) if self._has_window(i, relation, spans)]
        self.sentences, self.places = [], []
        groups = [parts] if parts and splitting.window > 1 else [[tokens] for tokens in parts]
        entities = self._by_group(groups, {i: first for i, (first, _) in spans.items()})
        relations = self._by_group(groups, {i: spans[document.relations[i].head][0] for i in related})
        number = 0  # of a group's first sentence
        for group, inside, pairs in zip(groups, entities, relations, strict=True):
            end = number + len(group)
            id = f"{document.id}:{end}" if document.id and len(groups) > 1 else document.id
            sentence, found = self._sentence(number, end, id, {i: spans[i] for i in inside}, pairs)
            place = self._place(number, group[0])
            self.findings += check_sentence(sentence, source.file, place, lambda field: _named(field, found))  # noqa: B023
            self.sentences.append(sentence)
            self.places.append(place)
            number = end

    def _by_group(self, groups: Sequence[Sequence[list[Token]]], firsts: dict[int, int]) -> list[list[int]]:
        """Of each group of sentences the keys whose first token it has."""
        ends = list(itertools.accumulate(len(group) for group in groups))
        found: list[list[int]] = [[] for _ in groups]
        for key, first in firsts.items():
            found[bisect.bisect_right(ends, self._number(first))].append(key)
        return found

    def _sentence(
        self, number: int, end: int, id: str, spans: dict[int, tuple[int, int]], related: Sequence[int]
    ) -> tuple[Sentence, dict[str, list[str]]]:
        """The sentences from `number` to `end` as one, and the names of its annotation in the file.

        The spans are those of its entities, and `related` has its relations.
        """
        source, document = self._source, self._source.document
        begin, after = self._starts[number], self._starts[end]
        index = {i: place for place, i in enumerate(spans)}
        entities = (
            EntitySpan(first - begin, last - begin, document.entities[i].type)
            for i, (first, last) in spans.items()
        )
        pairs = {i: document.relations[i] for i in related}
        sentence = Sentence(
            tuple(token.text for token in self._tokens[begin:after]),
            tuple(entities),
            tuple(RelationPair(index[pair.head], index[pair.tail], pair.type) for pair in pairs.values()),
            id,
            source.key,
            tuple(start - begin for start in self._starts[number + 1 : end]),
        )
        names = {
            "entities": [source.entities[i].name for i in spans],
            "relations": [source.relations[i].name for i in pairs],
        }
        return sentence, names

    def _repaired(self, parts: list[list[Token]]) -> list[list[Token]]:
        """The sentences with tokens split at the bounds of entities, and joined where an entity is in two."""
        entities = self._source.document.entities
        bounds = sorted({place for entity in entities for place in (entity.start, entity.end)})
        whole = [token for tokens in parts for token in tokens]
        parts = [[piece for token in tokens for piece in pieces(token, bounds)] for tokens in parts]
        for entity, place in zip(entities, self._source.entities, strict=True):
            if cuts_a_token(whole, entity):
                self._warn(place, _quoted(entity), "whole tokens", "the tokens are split")
        starts = [tokens[0].start for tokens in parts]
        joined: set[int] = set()  # sentences that go on in the one before
        for entity, place in zip(entities, self._source.entities, strict=True):
            first = max(bisect.bisect_right(starts, entity.start) - 1, 0)
            after = bisect.bisect_left(starts, entity.end)
            if inner := set(range(first + 1, after)):
                joined |= inner
                self._warn(place, _quoted(entity), "an entity inside a sentence", "the sentences are joined")
        found: list[list[Token]] = []
        for number, tokens in enumerate(parts):
            if number in joined:
                found[-1] += tokens
            else:
                found.append(tokens)
        return found

    def _token_span(self, i: int, entity: Entity) -> tuple[int, int] | None:
        """The tokens of an entity, which are of one sentence, or None if it is reported."""
        place = self._source.entities[i]
        span = token_span(self._tokens, entity.start, entity.end)
        if span is None:
            self._lose_entity(place, _quoted(entity), "more than white space", "blank")
            return None
        exact = is_exact(self._tokens, span, entity.start, entity.end)
        self.whole[entity.start, entity.end, entity.type] = exact
        if span[1] > self._starts[self._number(span[0]) + 1]:
            self._lose_entity(
                place, _quoted(entity), "an entity inside a sentence", "across the end of a sentence"
            )
            return None
        if not exact:
            text = self._source.document.text
            begin, after = self._tokens[span[0]].start, self._tokens[span[1] - 1].end
            around = words_around(text, min(begin, entity.start), max(after, entity.end), entity)
            expected = whole_tokens(*around, self._language)
            self._warn(place, _quoted(entity), expected, f"changed to {shortened(text[begin:after])!r}")
        return span

    def _inside_tokens_of_others(self, spans: dict[int, tuple[int, int]]) -> list[int]:
        """The entities that have a token with another one and not a character: all but one of them go.

        Which begin and end where tokens do stay, then longer ones, then earlier ones.
        """
        entities = self._source.document.entities
        owners = collections.defaultdict(list)
        for i, (first, end) in spans.items():
            for token in range(first, end):
                owners[token].append(i)

        def rank(i: int) -> tuple[bool, int, int]:
            entity = entities[i]
            return (
                not self.whole[entity.start, entity.end, entity.type],
                entity.start - entity.end,
                i,
            )

        lost = []
        for i, (first, end) in spans.items():
            others = {j for token in {first, end - 1} for j in owners[token]} - {i}
            apart = [
                j
                for j in others
                if entities[j].end <= entities[i].start or entities[i].end <= entities[j].start
            ]
            better = [j for j in apart if rank(j) < rank(i)]
            if better:
                expected = f"no token with {self._source.entities[min(better, key=rank)].name}"
                self._lose_entity(
                    self._source.entities[i], _quoted(entities[i]), expected, "in a token of another entity"
                )
                lost.append(i)
        return lost

    def _has_window(self, i: int, relation: Relation, spans: dict[int, tuple[int, int]]) -> bool:
        """Whether a relation's entities are near enough to each other; else it is reported."""
        ends, entities = (relation.head, relation.tail), self._source.document.entities
        names = [self._source.entities[end].name for end in ends]
        value = f"{shortened(relation.type)!r} of {names[0]} and {names[1]}"
        starts = [token_span(self._tokens, entities[end].start, entities[end].end) for end in ends]
        if all(starts):
            numbers = [self._number(start[0]) for start in starts if start]
            self.distances.append(abs(numbers[0] - numbers[1]))
        for end, name in zip(ends, names, strict=True):
            if end not in spans:
                self._lose_relation(i, value, f"entities that are read, unlike {name}", "of a lost entity")
                return False
        head, tail = (self._number(spans[end][0]) for end in ends)
        if self._window == 1 and head != tail:
            self._lose_relation(i, value, "entities of one sentence", "between two sentences")
            return False
        if abs(head - tail) >= self._window:
            expected = f"entities of {self._window} consecutive sentences"
            self._lose_relation(i, value, expected, "of sentences too far apart")
            return False
        return True

    def _number(self, token: int) -> int:
        """Of the sentence of a token."""
        return bisect.bisect_right(self._starts, token) - 1

    def _place(self, number: int, tokens: Sequence[Token]) -> str:
        """Of a sentence, for messages."""
        if not self._source.text_file:
            return f"{self._source.record} (sentence {number + 1})"
        line = bisect.bisect_right(self._line_ends, tokens[0].start) + 1
        return f"sentence of {self._source.text_file} line {line}"

    def _lose_entity(self, place: Place, value: str, expected: str, reason: str) -> None:
        self._warn(place, value, expected, "left out", Loss(reason, entities=1))

    def _lose_relation(self, i: int, value: str, expected: str, reason: str) -> None:
        self._warn(self._source.relations[i], value, expected, "left out", Loss(reason, relations=1))

    def _warn(self, place: Place, value: str, expected: str, action: str, loss: Loss | None = None) -> None:
        self.findings.append(
            Finding(self._source.file, place.record, place.field, value, expected, action, "warning", loss)
        )


def _quoted(entity: Entity) -> str:
    return repr(shortened(entity.text))


def _named(field: str, names: dict[str, list[str]]) -> str:
    """A field of a sentence such as "entities[2]" as its file names it."""
    kind, _, index = field.removesuffix("]").partition("[")
    return names[kind][int(index)] if kind in names else field
